"""What ifupdown believes to be up: told of what came up and went without it.

``ifdown`` does nothing to what it does not believe to be up, and ``ifup -a`` would bring up again
what it does not know of. Both look into DIR/ifstate.NAME; ``ifquery --state`` lists DIR/ifstate
(ifupdown 0.8.41).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FOLDER = "run/network"


def note_up(root: Path, *names: str) -> None:
    """Have ifupdown believe that these are up; nothing where it has not been at work."""
    _note(root, names, up=True)


def note_down(root: Path, *names: str) -> None:
    """Have ifupdown believe that these are down."""
    _note(root, names, up=False)


def _note(root: Path, names: tuple[str, ...], *, up: bool) -> None:
    folder = root / FOLDER
    if not (folder / "ifstate").exists():
        return
    with _locked(folder):
        lines = (folder / "ifstate").read_text().splitlines()
        kept = [line for line in lines if line.partition("=")[0] not in names]
        added = [f"{name}={name}" for name in names] if up else []
        (folder / "ifstate").write_text("".join(f"{line}\n" for line in [*kept, *added]))
        for name in names:
            (folder / f"ifstate.{name}").write_text(f"{name}\n" if up else "")


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """ifupdown's own lock (fcntl)."""
    file = os.open(folder / ".ifstate.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.lockf(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)
