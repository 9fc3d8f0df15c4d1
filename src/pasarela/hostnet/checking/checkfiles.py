"""Reads what is to be checked: files that are named, or a host's own and what it has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from pasarela.errors import SystemCallFailed
from pasarela.hostnet.checking.check import kind_of
from pasarela.hostnet.ifupdown.document import Source, parse
from pasarela.hostnet.ifupdown.sources import is_directory_name, patterns
from pasarela.hostnet.manager import Surroundings, Texts
from pasarela.hostnet.registry import managers

_PROGRAMS = ("brctl", "ifenslave")  # what ifupdown's scripts call
_FOLDERS = ("usr/sbin", "sbin", "usr/bin", "bin")


def read_named(names: Iterable[str]) -> Texts:
    """The files that are named, and those beside them that they take in; by the paths as given.

    Raises:
        SystemCallFailed: one cannot be read.
    """
    reader = _Reader(Path())
    for name in names:
        reader.read(PurePosixPath(name))
    return reader.texts


def read_host(root: Path) -> Texts:
    """All files of all managers below ``root``, by their paths from there.

    Raises:
        SystemCallFailed: one cannot be read.
    """
    reader = _Reader(root)
    for manager in managers():
        for pattern in manager.patterns:
            for path in reader.glob(PurePosixPath("/") / pattern):
                reader.read(path)
    return reader.texts


def surroundings(root: Path) -> Surroundings:
    """The interfaces below ``root``'s /sys, and what ifupdown there lacks."""
    net = root / "sys/class/net"
    links = [link for link in sorted(net.glob("*")) if (link / "address").exists()]
    wireless = [
        link for link in links if any((link / f).exists() for f in ("wireless", "phy80211"))
    ]
    return Surroundings(
        frozenset(link.name for link in links),
        frozenset(link.name for link in wireless),
        {link.name: (link / "address").read_text().strip() for link in links},
        frozenset(_missing(root)),
        dict(_modes(root)),
    )


def _modes(root: Path) -> Iterator[tuple[PurePosixPath, int]]:
    """Of the files that may hold secrets."""
    for pattern in ("etc/netplan/*", "etc/NetworkManager/system-connections/*"):
        for file in root.glob(pattern):
            yield PurePosixPath("/") / file.relative_to(root), file.stat().st_mode & 0o7777


def _missing(root: Path) -> Iterator[str]:
    """The programs that are not there, where ifupdown itself is."""
    if not any((root / folder / "ifup").exists() for folder in _FOLDERS):
        return
    for program in _PROGRAMS:
        if not any((root / folder / program).exists() for folder in _FOLDERS):
            yield program


class _Reader:
    """Gathers files; paths from ``/`` are below ``root`` where that is a host's."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._is_host = root.is_absolute()
        self.texts: dict[PurePosixPath, str] = {}

    def read(self, path: PurePosixPath) -> None:
        if path in self.texts:
            return
        self.texts[path] = _text(self._place(path))
        if kind_of(path, self.texts[path]) == "ifupdown":
            for section in parse(path, self.texts[path]).sections:
                if isinstance(section, Source):
                    self._follow(section)

    def _follow(self, source: Source) -> None:
        for wanted in patterns(source.pattern, source.path):
            if self._is_host or _is_beside(source.path, wanted):
                found = self.glob(wanted / "*") if source.directory else self.glob(wanted)
                for path in found:
                    if not source.directory or is_directory_name(path.name):
                        self.read(path)

    def glob(self, pattern: PurePosixPath) -> Iterator[PurePosixPath]:
        place = self._place(pattern)
        anchor = Path(place.anchor)
        for found in sorted(anchor.glob(str(place.relative_to(anchor)))):
            if found.is_file():
                yield self._path(found)

    def _place(self, path: PurePosixPath) -> Path:
        return self._root / str(path).lstrip("/") if self._is_host else Path(path)

    def _path(self, place: Path) -> PurePosixPath:
        if self._is_host:
            return PurePosixPath("/") / place.relative_to(self._root)
        return PurePosixPath(place)


def _is_beside(told_by: PurePosixPath, wanted: PurePosixPath) -> bool:
    """Whether a named file takes in what lies with it, not what another host has there."""
    return wanted.is_relative_to(told_by.parent)


def _text(file: Path) -> str:
    try:
        return file.read_bytes().decode(errors="surrogateescape")
    except OSError as error:
        raise SystemCallFailed(f"cannot read {file}: {error.strerror}", errno=error.errno) from None
