"""Hearing that the host's resolver has changed, without asking again and again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

from pasarela.engine.inotify import Watch
from pasarela.errors import SystemCallFailed

log = logging.getLogger(__name__)

MAX_LINKS = 8  # resolv.conf is a link to a link at most; a loop must end


class ResolverWatch:
    """Calls back, in the event loop, when resolv.conf or what it leads to is another.

    resolv.conf is often a link (systemd-resolved's, resolvconf's), and each file is replaced as a
    whole, so it is the folders of all of them that are watched.
    """

    def __init__(self, path: Path, changed: Callable[[], object]) -> None:
        self._path = path
        self._changed = changed
        self._loop = asyncio.get_running_loop()
        self._watches: list[Watch] = []
        self._look()

    def close(self) -> None:
        for watch in self._watches:
            self._loop.remove_reader(watch.fileno())
            watch.close()
        self._watches.clear()

    def _look(self) -> None:
        try:
            for file in chain(self._path):
                watch = Watch(file.parent, file.name)
                self._watches.append(watch)
                self._loop.add_reader(watch.fileno(), self._heard, watch)
        except SystemCallFailed as error:
            log.warning("changes of %s are seen late: %s", self._path, error.message)

    def _heard(self, watch: Watch) -> None:
        if not watch.drain():
            return
        self.close()  # a link may lead elsewhere by now
        self._look()
        self._changed()


def chain(path: Path) -> Iterator[Path]:
    """The file, and each one that it leads to as a link."""
    for _ in range(MAX_LINKS):
        if not path.parent.is_dir():
            return
        yield path
        if not path.is_symlink():
            return
        path = path.parent / path.readlink()
