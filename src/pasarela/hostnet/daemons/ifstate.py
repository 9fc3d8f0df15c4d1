"""What ifupdown believes to be up: told of what came up and went without it.

``ifdown`` does nothing to what it does not believe to be up; and ``ifup -a`` would bring up again
what it does not know of, and start a second DHCP client. Both look into DIR/ifstate.NAME; ``ifquery
--state`` lists DIR/ifstate (ifupdown 0.8.41). Where ifupdown has noted nothing since the boot,
there is nothing to tell it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from pasarela.hostnet import tree
from pasarela.hostnet.manager import FileEdit

_FOLDER = PurePosixPath("/run/network")
_STATE = _FOLDER / "ifstate"


def edits(root: Path, *, up: Collection[str], down: Collection[str]) -> tuple[FileEdit, ...]:
    """The edits of ifupdown's files after which it believes these to be up, and those down."""
    files = tree.read(root, [str(_STATE.relative_to("/")) + each for each in ("", ".*")])
    if _STATE not in files:
        return ()
    kept = [
        line for line in files[_STATE].splitlines() if line.partition("=")[0] not in {*up, *down}
    ]
    wanted = {_STATE: "".join(f"{line}\n" for line in [*kept, *(f"{n}={n}" for n in sorted(up))])}
    wanted |= {_of(name): f"{name}\n" for name in sorted(up)}
    wanted |= {_of(name): "" for name in sorted(down) if _of(name) in files}
    return tuple(
        FileEdit(path, files.get(path), text)
        for path, text in wanted.items()
        if files.get(path) != text
    )


def note(root: Path, *, up: Collection[str] = (), down: Collection[str] = ()) -> None:
    """Have ifupdown believe that these are up and those down, from now on."""
    folder = tree.place(root, _FOLDER)
    if not (folder / _STATE.name).exists():
        return
    with _locked(folder):
        for edit in edits(root, up=up, down=down):
            tree.place(root, edit.path).write_text(edit.after or "")


def _of(name: str) -> PurePosixPath:
    return _STATE.with_name(f"{_STATE.name}.{name}")


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """ifupdown's own lock (fcntl)."""
    file = os.open(folder / ".ifstate.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.lockf(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)
