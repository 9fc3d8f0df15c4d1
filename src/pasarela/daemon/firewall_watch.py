"""Hearing that somebody has changed the firewall, and may have flushed our part of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pasarela.host.nftables.news import FirewallNews

log = logging.getLogger(__name__)

_PAUSE = 0.1  # seconds in which further changes come together: nft, iptables and others make many


class FirewallWatch:
    """Calls back, in the event loop, soon after another program has changed any rule."""

    def __init__(self, changed: Callable[[], object]) -> None:
        from pasarela.host.nftables.news import FirewallNews  # noqa: PLC0415  (while we listen)

        self._changed = changed
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._news: FirewallNews | None = None
        try:
            self._news = FirewallNews()
        except OSError as error:
            log.info("changes of the firewall are seen late: %s", error)
        else:
            self._loop.add_reader(self._news, self._heard, self._news)

    def close(self) -> None:
        if self._news is not None:
            self._loop.remove_reader(self._news)
            self._news.close()
            self._news = None
        if self._timer is not None:
            self._timer.cancel()

    def _heard(self, news: FirewallNews) -> None:
        if news.others_changed() and self._timer is None:
            self._timer = self._loop.call_later(_PAUSE, self._tell)

    def _tell(self) -> None:
        self._timer = None
        self._changed()
