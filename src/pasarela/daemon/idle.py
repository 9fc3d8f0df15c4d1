"""Ending when nobody has been there for a while: with systemd's sockets the next one starts it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class IdleTimeout:
    """Calls ``end`` once it has been idle for so long; without ``seconds`` never.

    Args:
        is_idle: whether nobody is there and nothing is being done.
    """

    def __init__(
        self, seconds: int | None, is_idle: Callable[[], bool], end: Callable[[], None]
    ) -> None:
        self._seconds = seconds
        self._is_idle = is_idle
        self._end = end
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """From now on; also whenever somebody has gone."""
        self.cancel()
        if self._seconds is not None:
            self._timer = self._loop.call_later(self._seconds, self._due)

    def cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _due(self) -> None:
        if self._is_idle():
            self._end()
        else:
            self.begin()
