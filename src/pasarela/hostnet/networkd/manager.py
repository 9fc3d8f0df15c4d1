"""systemd-networkd as one of the managers of the host's interfaces."""

from __future__ import annotations

from collections.abc import Sequence

from pasarela.errors import HostnetRefused
from pasarela.hostnet.manager import Bridging, FileEdit, Finding, Surroundings, Texts
from pasarela.hostnet.networkd.bridging import added, bridged, unbridged
from pasarela.hostnet.networkd.checking import findings
from pasarela.hostnet.networkd.defining import defined, undefined
from pasarela.hostnet.networkd.moving import without_bridge
from pasarela.hostnet.networkd.reading import interfaces
from pasarela.hostnet.networkd.units import Unit, Units
from pasarela.model.interface_config import InterfaceConfig

_FOLDERS = ("usr/lib", "lib", "usr/local/lib", "run", "etc")


class Networkd:
    """``/etc/systemd/network``: .netdev, .network and .link files, and their drop-ins."""

    name = "networkd"
    patterns = tuple(
        f"{folder}/systemd/network/{glob}"
        for folder in _FOLDERS
        for kind in ("network", "netdev", "link")
        for glob in (f"*.{kind}", f"*.{kind}.d/*.conf")
    )

    def interfaces(self, files: Texts) -> Sequence[InterfaceConfig]:
        return interfaces(Units.read(files))

    def covers(self, files: Texts, interface: str, mac: str | None) -> bool:
        return Units.read(files).network(interface, mac) is not None

    def bridge(self, files: Texts, change: Bridging) -> Sequence[FileEdit]:
        return bridged(Units.read(files), change).edits(files)

    def unbridge(self, files: Texts, name: str) -> Sequence[FileEdit]:
        return unbridged(Units.read(files), name).edits(files)

    def add_port(self, files: Texts, bridge: str, port: InterfaceConfig) -> Sequence[FileEdit]:
        units = Units.read(files)
        _found(units, bridge)
        return added(units, bridge, port).edits(files)

    def remove_port(self, files: Texts, bridge: str, port: str) -> Sequence[FileEdit]:
        units = Units.read(files)
        _found(units, bridge)
        unit = units.network(port)
        if unit is None or bridge not in unit.all("Network", "Bridge"):
            return []
        return without_bridge(units, unit, bridge, None).edits(files)

    def define(self, files: Texts, interface: InterfaceConfig) -> Sequence[FileEdit]:
        return defined(Units.read(files), interface).edits(files)

    def undefine(self, files: Texts, name: str) -> Sequence[FileEdit]:
        return undefined(Units.read(files), name).edits(files)

    def check(self, files: Texts, around: Surroundings) -> Sequence[Finding]:
        return findings(files, around)


def _found(units: Units, bridge: str) -> Unit:
    unit = units.netdev(bridge)
    if unit is None:
        raise HostnetRefused(
            f"systemd-networkd's files have no bridge {bridge}",
            remedy=f"make it: pasarela host-bridge create {bridge} --port INTERFACE",
        )
    return unit
