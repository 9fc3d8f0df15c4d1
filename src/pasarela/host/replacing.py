"""Putting a new file in an old one's place, at once for whoever reads it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import cache

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def replace(new: str, name: str) -> None:
    """As ``os.rename``; on ext4 in a third of the time where there is an old file.

    Where a file is renamed over another, ext4 begins to write its data to the disk at once
    (auto_da_alloc), for the sake of programs that should have called fsync. It does not when the
    two exchange their names and the old one is removed afterwards. Only where ctypes is loaded
    already, as it is in whoever has started a network: loading it takes longer than all it saves.

    Raises:
        OSError: as the system says.
    """
    sys.audit("os.rename", new, name, -1, -1)  # it changes the world, which tests listen for
    if "ctypes" in sys.modules and _exchange()(os.fsencode(new), os.fsencode(name)):
        _remove_old(new, name)
    else:  # there is no old one, or the file system cannot exchange
        os.rename(new, name)  # noqa: PTH104


def _remove_old(old: str, name: str) -> None:
    try:
        os.unlink(old)  # noqa: PTH108
    except OSError:  # it is a folder
        _exchange()(os.fsencode(old), os.fsencode(name))
        raise


@cache
def _exchange() -> Callable[[bytes, bytes], bool]:
    from ctypes import CDLL  # noqa: PLC0415

    call = CDLL(None).renameat2  # glibc 2.28
    return lambda one, other: call(_AT_FDCWD, one, _AT_FDCWD, other, _RENAME_EXCHANGE) == 0
