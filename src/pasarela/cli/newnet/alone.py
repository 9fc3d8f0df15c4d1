"""One choice at a time: two that look at the same host choose the same bridge and subnet."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pasarela.engine.files import make_folder
from pasarela.errors import SystemCallFailed
from pasarela.model.paths import Paths


@contextmanager
def alone(root: str) -> Iterator[None]:
    """Until the end of the block no other ``net-new`` of this host chooses."""
    descriptor = _open(Paths.under(root).state / "pasarela-new.lock")
    try:
        if descriptor is not None:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _open(path: Path) -> int | None:
    """None where nothing can be written; the definition will fail on that, and say why."""
    try:
        make_folder(path.parent)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except (OSError, SystemCallFailed):
        return None
