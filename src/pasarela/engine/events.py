"""Events, across processes and without a daemon.

Whoever changes something appends a line to a log on /run; whoever waits for events watches that
file with inotify. Lines are libvirt's events exactly, in order, which the documents' coming and
going alone could not tell (a redefinition and a net-update write the same file).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

from pasarela.engine.files import make_folder, remove, system_errors
from pasarela.engine.inotify import Watch
from pasarela.model.handles import (
    Lifecycle,
    LifecycleEvent,
    MetadataEvent,
    MetadataType,
    NetworkEvent,
    NetworkRef,
)
from pasarela.model.paths import Paths

# Beyond this a new file is begun; who reads the old one reads it to its end first.
MAX_LOG = 256 * 1024


class EventLog:
    """The log of events. Appending is for those who hold the lock."""

    def __init__(self, paths: Paths) -> None:
        self.path = paths.events

    def append(self, event: NetworkEvent) -> None:
        line = (json.dumps(_record(event)) + "\n").encode()
        with system_errors(f"cannot write {self.path}"):
            file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            try:
                os.write(file, line)
                size = os.fstat(file).st_size
            finally:
                os.close(file)
        if size > MAX_LOG:
            remove(self.path)


class EventReader:
    """Reads the events that come after its making; it never polls.

    Raises:
        SystemCallFailed: the folder cannot be watched.
    """

    def __init__(self, paths: Paths) -> None:
        path = paths.events
        make_folder(path.parent)
        self._path = path
        self._watch = Watch(path.parent, path.name)
        self._file: int | None = None
        self._rest = b""
        self._open(at_end=True)

    def close(self) -> None:
        self._watch.close()
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def pump(
        self, handler: Callable[[NetworkEvent], bool], *, timeout: float | None = None
    ) -> None:
        """Hand events to ``handler`` until it returns False or ``timeout`` seconds have passed."""
        for _ in self._watch.changes(timeout):
            for event in self._new_events():
                if not handler(event):
                    return

    def _new_events(self) -> Iterator[NetworkEvent]:
        yield from self._lines()
        if self._is_replaced():
            self._open(at_end=False)
            yield from self._lines()

    def _lines(self) -> Iterator[NetworkEvent]:
        if self._file is None:
            return
        while chunk := os.read(self._file, 65536):
            self._rest += chunk
        *lines, self._rest = self._rest.split(b"\n")
        yield from (_event(json.loads(line)) for line in lines)

    def _is_replaced(self) -> bool:
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return False
        return self._file is None or not os.path.samestat(os.fstat(self._file), there)

    def _open(self, *, at_end: bool) -> None:
        if self._file is not None:
            os.close(self._file)
        try:
            # Made if need be: what is held open cannot be missed when the log begins anew.
            self._file = os.open(self._path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            self._file = None
            return
        if at_end:
            os.lseek(self._file, 0, os.SEEK_END)


def _record(event: NetworkEvent) -> dict[str, object]:
    record: dict[str, object] = {"name": event.network.name, "uuid": str(event.network.uuid)}
    if isinstance(event, LifecycleEvent):
        return {**record, "lifecycle": int(event.event)}
    return {**record, "metadata": int(event.type), "uri": event.uri}


def _event(record: Any) -> NetworkEvent:
    network = NetworkRef(record["name"], UUID(record["uuid"]))
    if "lifecycle" in record:
        return LifecycleEvent(network, Lifecycle(record["lifecycle"]))
    return MetadataEvent(network, MetadataType(record["metadata"]), record["uri"])
