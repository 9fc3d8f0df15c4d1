"""NetworkManager as one of the managers of the host's interfaces."""

from __future__ import annotations

from collections.abc import Sequence

from pasarela.hostnet.manager import Bridging, FileEdit, Finding, Surroundings, Texts
from pasarela.hostnet.networkmanager.bridging import bridged, unbridged, with_port, without_port
from pasarela.hostnet.networkmanager.checking import findings
from pasarela.hostnet.networkmanager.defining import defined, undefined
from pasarela.hostnet.networkmanager.profiles import Profiles
from pasarela.hostnet.networkmanager.reading import interfaces
from pasarela.model.interface_config import InterfaceConfig


class NetworkManager:
    """``/etc/NetworkManager/system-connections/*.nmconnection``."""

    name = "networkmanager"
    patterns = (
        "usr/lib/NetworkManager/system-connections/*.nmconnection",
        "run/NetworkManager/system-connections/*.nmconnection",
        "etc/NetworkManager/system-connections/*",
    )

    def interfaces(self, files: Texts) -> Sequence[InterfaceConfig]:
        return interfaces(Profiles.read(files))

    def covers(self, files: Texts, interface: str, mac: str | None) -> bool:
        return Profiles.read(files).of(interface, mac) is not None

    def bridge(self, files: Texts, change: Bridging) -> Sequence[FileEdit]:
        return bridged(Profiles.read(files), change).edits(files)

    def unbridge(self, files: Texts, name: str) -> Sequence[FileEdit]:
        return unbridged(Profiles.read(files), name).edits(files)

    def add_port(self, files: Texts, bridge: str, port: InterfaceConfig) -> Sequence[FileEdit]:
        return with_port(Profiles.read(files), bridge, port).edits(files)

    def remove_port(self, files: Texts, bridge: str, port: str) -> Sequence[FileEdit]:
        return without_port(Profiles.read(files), bridge, port).edits(files)

    def define(self, files: Texts, interface: InterfaceConfig) -> Sequence[FileEdit]:
        return defined(Profiles.read(files), interface).edits(files)

    def undefine(self, files: Texts, name: str) -> Sequence[FileEdit]:
        return undefined(Profiles.read(files), name).edits(files)

    def check(self, files: Texts, around: Surroundings) -> Sequence[Finding]:
        return findings(files, around)
