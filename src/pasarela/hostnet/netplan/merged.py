"""All netplan files as one configuration, in the order in which netplan reads them.

Source: netplan-generate(8): files of /run shadow those of the same name in /etc, and those
shadow /lib's; the rest is read in the order of their names. A later scalar replaces an earlier
one, lists are put together, mappings are merged key by key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import PurePosixPath

from pasarela.errors import HostnetRefused, Location
from pasarela.hostnet.manager import FileEdit, Texts
from pasarela.hostnet.netplan.document import Document
from pasarela.hostnet.netplan.nodes import Plain

FOLDERS = (
    PurePosixPath("/usr/lib/netplan"),
    PurePosixPath("/lib/netplan"),
    PurePosixPath("/etc/netplan"),
    PurePosixPath("/run/netplan"),
)
ETC = PurePosixPath("/etc/netplan")
OURS = ETC / "60-pasarela.yaml"
"""Where new settings go when there is no file in /etc/netplan yet."""

SECTIONS = (
    "ethernets",
    "wifis",
    "modems",
    "bonds",
    "bridges",
    "vlans",
    "tunnels",
    "vrfs",
    "dummy-devices",
    "virtual-ethernets",
    "nm-devices",
)
TRUE = frozenset({"true", "on", "yes", "y"})
FALSE = frozenset({"false", "off", "no", "n"})
GLOB = frozenset("*?[")

Settings = dict[str, Plain]


@dataclass(frozen=True, slots=True)
class Device:
    """One entry of one section, merged from all files. ``id`` is netplan's name for it."""

    section: str
    id: str
    settings: Settings

    @property
    def name(self) -> str:
        """The interface's name; the id where only the hardware says which one it is."""
        renamed, matched = text(self.settings.get("set-name")), text(self.match.get("name"))
        return renamed or (matched if matched and not GLOB & set(matched) else self.id)

    @property
    def match(self) -> Settings:
        return mapping(self.settings.get("match"))

    @property
    def several(self) -> bool:
        """Whether its match may fit more than one interface."""
        name = text(self.match.get("name")) or ""
        return (
            bool(self.match)
            and not self.match.get("macaddress")
            and (bool(GLOB & set(name)) or not name)
        )

    @property
    def members(self) -> list[str]:
        """The ids of a bridge's or bond's interfaces."""
        return [item for item in sequence(self.settings.get("interfaces")) if isinstance(item, str)]


@dataclass(frozen=True)
class Configuration:
    """The files in the order of reading; ``shadowed`` ones are not among them."""

    documents: tuple[Document, ...]

    @classmethod
    def read(cls, files: Texts) -> Configuration:
        """Raises HostnetFileError: a file is no YAML."""
        return cls(tuple(Document.parse(path, files[path]) for path in in_order(files)))

    @cached_property
    def network(self) -> Settings:
        merged: Settings = {}
        for document in self.documents:
            network = document.mapping("network")
            merged = _merged(merged, network.plain) if network else merged
        return merged

    @cached_property
    def devices(self) -> tuple[Device, ...]:
        return tuple(
            Device(section, id, mapping(settings))
            for section in SECTIONS
            for id, settings in mapping(self.network.get(section)).items()
            if not (section == "ethernets" and id == "renderer")
        )

    def device(self, id: str) -> Device | None:
        return next((device for device in self.devices if device.id == id), None)

    def find(self, name: str, mac: str | None = None) -> Device | None:
        """The device that is this interface: by its name, by its id, by its hardware address."""
        return (
            next((device for device in self.devices if device.name == name), None)
            or self.device(name)
            or next((device for device in self.devices if mac and _has_mac(device, mac)), None)
            or next((device for device in self.devices if _may_be(device, name)), None)
        )

    def master(self, id: str) -> Device | None:
        """The bridge or bond that has this device among its interfaces."""
        return next((device for device in self.devices if id in device.members), None)

    def holding(self, *keys: str) -> list[Document]:
        """The files that have these keys, from the root."""
        return [document for document in self.documents if document.entry(*keys) is not None]

    def with_document(self, new: Document) -> Configuration:
        paths = [document.path for document in self.documents]
        if new.path in paths:
            kept = (new if old.path == new.path else old for old in self.documents)
            return replace(self, documents=tuple(kept))
        documents = sorted((*self.documents, new), key=lambda document: document.path.name)
        return replace(self, documents=tuple(documents))

    def main(self) -> Document:
        """The file for what is new: the last in /etc/netplan, else one of our own."""
        editable = [document for document in self.documents if document.path.parent == ETC]
        return editable[-1] if editable else Document.parse(OURS, "network:\n  version: 2\n")

    def edits(self, files: Texts) -> Sequence[FileEdit]:
        """What changed against the files. New files are for root's eyes, as netplan wants."""
        return [
            FileEdit(document.path, files.get(document.path), _remains(document), 0o600)
            for document in self.documents
            if files.get(document.path) != _remains(document)
        ]


def in_order(files: Texts) -> list[PurePosixPath]:
    """The files that count, as netplan reads them."""
    chosen: dict[str, PurePosixPath] = {}
    for folder in FOLDERS:
        chosen |= {path.name: path for path in files if path.parent == folder}
    return [chosen[name] for name in sorted(chosen) if name.endswith(".yaml")]


def refuse_outside_etc(document: Document, what: str) -> None:
    """Raises HostnetRefused: a package or another program owns the file."""
    if document.path.parent == ETC:
        return
    raise HostnetRefused(
        f"{document.path} has the settings of {what}; only files in {ETC} may be changed",
        location=Location(file=str(document.path)),
        remedy=f"copy it to {ETC / document.path.name} first, which then counts in its place",
    )


def text(plain: Plain) -> str | None:
    return plain if isinstance(plain, str) else None


def mapping(plain: Plain) -> Settings:
    return plain if isinstance(plain, dict) else {}


def sequence(plain: Plain) -> list[Plain]:
    return plain if isinstance(plain, list) else []


def truth(plain: Plain) -> bool | None:
    """YAML 1.1's booleans, as netplan reads them; None where it is none."""
    word = (text(plain) or "").lower()
    return word in TRUE if word in TRUE | FALSE else None


def _merged(old: Settings, new: Settings) -> Settings:
    return old | {key: _together(old.get(key), value) for key, value in new.items()}


def _together(old: Plain, new: Plain) -> Plain:
    match old, new:
        case dict(), dict():
            return _merged(old, new)
        case list(), list():
            return old + [item for item in new if item not in old]
        case dict(), None:
            return old
        case _:
            return new


def _has_mac(device: Device, mac: str) -> bool:
    return (text(device.match.get("macaddress")) or "").lower() == mac.lower()


def _may_be(device: Device, name: str) -> bool:
    """A match by name with wildcards; a driver's name alone does not tell which interface."""
    pattern = text(device.match.get("name"))
    return bool(pattern) and PurePosixPath(name).match(pattern or "")


def _remains(document: Document) -> str | None:
    """A file of our own that says nothing any more goes."""
    network = document.mapping("network")
    empty = document.path == OURS and network is not None and network.keys == ("version",)
    return None if empty or not document.text.strip() else document.text
