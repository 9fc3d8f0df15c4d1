"""Hearing that a process of a running network has ended, so that it is started again.

The kernel tells of it by a pidfd, also of processes that an earlier daemon started.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

log = logging.getLogger(__name__)

_SOON = 60.0  # seconds: what ends sooner after a start than this is started again more slowly
_FIRST, _LONGEST = 1.0, 300.0  # seconds of waiting for the second start, and for any


@dataclass(slots=True)
class _Followed:
    """One network's processes by their pid files, as pidfds, those that have ended, and starts."""

    files: dict[Path, int] = field(default_factory=dict)
    lost: set[Path] = field(default_factory=set)
    started: float = 0.0
    pause: float = 0.0
    timer: asyncio.TimerHandle | None = None


class ProcessWatch:
    """Has processes that have ended by themselves started again: at once, then ever more seldom.

    Args:
        pid_files: those that a network's processes have, if it has such processes.
        is_changing: whether somebody may be stopping or starting processes right now.
        restart: start a network's again that do not run; whether all of them do then.
    """

    def __init__(
        self,
        pid_files: Callable[[str], Iterable[Path]],
        is_changing: Callable[[], bool],
        restart: Callable[[str], asyncio.Future[bool]],
    ) -> None:
        self._pid_files, self._is_changing, self._restart = pid_files, is_changing, restart
        self._loop = asyncio.get_running_loop()
        self._networks: dict[str, _Followed] = {}
        self._suspects: set[str] = set()

    def follow(self, names: Collection[str]) -> None:
        """Follow the processes of these networks, and of no others."""
        for name in self._networks.keys() - names:
            self._forget(name)
        for name in names - self._networks.keys():
            self._networks[name] = _Followed()
            self._look(name)

    def change_ended(self) -> None:
        """Processes that ended meanwhile may have been stopped on purpose, or run again."""
        while self._suspects:
            self._judge(self._suspects.pop())

    def close(self) -> None:
        self.follow(())

    def _look(self, name: str) -> None:
        """Begin to follow what runs and is not followed yet."""
        for file in self._pid_files(name):
            if file not in self._networks[name].files and (pid := _pid_in(file)) is not None:
                self._follow(name, file, pid)

    def _follow(self, name: str, file: Path, pid: int) -> None:
        followed = self._networks[name]
        try:
            end = os.pidfd_open(pid)
        except ProcessLookupError:
            followed.lost.add(file)
            self._suspects.add(name)
        except OSError as error:
            log.warning("network '%s': the end of process %d is not heard of: %s", name, pid, error)
        else:
            followed.files[file] = end
            followed.lost.discard(file)
            self._loop.add_reader(end, self._ended, name, file, pid)

    def _ended(self, name: str, file: Path, pid: int) -> None:
        followed = self._networks[name]
        self._release(followed.files.pop(file))
        followed.lost.add(file)
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
        self._suspects.add(name)
        if not self._is_changing():
            self.change_ended()

    def _judge(self, name: str) -> None:
        """Have a network mended that has lost a process, unless it has gone or runs again."""
        followed = self._networks.get(name)
        if followed is None or followed.timer is not None:
            return
        self._look(name)
        if followed.lost:
            self._mend_later(name, followed)

    def _mend_later(self, name: str, followed: _Followed) -> None:
        now = self._loop.time()
        if now - followed.started > _SOON:
            followed.pause = 0.0
        followed.timer = self._loop.call_later(followed.pause, self._mend, name, followed)
        followed.pause = min(max(_FIRST, followed.pause * 2), _LONGEST)

    def _mend(self, name: str, followed: _Followed) -> None:
        followed.started = self._loop.time()
        self._restart(name).add_done_callback(lambda done: self._mended(name, followed, done))

    def _mended(self, name: str, followed: _Followed, done: asyncio.Future[bool]) -> None:
        followed.timer = None
        if self._networks.get(name) is not followed or done.cancelled():
            return
        if done.exception() is None and done.result():
            followed.lost.clear()
            self._look(name)
        else:
            self._mend_later(name, followed)

    def _forget(self, name: str) -> None:
        followed = self._networks.pop(name)
        self._suspects.discard(name)
        for end in followed.files.values():
            self._release(end)
        if followed.timer is not None:
            followed.timer.cancel()

    def _release(self, end: int) -> None:
        self._loop.remove_reader(end)
        os.close(end)


def _pid_in(file: Path) -> int | None:
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return None
