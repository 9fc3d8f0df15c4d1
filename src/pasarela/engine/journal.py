"""What is being done to a network, on record while it is being done.

The record is written before the first step and removed after the last, so one that is found
without its command belongs to a command that was killed. It says enough to finish or to take back
(engine/repair.py). It lies on /run: a reboot forgets it together with what it was about.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from pasarela.engine.files import (
    read_text,
    remove,
    write_atomic,
    write_first,
)
from pasarela.engine.pending import RECORD, half_written
from pasarela.model.paths import Paths
from pasarela.plan.resources import Resource, Sysctl, TextFile

VERSION = 1


class Operation(Enum):
    START = "start"
    STOP = "stop"
    CHANGE = "change"
    UNDEFINE = "undefine"
    PORTS = "ports"


@dataclass(frozen=True, slots=True)
class Intent:
    """An operation that has begun.

    ``before`` and ``after`` are the live status documents, "" for none. ``sysctls`` and ``files``
    are the values on the host that were overwritten (a file with its mode), ``documents`` what
    the stored documents said, None for one that was not there.
    """

    operation: Operation
    name: str
    before: str = ""
    after: str = ""
    sysctls: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    documents: Mapping[str, str | None] = field(default_factory=dict)

    def overwritten(self) -> frozenset[Resource]:
        """The host's values as they were."""
        sysctls = (Sysctl(path, value) for path, value in self.sysctls.items())
        files = (TextFile(Path(path), *content) for path, content in self.files.items())
        return frozenset((*sysctls, *files))


class Journal:
    """The records, one a network."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._folder = paths.journal("x").parent
        self.open: set[str] = set()  # of what this process has begun

    def begin(self, intent: Intent) -> None:
        """Write the record; half of one says that nothing had begun, so a first one needs no more
        than to be written."""
        self.open.add(intent.name)
        path, text = self.path(intent.name), json.dumps(_record(intent))
        if not write_first(path, text):
            write_atomic(path, text, folder_mode=0o700)

    def end(self, name: str) -> None:
        remove(self.path(name))
        self.open.discard(name)

    def path(self, name: str) -> Path:
        """Where a network's record lies."""
        return self._paths.journal(f"{name}{RECORD}")

    def tidy(self) -> None:
        """Remove records that were never finished: nothing had begun."""
        for name in half_written(self._folder):
            remove(self._folder / name)

    def read(self, name: str) -> Intent | None:
        """None where the record itself is half-written: then nothing had begun."""
        text = read_text(self.path(name))
        if text is None:
            return None
        try:
            return _intent(json.loads(text))
        except (ValueError, KeyError, TypeError):
            return None


def _record(intent: Intent) -> dict[str, object]:
    fields = {name: getattr(intent, name) for name in Intent.__slots__}
    return {"version": VERSION, **fields, "operation": intent.operation.value}


def _intent(record: Any) -> Intent:
    if record["version"] != VERSION:
        raise ValueError("a record of another version")
    return Intent(
        operation=Operation(record["operation"]),
        name=record["name"],
        before=record["before"],
        after=record["after"],
        sysctls=record["sysctls"],
        files={path: (content, mode) for path, (content, mode) in record["files"].items()},
        documents=record["documents"],
    )
