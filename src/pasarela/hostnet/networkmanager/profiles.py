"""NetworkManager's connection profiles, as they stand in keyfiles.

Source: nm-settings-keyfile(5), nm-settings(5), NetworkManager 1.42. GKeyFile knows comments by #
alone, no continued lines, and refuses a file with a line that is none of these.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from uuid import NAMESPACE_DNS, uuid5

from pasarela.errors import HostnetFileError, HostnetRefused, Location
from pasarela.hostnet.manager import FileEdit, Texts, edits_between
from pasarela.hostnet.sections import Sections

FOLDERS = tuple(
    PurePosixPath(folder) / "NetworkManager/system-connections"
    for folder in ("/usr/lib", "/etc", "/run")
)
"""Of two profiles of the same UUID the one in the later folder counts."""
ETC = FOLDERS[1]
_NAMESPACE = uuid5(NAMESPACE_DNS, "pasarela")
_TYPES = {
    "802-3-ethernet": "ethernet",
    "802-11-wireless": "wifi",
}
"""Names of types from before 1.0, which NetworkManager reads still."""
_OFF = frozenset({"false", "0", "no"})


@dataclass(frozen=True, slots=True)
class Names:
    """How a profile says that it is a port: by words of before or since NetworkManager 1.46."""

    controller: str = "master"
    kind: str = "slave-type"

    def lines(self, bridge: str) -> list[str]:
        return [f"{self.controller}={bridge}", f"{self.kind}=bridge"]


OLD, NEW = Names(), Names("controller", "port-type")


@dataclass(frozen=True, slots=True)
class Profile:
    """One keyfile."""

    path: PurePosixPath
    sections: Sections

    def get(self, section: str, key: str) -> str | None:
        """A value; sections have a long name too, from before 1.0 (``802-3-ethernet``)."""
        names = [section, *(old for old, new in _TYPES.items() if new == section)]
        values = (self.sections.get(name, key) for name in names)
        return next((value for value in values if value is not None), None)

    @property
    def id(self) -> str:
        return self.get("connection", "id") or self.path.name

    @property
    def uuid(self) -> str | None:
        return self.get("connection", "uuid")

    @property
    def type(self) -> str:
        written = self.get("connection", "type") or ""
        return _TYPES.get(written, written)

    @property
    def interface(self) -> str | None:
        return self.get("connection", "interface-name")

    @property
    def mac(self) -> str | None:
        """The hardware address of the device that it is for."""
        return (self.get(self.type, "mac-address") or "").lower() or None

    @property
    def controller(self) -> str | None:
        """The bridge or bond that it is a port of: an interface's name or a profile's UUID."""
        values = (self.get("connection", names.controller) for names in (NEW, OLD))
        return next((value for value in values if value), None)

    @property
    def names(self) -> Names | None:
        """The words that the file uses itself."""
        for names in (NEW, OLD):
            if self.get("connection", names.kind) or self.get("connection", names.controller):
                return names
        return None

    def fits(self, name: str, mac: str | None) -> bool:
        """Whether it names this very device."""
        if self.interface is not None:
            return self.interface == name
        return self.mac is not None and self.mac == (mac or "").lower()

    def may_fit(self, name: str, mac: str | None) -> bool:
        """Whether it is activated by itself on this device, or on any that fits a pattern."""
        patterns = [each for each in (self.get("match", "interface-name") or "").split(";") if each]
        return (
            self.type == "ethernet"
            and not self.controller
            and self.get("connection", "autoconnect") not in _OFF
            and self.interface in (None, name)
            and self.mac in (None, (mac or "").lower())
            and (not patterns or any(fnmatchcase(name, each) for each in patterns))
        )

    @property
    def priority(self) -> int:
        told = self.get("connection", "autoconnect-priority") or "0"
        return int(told) if told.lstrip("-").isdigit() else 0

    @property
    def timestamp(self) -> int:
        """When it was active last, in seconds; 0 where the file does not say."""
        told = self.get("connection", "timestamp") or "0"
        return int(told) if told.isdigit() else 0


@dataclass(frozen=True)
class Profiles:
    """All profiles, in the order of their files; those of the same UUID in /run count first."""

    files: dict[PurePosixPath, Sections]

    @classmethod
    def read(cls, files: Texts) -> Profiles:
        """Raises HostnetFileError: NetworkManager itself would refuse a file."""
        for path, text in files.items():
            _refuse_stray_lines(path, Sections.parse(text))
        return cls({path: Sections.parse(text) for path, text in files.items()})

    @property
    def all(self) -> list[Profile]:
        paths = sorted(self.files, key=lambda path: (-_rank(path), path.name))
        chosen: dict[str, Profile] = {}
        for path in paths:
            profile = Profile(path, self.files[path])
            chosen.setdefault(profile.uuid or str(path), profile)
        return list(chosen.values())

    def of(self, name: str, mac: str | None = None) -> Profile | None:
        """The profile that is activated on a device by itself, the most urgent one first."""
        found = [each for each in self.all if each.fits(name, mac)]
        return min(found, key=_urgency, default=None)

    def rivals(self, name: str, mac: str | None = None) -> list[Profile]:
        """Profiles that may be activated on a device by themselves, whether they name it or any.

        The most urgent one first: by priority, then the one that was active last.
        """
        found = [each for each in self.all if each.may_fit(name, mac)]
        return sorted(found, key=lambda each: (*_urgency(each), -each.timestamp))

    def bridge(self, name: str) -> Profile | None:
        return next((_ for _ in self.all if _.type == "bridge" and _.interface == name), None)

    def ports(self, controller: Profile) -> list[Profile]:
        known = {controller.interface, controller.uuid, controller.id}
        return [each for each in self.all if each.controller in known - {None}]

    @property
    def names(self) -> Names:
        """The words for a port that these files use; the old ones are read by every version."""
        used = [profile.names for profile in self.all]
        return NEW if NEW in used and OLD not in used else OLD

    def having(self, path: PurePosixPath, sections: Sections | None) -> Profiles:
        files = {each: old for each, old in self.files.items() if each != path}
        return Profiles(files if sections is None else files | {path: sections})

    def edits(self, before: Texts) -> Sequence[FileEdit]:
        """What changed; NetworkManager ignores a profile that others than root may read."""
        after = {path: one.text for path, one in self.files.items()}
        return edits_between(before, after, 0o600)


def uuid_of(name: str) -> str:
    """The UUID of a profile of our own: always the same for a name, so that tools can find it."""
    return str(uuid5(_NAMESPACE, name))


def place_of(name: str) -> PurePosixPath:
    return ETC / f"{name}.nmconnection"


def refuse_outside_etc(path: PurePosixPath) -> None:
    """Raises HostnetRefused: the profile is another program's."""
    if path.parent == ETC:
        return
    by_netplan = path.name.startswith("netplan-")
    why = "netplan makes it" if by_netplan else "it is gone at the next boot"
    copy = f"copy it to {ETC / path.name} first, with mode 0600"
    raise HostnetRefused(
        f"{path} is not in {ETC}: {why}",
        location=Location(file=str(path)),
        remedy="change netplan's files: --manager netplan" if by_netplan else copy,
    )


def _refuse_stray_lines(path: PurePosixPath, sections: Sections) -> None:
    for section in sections.sections:
        for line in section.stray:
            raise HostnetFileError(
                f"{path} line {line}: neither KEY=VALUE nor a [section]",
                location=Location(file=str(path), line=line, element=None),
                remedy="put a # before it if it is a remark; NetworkManager ignores the whole file",
            )


def _rank(path: PurePosixPath) -> int:
    return FOLDERS.index(path.parent) if path.parent in FOLDERS else -1


def _urgency(profile: Profile) -> tuple[bool, int]:
    return profile.get("connection", "autoconnect") in _OFF, -profile.priority
