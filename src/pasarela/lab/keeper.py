"""The lab's first process: builds it, then holds its namespaces and reaps its orphans.

When it ends, however it ends, the kernel ends every process of the lab, and with the last of them
go the namespaces, their mounts and their files.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

from pasarela.errors import PasarelaError
from pasarela.lab import sandbox, topology


def main(argv: list[str]) -> int:
    """Build, say so on the descriptor in ``argv``, stay."""
    ready = int(argv[0])
    os.set_inheritable(ready, False)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD, signal.SIGTERM})
    # /proc is still the one from outside, so this is the pid by which the outside knows us.
    outer_pid = int(Path("/proc/self").readlink().name)
    try:
        sandbox.furnish()
        topology.build(bridge="bridge" in argv)
    except (PasarelaError, OSError) as error:
        remedy = error.remedy if isinstance(error, PasarelaError) else None
        _tell(ready, {"error": str(error), "remedy": remedy})
        return 1
    _tell(ready, {"pid": outer_pid})
    _reap_until_told()
    return 0


def _tell(descriptor: int, message: dict[str, object]) -> None:
    with os.fdopen(descriptor, "w") as pipe:
        pipe.write(json.dumps(message) + "\n")


def _reap_until_told() -> None:
    while signal.sigwait({signal.SIGCHLD, signal.SIGTERM}) != signal.SIGTERM:
        while _reap_one():
            pass


def _reap_one() -> bool:
    try:
        return os.waitpid(-1, os.WNOHANG)[0] != 0
    except ChildProcessError:
        return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
