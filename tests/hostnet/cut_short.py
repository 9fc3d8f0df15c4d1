"""Writes files, or confirms a change, and kills itself before its N-th change of the file system.

``cut_short.py ROOT write|back|confirm N`` says ``done`` where it came to the end. The interpreter
tells of each change before it is made (PEP 578).
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from pasarela.hostnet import journal, tree
from pasarela.hostnet.bridge.hostbridge import HostBridge

CHANGES = frozenset({"os.rename", "os.remove", "os.mkdir", "os.chmod", "os.chown", "os.setxattr"})
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def main(root: Path, what: str, number: int) -> None:
    work = begun(root, what)
    left = number

    def count(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        if event in CHANGES or (event == "open" and int(str(arguments[2])) & _WRITING):
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    work()
    os.write(1, b"done\n")


def begun(root: Path, what: str) -> Callable[[], object]:
    if what == "confirm":
        return HostBridge(root).confirm
    edits = journal.edits_from_json(json.loads((root / "edits.json").read_text()))
    return partial(tree.write if what == "write" else tree.take_back, root, edits)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
