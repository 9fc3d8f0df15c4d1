"""Every step by which a process changes the world, by Python's audit events.

Opening for writing, renaming, removing, sending to a socket, starting and signalling processes:
the interpreter announces each of them to audit hooks before it happens. So a step can be refused,
or the process ended, between any two of them, without the code under test knowing.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from typing import Any

_ALWAYS = frozenset(
    {
        "os.chmod",
        "os.kill",
        "os.link",
        "os.mkdir",
        "os.posix_spawn",
        "os.remove",
        "os.rename",
        "os.rmdir",
        "os.symlink",
        "os.truncate",
        "signal.pidfd_send_signal",
        "socket.sendmsg",
        "socket.sendto",
    }
)
_WRITING = os.O_WRONLY | os.O_RDWR


class Steps:
    """Counts steps, and at one of them does what it is told. There is one for the process, for
    an audit hook stays until the process ends."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._at: int | None = None
        self._action: Callable[[str], None] | None = None
        self._busy = False
        sys.addaudithook(self._heard)

    def watch(self, at: int, action: Callable[[str], None]) -> None:
        """From now on count; at step number ``at`` call ``action`` with the step's name."""
        self.names = []
        self._at = at
        self._action = action

    def rest(self) -> list[str]:
        """Stop counting; the names of the steps that there were."""
        self._action = None
        return self.names

    def _heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._action is None or self._busy or not _is_step(event, arguments):
            return
        name = f"{event} {_subject(arguments)}"
        self.names.append(name)
        if len(self.names) - 1 == self._at:
            self._busy = True
            try:
                self._action(name)
            finally:
                self._busy = False


def refuse(_name: str) -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def die(_name: str) -> None:
    os._exit(9)


def _is_step(event: str, arguments: tuple[Any, ...]) -> bool:
    if event == "open":
        path, _mode, flags = arguments
        return bool(flags & _WRITING) and not str(path).startswith(("/proc/self/fd", "/dev/"))
    return event in _ALWAYS


def _subject(arguments: tuple[Any, ...]) -> str:
    return str(arguments[0]) if arguments else ""
