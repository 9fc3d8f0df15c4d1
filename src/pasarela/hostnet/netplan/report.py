"""Where findings about netplan's files are gathered, and where in the files things stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from pasarela.hostnet.manager import Finding, Severity, Surroundings
from pasarela.hostnet.netplan.document import Document
from pasarela.hostnet.netplan.merged import Configuration, Device
from pasarela.hostnet.netplan.nodes import Entry, Mapping, Sequence


@dataclass
class Report:
    """The findings about one configuration."""

    configuration: Configuration
    around: Surroundings
    found: list[Finding] = field(default_factory=list)

    def error(self, place: Place, message: str, remedy: str) -> None:
        self._add(place, Severity.ERROR, message, remedy)

    def warning(self, place: Place, message: str, remedy: str) -> None:
        self._add(place, Severity.WARNING, message, remedy)

    def at(self, device: Device, *keys: str, item: str | None = None) -> Place:
        """Where a device's key stands: in the last file that has it, else the device's own."""
        path = ("network", device.section, device.id)
        for depth in range(len(keys), -1, -1):
            for document in reversed(self.configuration.documents):
                entry = document.entry(*path, *keys[:depth])
                if entry is not None:
                    return Place(document.path, _line_of(entry, item))
        return Place(self.configuration.documents[-1].path, 0)

    def entries(self) -> Iterator[tuple[Document, str, Entry]]:
        """Each device's entry in each file, with its section."""
        for document in self.configuration.documents:
            network = document.mapping("network")
            for section in network.entries if network else ():
                if isinstance(section.value, Mapping):
                    for entry in section.value.entries:
                        yield document, section.key.text, entry

    def _add(self, place: Place, severity: Severity, message: str, remedy: str) -> None:
        finding = Finding(place.path, place.line, severity, message, remedy)
        if finding not in self.found:
            self.found.append(finding)


@dataclass(frozen=True, slots=True)
class Place:
    """``line`` counts from 1."""

    path: PurePosixPath
    line: int


def place(document: Document, entry: Entry) -> Place:
    return Place(document.path, entry.key.span.line + 1)


def _line_of(entry: Entry, item: str | None) -> int:
    """The line of an item in a list or list of mappings, else the key's."""
    if item is not None and isinstance(entry.value, Sequence):
        for each in entry.value.items:
            if _has(each.plain, item):
                return each.span.line + 1
    return entry.key.span.line + 1


def _has(plain: object, item: str) -> bool:
    if isinstance(plain, dict):
        return item in plain or item in plain.values()
    return plain == item
