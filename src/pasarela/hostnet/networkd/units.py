"""systemd-networkd's files, in the order in which they count.

Source: systemd.network(5), systemd.netdev(5): the files of all folders are sorted by name; one in
/etc shadows one of the same name in /run, and that one /usr/lib's. Settings of NAME.d/*.conf
come after a file's own. The first .network file that fits an interface is its only one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from pasarela.errors import HostnetRefused, Location
from pasarela.hostnet.manager import FileEdit, Texts, edits_between
from pasarela.hostnet.sections import Sections

FOLDERS = tuple(
    PurePosixPath(folder) / "systemd/network"
    for folder in ("/lib", "/usr/lib", "/usr/local/lib", "/run", "/etc")
)
ETC = FOLDERS[-1]
_UNKNOWABLE = ("Driver", "Path", "Property", "Credential", "Architecture")


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a unit: the unit's own, or a drop-in."""

    path: PurePosixPath
    sections: Sections


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit's file and its drop-ins, in the order of reading."""

    parts: tuple[Part, ...]

    @property
    def path(self) -> PurePosixPath:
        return self.parts[0].path

    @property
    def name(self) -> str:
        return self.path.name

    def get(self, section: str, key: str) -> str | None:
        """The last value."""
        values = (part.sections.get(section, key) for part in reversed(self.parts))
        return next((value for value in values if value is not None), None)

    def all(self, section: str, key: str) -> list[str]:
        """All values of a key that may stand more than once."""
        return [
            setting.value
            for part in self.parts
            for each in part.sections.named(section)
            for setting in each.settings
            if setting.key == key
        ]

    def fits(self, name: str, mac: str | None = None) -> bool:
        """Whether its [Match] fits an interface as far as a name and an address can tell."""
        names, macs = self._words("Name"), self._macs
        if not names and not macs:
            return self._words("Type") == ["ether"] and not self.open
        by_name = not names or _name_fits(names, name)
        by_mac = not macs or (mac or "").lower() in [each.lower() for each in macs]
        return by_name and by_mac

    def is_only_for(self, name: str) -> bool:
        """Whether it can fit no other interface."""
        names, macs = self._words("Name"), self._macs
        return names == [name] or (len(macs) == 1 and not names)

    @property
    def open(self) -> bool:
        """Whether its match asks for what only the running system knows."""
        return any(self.get("Match", key) for key in _UNKNOWABLE)

    @property
    def is_unclear(self) -> bool:
        """Whether only the running system knows which interfaces it is for."""
        return self.open and not self._words("Name") and not self._macs

    @property
    def _macs(self) -> list[str]:
        """A card's own address is what it has, as long as nobody gives it another."""
        return self._words("MACAddress") + self._words("PermanentMACAddress")

    def _words(self, key: str) -> list[str]:
        return [word for value in self.all("Match", key) for word in value.split()]


@dataclass(frozen=True)
class Units:
    """All units; ``files`` are all parts by path."""

    files: dict[PurePosixPath, Sections]

    @classmethod
    def read(cls, files: Texts) -> Units:
        return cls({path: Sections.parse(text) for path, text in files.items()})

    def of_kind(self, suffix: str) -> list[Unit]:
        """The units that count, in order; an empty file masks a unit."""
        chosen: dict[str, PurePosixPath] = {}
        for folder in FOLDERS:
            chosen |= {path.name: path for path in self.files if path.parent == folder}
        names = sorted(name for name in chosen if name.endswith(suffix))
        units = (self._unit(chosen[name]) for name in names)
        return [unit for unit in units if any(part.sections.sections for part in unit.parts)]

    def network(self, name: str, mac: str | None = None) -> Unit | None:
        """The .network unit of an interface."""
        units = self.of_kind(".network")
        return next((unit for unit in units if unit.fits(name, mac)), None)

    def netdev(self, name: str) -> Unit | None:
        units = self.of_kind(".netdev")
        return next((unit for unit in units if unit.get("NetDev", "Name") == name), None)

    def ports(self, bridge: str, key: str = "Bridge") -> list[Unit]:
        """The .network units of a bridge's ports."""
        networks = self.of_kind(".network")
        return [unit for unit in networks if bridge in unit.all("Network", key)]

    def having(self, path: PurePosixPath, sections: Sections | None) -> Units:
        """With that file as it is given; None takes it away."""
        files = {each: old for each, old in self.files.items() if each != path}
        return Units(files if sections is None else files | {path: sections})

    def edits(self, before: Texts) -> Sequence[FileEdit]:
        return edits_between(before, {path: one.text for path, one in self.files.items()})

    def _unit(self, path: PurePosixPath) -> Unit:
        own = Part(path, self.files[path])
        return Unit((own, *(Part(each, self.files[each]) for each in self._drop_ins(path.name))))

    def _drop_ins(self, name: str) -> Iterator[PurePosixPath]:
        chosen: dict[str, PurePosixPath] = {}
        for folder in FOLDERS:
            chosen |= {_.name: _ for _ in self.files if _.parent == folder / f"{name}.d"}
        return (chosen[each] for each in sorted(chosen) if each.endswith(".conf"))


def refuse_outside_etc(path: PurePosixPath) -> None:
    """Raises HostnetRefused: a package or another program owns the file."""
    if path.is_relative_to(ETC):
        return
    by_netplan = "-netplan-" in path.name
    why = "netplan makes it" if by_netplan else "its owner may replace it"
    copy = f"copy it to {ETC / path.name} first, which then counts in its place"
    raise HostnetRefused(
        f"{path} is not in {ETC}: {why}",
        location=Location(file=str(path)),
        remedy="change netplan's files: --manager netplan" if by_netplan else copy,
    )


def _name_fits(patterns: Sequence[str], name: str) -> bool:
    """A ! before the first pattern turns the whole list round."""
    first = patterns[0]
    if first.startswith("!"):
        return not any(fnmatchcase(name, each) for each in (first[1:], *patterns[1:]))
    return any(fnmatchcase(name, each) for each in patterns)
