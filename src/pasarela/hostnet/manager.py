"""What all managers of the host's interfaces have in common: texts in, texts out.

A manager's functions are pure. They are given the texts of its files and give back what the files
should be; reading and writing them is somebody else's work (hostnet/tree.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePosixPath
from typing import Protocol

from pasarela.model.interface_config import InterfaceConfig

Texts = Mapping[PurePosixPath, str]
"""A manager's files as they are, by path (from the host's root, absolute)."""


@dataclass(frozen=True, slots=True)
class FileEdit:
    """One file before and after; None where it is not there.

    ``mode`` is that of a new file; one that is there keeps its mode and owner.
    """

    path: PurePosixPath
    before: str | None
    after: str | None
    mode: int = 0o644


def edits_between(before: Texts, after: Texts, mode: int = 0o644) -> list[FileEdit]:
    """The edits from some texts to others; what is not in ``after`` goes."""
    return [
        FileEdit(path, before.get(path), after.get(path), mode)
        for path in sorted({*before, *after})
        if before.get(path) != after.get(path)
    ]


class Severity(Enum):
    """ERROR: the manager refuses it, or the host loses its network. WARNING: likely unwanted."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong in a file, and the way out. ``line`` counts from 1; 0 is the whole file."""

    path: PurePosixPath
    line: int
    severity: Severity
    message: str
    remedy: str

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What checking asks of the host; empty where only files are at hand.

    ``wireless`` are the Wi-Fi interfaces, ``macs`` the hardware addresses by interface,
    ``missing_programs`` what a manager's scripts call and the host has not, as ``brctl``,
    ``modes`` who may read the files.
    """

    interfaces: frozenset[str] = frozenset()
    wireless: frozenset[str] = frozenset()
    macs: Mapping[str, str] | None = None
    missing_programs: frozenset[str] = frozenset()
    modes: Mapping[PurePosixPath, int] | None = None


@dataclass(frozen=True, slots=True)
class Bridging:
    """Put ``bridge`` in the place of its ports.

    ``bridge`` is an InterfaceConfig of type bridge, its ports named in its details. Where
    ``ipv4``, ``ipv6`` are both None and ``keep`` is true, everything that the files say of the
    first port's addresses, routes, DNS and hooks moves to the bridge as it stands; else the
    bridge's own ``ipv4``, ``ipv6`` and ``dns`` are written. A port whose ``ipv6`` has ``autoconf``
    hears router advertisements, which it must not obey beside its bridge.
    """

    bridge: InterfaceConfig
    keep: bool = True


class Manager(Protocol):
    """One kind of file that says what the host's interfaces are."""

    @property
    def name(self) -> str:
        """``ifupdown``, ``netplan``, ``networkd`` or ``networkmanager``."""
        ...

    @property
    def patterns(self) -> Sequence[str]:
        """Globs of its files from the root: ``etc/netplan/*.yaml``."""
        ...

    def interfaces(self, files: Texts) -> Sequence[InterfaceConfig]:
        """What the files say, by name; those that they do not name are not there.

        Raises:
            HostnetFileError: a file cannot be read; with its path and line.
        """
        ...

    def bridge(self, files: Texts, change: Bridging) -> Sequence[FileEdit]:
        """The edits that make the bridge, with nothing else changed.

        Applying it to what it gave changes nothing.

        Raises:
            HostnetFileError: a file cannot be read.
            HostnetRefused: it cannot be said in these files; with the way out.
        """
        ...

    def unbridge(self, files: Texts, name: str) -> Sequence[FileEdit]:
        """The edits that give the bridge's addresses back to its first port, and end the bridge.

        On what ``bridge`` gave, the result is the files as they were, but for spacing where a
        manager's format cannot keep it.
        """
        ...

    def add_port(self, files: Texts, bridge: str, port: InterfaceConfig) -> Sequence[FileEdit]: ...

    def remove_port(self, files: Texts, bridge: str, port: str) -> Sequence[FileEdit]: ...

    def define(self, files: Texts, interface: InterfaceConfig) -> Sequence[FileEdit]:
        """The edits after which the files say just this of the interface (iface-define)."""
        ...

    def undefine(self, files: Texts, name: str) -> Sequence[FileEdit]: ...

    def check(self, files: Texts, around: Surroundings) -> Sequence[Finding]:
        """What is wrong in the files, by path and line. Raises nothing: syntax is a finding."""
        ...
