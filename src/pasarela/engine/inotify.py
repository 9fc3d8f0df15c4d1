"""Waiting for a file to change, by the kernel's inotify."""

from __future__ import annotations

import ctypes
import os
import select
import time
from collections.abc import Iterator
from pathlib import Path

from pasarela.engine.files import system_errors

IN_MODIFY = 0x2
IN_MOVED_TO = 0x80
IN_CREATE = 0x100


class Watch:
    """Tells when the file ``name`` in a folder is made or changed.

    Raises:
        SystemCallFailed: the folder cannot be watched (fs.inotify.max_user_instances, say).
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._name = os.fsencode(name)
        libc = ctypes.CDLL(None, use_errno=True)
        with system_errors(f"cannot watch {folder}"):
            self._file = _checked(libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK))
            try:
                mask = IN_MODIFY | IN_MOVED_TO | IN_CREATE
                _checked(libc.inotify_add_watch(self._file, os.fsencode(folder), mask))
            except OSError:
                self.close()
                raise

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def fileno(self) -> int:
        return self._file

    def drain(self) -> bool:
        """Whether the file is among what has changed since; does not wait."""
        try:
            return self._name in os.read(self._file, 65536)
        except BlockingIOError:
            return False

    def changes(self, timeout: float | None) -> Iterator[None]:
        """Once for each batch of changes, until ``timeout`` seconds have passed."""
        poll = select.poll()
        poll.register(self._file, select.POLLIN)
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            left = None if end is None else (end - time.monotonic()) * 1000
            if left is not None and left <= 0:
                return
            if poll.poll(left) and self.drain():
                yield


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
