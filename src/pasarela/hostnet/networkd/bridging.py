"""A bridge in the place of its first port, and back, in systemd-networkd's files."""

from __future__ import annotations

import re

from pasarela.errors import HostnetRefused
from pasarela.hostnet.manager import Bridging
from pasarela.hostnet.networkd.moving import (
    Target,
    copied,
    first_port,
    is_bare,
    with_port_file,
    without_bridge,
)
from pasarela.hostnet.networkd.splitting import Addressing, split
from pasarela.hostnet.networkd.units import (
    ETC,
    Unit,
    Units,
    refuse_outside_etc,
)
from pasarela.hostnet.networkd.writing import addressing, bridge_settings, netdev
from pasarela.hostnet.sections import Section, Sections
from pasarela.model.interface_config import BridgeConfig, InterfaceConfig

_PREFIXES = ("10-", "05-", "01-", "00-")


def bridged(units: Units, change: Bridging) -> Units:
    """With the bridge, and its first port's addresses on it."""
    bridge = change.bridge
    ports = bridge.details.ports if isinstance(bridge.details, BridgeConfig) else ()
    for port in ports:
        refuse_unfit(units, port, bridge.name)
    found = units.network(ports[0].name, ports[0].mac) if ports else None
    prefix = prefix_before(units, found, bridge.name)
    own = bridge.ipv4 is not None or bridge.ipv6 is not None or not change.keep
    units = _with_netdev(units, bridge, prefix)
    for index, port in enumerate(ports):
        units = with_port(units, bridge.name, port, prefix, keep=index == 0 and not own)
    if own:
        units = _with_addresses(units, bridge, prefix)
    return _with_network(units, bridge.name, prefix)


def unbridged(units: Units, name: str) -> Units:
    """Without the bridge, and its addresses on its first port."""
    made = units.netdev(name)
    if made is None:
        return units
    network = units.network(name)
    own = network if network is not None and network.is_only_for(name) else None
    ports = units.ports(name)
    first = first_port(own, ports)
    for unit in ports:
        given = own if unit is first else None
        units = without_bridge(units, unit, name, given)
    for unit in filter(None, (made, own)):
        units = removed(units, unit)
    return units


def added(units: Units, bridge: str, port: InterfaceConfig) -> Units:
    """With one more port, which has no addresses then."""
    refuse_unfit(units, port, bridge)
    found = units.network(port.name, port.mac)
    return with_port(units, bridge, port, prefix_before(units, found, bridge), keep=False)


def removed(units: Units, unit: Unit) -> Units:
    """Without a unit's file and drop-ins."""
    for part in unit.parts:
        refuse_outside_etc(part.path)
        units = units.having(part.path, None)
    return units


def refuse_unfit(units: Units, port: InterfaceConfig, master: str) -> None:
    """Raises HostnetRefused: the interface cannot be a port of the bridge."""
    if port.name.startswith("wl"):
        raise HostnetRefused(
            f"{port.name} is a Wi-Fi interface: access points take frames of one sender only",
            remedy="use a wired interface for the bridge, or a NAT network for the guests",
        )
    found = units.network(port.name, port.mac)
    masters = [] if found is None else found.all("Network", "Bridge") + found.all("Network", "Bond")
    if [other for other in masters if other != master]:
        raise HostnetRefused(
            f"{port.name} is a port of {masters[-1]} already",
            remedy=f"take it out of {masters[-1]} first, or name {masters[-1]} as the port",
        )
    unclear = next((unit for unit in units.of_kind(".network") if unit.is_unclear), None)
    if found is None and unclear is not None:
        raise HostnetRefused(
            f"{unclear.path} may be the file of {port.name}: its [Match] names no interface",
            remedy=f"write Name={port.name} into the [Match] of the file that is meant",
        )


def prefix_before(units: Units, found: Unit | None, bridge: str) -> str:
    """What the names of new files begin with, so that they come before those that fit too."""
    also = units.network(bridge)
    names = [unit.name for unit in (also,) if unit and not unit.is_only_for(bridge)]
    if found is not None and not found.open and _is_pattern(found):
        names.append(found.name)
    own = _number(found.name) if found else _PREFIXES[0]
    for prefix in (own, *_PREFIXES):
        if all(f"{prefix}{bridge}" < name for name in names):
            return prefix
    raise HostnetRefused(
        f"no new file would come before {names[0]}, which fits {bridge} too",
        remedy=f"give {names[0]} a name with a higher number",
    )


def with_port(
    units: Units, bridge: str, port: InterfaceConfig, prefix: str, *, keep: bool
) -> Units:
    """With a port; with ``keep`` its addresses move to the bridge, else they go."""
    unit = units.network(port.name, port.mac)
    if unit is not None and bridge in unit.all("Network", "Bridge") and is_bare(unit):
        return units
    own = unit is not None and unit.is_only_for(port.name)
    file = unit.name if unit is not None and own else f"{prefix}{port.name}.network"
    target = Target.of(bridge, prefix, port.name, file) if keep else None
    if unit is not None and own:
        return with_port_file(units, bridge, unit, target)
    if unit is not None and target is not None:
        units = copied(units, unit, target)
    return units.having(ETC / file, Addressing((f"Bridge={bridge}",)).on(port.name, ()))


def _is_pattern(unit: Unit) -> bool:
    names = (unit.get("Match", "Name") or "").split()
    return len(names) != 1 or bool(set(names[0]) & set("*?[!"))


def _with_netdev(units: Units, bridge: InterfaceConfig, prefix: str) -> Units:
    made = units.netdev(bridge.name)
    if made is None:
        return units.having(ETC / f"{prefix}{bridge.name}.netdev", netdev(bridge))
    if made.get("NetDev", "Kind") != "bridge":
        raise HostnetRefused(
            f"{bridge.name} is a {made.get('NetDev', 'Kind')} in {made.path}",
            remedy="give the bridge another name",
        )
    details = bridge.details if isinstance(bridge.details, BridgeConfig) else BridgeConfig()
    text = made.parts[0].sections.with_values("Bridge", bridge_settings(details))
    text = text.with_values("NetDev", {"MACAddress": bridge.mac} if bridge.mac else {})
    if text == made.parts[0].sections:
        return units
    refuse_outside_etc(made.path)
    return units.having(made.path, text)


def _with_network(units: Units, bridge: str, prefix: str) -> Units:
    """networkd brings a link up that has a .network file, be there nothing in it."""
    found = units.network(bridge)
    if found is not None and found.is_only_for(bridge):
        return units
    return units.having(ETC / f"{prefix}{bridge}.network", Addressing().on(bridge, ()))


def _with_addresses(units: Units, bridge: InterfaceConfig, prefix: str) -> Units:
    """The bridge's own addresses, in the place of what its file says of them."""
    new = addressing(bridge)
    found = units.network(bridge.name)
    if found is None or not found.is_only_for(bridge.name):
        return units.having(ETC / f"{prefix}{bridge.name}.network", new.on(bridge.name, ()))
    return units.having(found.path, with_addressing(found.parts[0].sections, new))


def with_addressing(text: Sections, new: Addressing) -> Sections:
    """A .network file with other addresses."""
    rest, old = split(text, None)
    if old.said == new.said:
        return text
    network = rest.first("Network")
    if network is None:
        made = Section("Network", ("[Network]", *new.lines))
        rest = rest.appended(*([made] if new.lines else []))
    else:
        filled = network.inserted(len(network.trimmed.lines), new.lines)
        empty = not list(filled.settings)
        rest = rest.replaced(network, *([] if empty else [filled]))
    return rest.trimmed.appended(*new.sections) if new.sections else rest


def _number(name: str) -> str:
    found = re.match(r"\d+-", name)
    return found[0] if found else _PREFIXES[0]
