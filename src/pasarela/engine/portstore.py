"""Guests' ports on disk, and the file that tells libvirt-nss which guest has which MAC."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from json import JSONEncoder
from pathlib import Path
from uuid import UUID

from pasarela.engine.document import port_text
from pasarela.engine.files import (
    TEMPORARY_SUFFIX,
    read_text,
    remove,
    system_errors,
    temporary,
    write_atomic,
)
from pasarela.engine.index import SUFFIX, Signature, signature_of
from pasarela.errors import PasarelaError
from pasarela.model.network import Network
from pasarela.model.paths import Paths
from pasarela.model.port import Port

_quoted = JSONEncoder(ensure_ascii=False).encode


class PortStore:
    """The ports of each network; a file that makes no sense is left out."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._known: dict[str, tuple[Signature | None, dict[UUID, Port]]] = {}
        self._folders: dict[str, Path] = {}
        self._steady = False
        self._looked: set[str] = set()

    def hold(self, steady: bool) -> None:
        """Nobody else writes while we hold the lock: one look at each folder is enough."""
        self._steady = steady
        self._looked.clear()

    def ports(self, name: str) -> Mapping[UUID, Port]:
        """By UUID, in the order of their files' names."""
        if name in self._looked:
            return self._known[name][1]
        folder = self._folder(name)
        signature = signature_of(folder)
        known = self._known.get(name)
        if known is None or known[0] != signature:
            known = self._known[name] = signature, _load(folder)
        if self._steady:
            self._looked.add(name)
        return known[1]

    def _folder(self, name: str) -> Path:
        """Made once: it is asked for several times in each call."""
        folder = self._folders.get(name)
        if folder is None:
            folder = self._folders[name] = self._paths.ports(name)
        return folder

    def put(self, name: str, uuid: UUID, port: Port | None) -> None:
        """Make it so that under this UUID there is this port, or none."""
        if port is not None:
            self.save(name, port)
        else:
            self.remove(name, uuid)

    def save(self, name: str, port: Port) -> None:
        folder = self._folder(name)
        ports = {**self.ports(name), port.uuid: port}
        write_atomic(self._paths.port(name, port.uuid), port_text(port))
        self._known[name] = signature_of(folder), ports

    def remove(self, name: str, uuid: UUID) -> None:
        folder = self._folder(name)
        ports = dict(self.ports(name))
        ports.pop(uuid, None)
        remove(self._paths.port(name, uuid))
        self._known[name] = signature_of(folder), ports

    def drop(self, network: Network) -> None:
        """Forget all ports of a network."""
        folder = self._paths.ports(network.name)
        for file in _files(folder):
            remove(folder / file)
        for empty in (folder, folder.parent):
            with suppress(OSError):  # not there, or somebody else keeps something in it
                empty.rmdir()
        self._known.pop(network.name, None)
        self._looked.discard(network.name)
        self._folders.pop(network.name, None)
        self.save_macs(network)

    def save_macs(self, network: Network) -> None:
        """Write down which guest has which MAC; without ports there is no such file."""
        bridge = network.bridge.name
        if bridge is None or not network.forward.mode.owns_bridge:
            return
        ports = self.ports(network.name)
        if not ports:
            remove(self._paths.macs(bridge))
            return
        write_atomic(self._paths.macs(bridge), macs_text(ports), mode=0o644)

    def tidy(self, network: Network) -> None:
        """Remove files that a killed command has left half written."""
        folder = self._paths.ports(network.name)
        for file in _files(folder):
            if file.endswith(TEMPORARY_SUFFIX):
                remove(folder / file)
        if network.bridge.name is not None:
            remove(temporary(self._paths.macs(network.bridge.name)))

    def forget(self) -> None:
        """Another process has written since."""
        self._known.clear()
        self._looked.clear()


def macs_text(ports: Mapping[UUID, Port]) -> str:
    """JSON in libvirt's form: the guests by name, each with its MACs."""
    guests: dict[str, list[str]] = {}
    for port in ports.values():
        guests.setdefault(port.owner_name, []).append(str(port.mac))
    records = ",\n".join(_macs_record(name, guests[name]) for name in sorted(guests))
    return f"[\n{records}\n]\n" if guests else "[]\n"


def _macs_record(guest: str, macs: Iterable[str]) -> str:
    """As json.dumps would, which with an indent is written in Python and ten times as slow."""
    listed = ",\n".join(f'      "{mac}"' for mac in macs)
    return f'  {{\n    "domain": {_quoted(guest)},\n    "macs": [\n{listed}\n    ]\n  }}'


def _load(folder: Path) -> dict[UUID, Port]:
    ports = (_read(folder / name) for name in _files(folder) if name.endswith(SUFFIX))
    return {port.uuid: port for port in ports if port is not None}


def _read(path: Path) -> Port | None:
    from pasarela.xml.port import parse_port  # noqa: PLC0415  (lxml: 25 ms)

    text = read_text(path)
    if text is None:
        return None
    try:
        port = parse_port(text)
    except PasarelaError:
        return None
    return port if path.name == f"{port.uuid}{SUFFIX}" else None


def _files(folder: Path) -> list[str]:
    with system_errors(f"cannot read directory {folder}"):
        try:
            return sorted(os.listdir(folder))  # noqa: PTH208
        except (FileNotFoundError, NotADirectoryError):
            return []
