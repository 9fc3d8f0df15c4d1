"""Which networks there are, known from directory entries and the heads of the files.

A folder is read again only when its own time stamp has changed, and a file only when its inode,
size or time stamp has; while we hold the lock, one look at each folder is enough. What Pasarela
itself writes is noted at once, so that a long-lived process does work per call that does not grow
with the number of networks. What has been handed out never changes: a thread that reads may go on
with it while another one notes a change.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from errno import EACCES
from pathlib import Path
from stat import S_ISREG
from typing import NamedTuple
from uuid import UUID

from pasarela.engine.files import TEMPORARY_SUFFIX, read_bytes, system_errors
from pasarela.engine.header import BadHeader, Header, read_header
from pasarela.engine.inverse import Inverse
from pasarela.errors import SystemCallFailed

SUFFIX = ".xml"
_HALF = f"{SUFFIX}{TEMPORARY_SUFFIX}"


class Signature(NamedTuple):
    """Tells one version of a file or folder from another."""

    inode: int
    modified: int
    size: int

    @classmethod
    def of(cls, status: os.stat_result) -> Signature:
        return cls(status.st_ino, status.st_mtime_ns, status.st_size)


class Seen(NamedTuple):
    signature: Signature
    header: Header | None
    problem: str | None


class NamesFolder:
    """The names NAME for which a folder has NAME.xml."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._steady = False  # nobody but us writes there, so one look is enough
        self._looked = False
        self._signature: Signature | None = None
        self._names: frozenset[str] = frozenset()

    def names(self) -> frozenset[str]:
        if self._steady and self._looked:
            return self._names
        signature = signature_of(self.path)
        if signature is None or signature != self._signature:
            self._names = frozenset(name for name, _ in _documents(_entries(self.path)))
            self._signature = signature
        self._looked = True
        return self._names

    def hold(self, steady: bool) -> None:
        """Look once more, and then no more, while nobody but us writes there."""
        self._steady, self._looked = steady, False

    def doubt(self) -> None:
        """Look again next time, whatever the folder's time stamp says."""
        self._signature = None
        self._looked = False

    def note(self, name: str, present: bool) -> None:
        """Record a change that we have made ourselves."""
        self._names = self._names | {name} if present else self._names - {name}
        self._signature = signature_of(self.path)


class HeadersFolder:
    """The heads of the documents in a folder, by the networks' names."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._steady = False  # nobody but us writes there, so one look is enough
        self._looked = False
        self._signature: Signature | None = None
        self._seen: dict[str, Seen] = {}
        self._headers: dict[str, Header] = {}
        self._bad: dict[str, str] = {}
        self._of_uuid = Inverse(lambda header: header.uuid)
        self._of_bridge = Inverse(lambda header: header.bridge)
        self._incomplete = Inverse(lambda header: None if header.is_complete else True)
        self.temporaries: list[Path] = []  # half-written files that a killed command left

    def headers(self) -> Mapping[str, Header]:
        """Only documents that are well-formed and whose name is the file's."""
        if self._steady and self._looked:
            return self._headers
        signature = signature_of(self.path)
        if signature is None or signature != self._signature:
            self._scan()
            self._signature = signature
        self._looked = True
        return self._headers

    def with_uuid(self, uuid: UUID) -> frozenset[str]:
        self.headers()
        return self._of_uuid.names(uuid)

    def with_bridge(self, bridge: str) -> frozenset[str]:
        self.headers()
        return self._of_bridge.names(bridge)

    def incomplete(self) -> frozenset[str]:
        """Those without a UUID or a MAC, put there by hand."""
        self.headers()
        return self._incomplete.names(True)

    def hold(self, steady: bool) -> None:
        """Look once more, and then no more, while nobody but us writes there."""
        self._steady, self._looked = steady, False

    def doubt(self) -> None:
        """Look again next time, whatever the folder's time stamp says."""
        self._signature = None
        self._looked = False

    def unreadable(self) -> Mapping[str, str]:
        """What is wrong with each of the other documents."""
        self.headers()
        return self._bad

    def problems(self) -> Iterator[str]:
        """Why files were left out."""
        for name, problem in self._bad.items():
            yield f"{self.path / name}{SUFFIX}: {problem}"

    def note(self, name: str, header: Header | None) -> None:
        """Record a change that we have made ourselves."""
        self._seen.pop(name, None)
        if name in self._bad:
            self._bad = {key: text for key, text in self._bad.items() if key != name}
        headers = self._headers.copy()
        before = headers.pop(name, None)
        if header is not None:
            headers[name] = header
        for inverse in self._inverses():
            inverse.note(name, before, header)
        self._headers = headers
        self._signature = signature_of(self.path)

    def _inverses(self) -> tuple[Inverse, ...]:
        return self._of_uuid, self._of_bridge, self._incomplete

    def _scan(self) -> None:
        before, seen = self._seen, dict[str, Seen]()
        entries = _entries(self.path)
        self.temporaries = [self.path / one.name for one in entries if one.name.endswith(_HALF)]
        for name, entry in _documents(entries):
            try:
                status = entry.stat()
            except FileNotFoundError:
                continue
            signature, known = Signature.of(status), before.get(name)
            if not S_ISREG(status.st_mode):  # a folder, or something to wait for
                known = Seen(signature, None, "it is no regular file")
            elif known is None or known.signature != signature:
                known = _look(self.path / entry.name, name, signature)
            seen[name] = known
        self._seen = seen
        headers = {name: one.header for name, one in seen.items() if one.header is not None}
        for inverse in self._inverses():
            inverse.replace_all(headers)
        self._headers = headers
        self._bad = {name: one.problem for name, one in seen.items() if one.problem is not None}


def signature_of(path: Path) -> Signature | None:
    """None if there is nothing at ``path``."""
    try:
        return Signature.of(os.stat(path))  # noqa: PTH116  (called often; Path.stat is slower)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None  # reading the folder itself will say what is wrong


def _documents(entries: list[os.DirEntry[str]]) -> Iterator[tuple[str, os.DirEntry[str]]]:
    for entry in entries:
        if entry.name.endswith(SUFFIX) and len(entry.name) > len(SUFFIX):
            yield entry.name[: -len(SUFFIX)], entry


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    with system_errors(f"cannot read directory {folder}"):
        try:
            with os.scandir(folder) as entries:
                return sorted(entries, key=lambda entry: entry.name)
        except (FileNotFoundError, NotADirectoryError):
            return []


def _look(path: Path, name: str, signature: Signature) -> Seen:
    try:
        content = read_bytes(path)
    except SystemCallFailed as error:
        if error.errno == EACCES:  # then it is the reader who is wrong here, not the file
            raise
        return Seen(signature, None, error.message)
    if content is None:
        return Seen(signature, None, None)
    try:
        header = read_header(content)
    except BadHeader as error:
        return Seen(signature, None, str(error))
    if header.name != name:
        problem = f"the file's name does not match the network's name '{header.name}'"
        return Seen(signature, None, problem)
    return Seen(signature, header, None)
