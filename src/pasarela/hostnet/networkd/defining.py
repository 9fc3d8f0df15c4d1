"""An interface as it shall be, written into systemd-networkd's files, or taken out of them."""

from __future__ import annotations

from pasarela.errors import InterfaceNotFound
from pasarela.hostnet.networkd.bridging import added, removed, with_addressing
from pasarela.hostnet.networkd.moving import without_bridge
from pasarela.hostnet.networkd.reading import interface as read
from pasarela.hostnet.networkd.units import ETC, Unit, Units, refuse_outside_etc
from pasarela.hostnet.networkd.writing import addressing, link_settings, netdev
from pasarela.hostnet.sections import Section, Sections
from pasarela.model.interface import InterfaceType
from pasarela.model.interface_config import BridgeConfig, InterfaceConfig, VlanConfig

_LINK_KEYS = ("MACAddress", "MTUBytes", "ActivationPolicy", "RequiredForOnline")


def defined(units: Units, interface: InterfaceConfig) -> Units:
    """With just this said of the interface."""
    if read(units, interface.name) == interface and _is_named(units, interface.name):
        return units
    if interface.type is not InterfaceType.ETHERNET:
        units = _with_netdev(units, interface)
    units = _with_network(units, interface)
    return _with_members(units, interface)


def undefined(units: Units, name: str) -> Units:
    """Without the interface. Raises InterfaceNotFound: the files do not name it."""
    own = [unit for unit in (units.netdev(name), _own(units, name)) if unit is not None]
    if not own:
        raise InterfaceNotFound(f"couldn't find interface named '{name}'")
    for unit in units.ports(name):
        units = without_bridge(units, unit, name, None)
    for key in ("Bond", "VLAN"):
        for unit in units.ports(name, key):
            units = _not_naming(units, unit, key, name)
    for unit in own:
        units = removed(units, unit)
    return units


def _is_named(units: Units, name: str) -> bool:
    return _own(units, name) is not None


def _own(units: Units, name: str) -> Unit | None:
    found = units.network(name)
    return found if found is not None and found.is_only_for(name) else None


def _with_netdev(units: Units, interface: InterfaceConfig) -> Units:
    found = units.netdev(interface.name)
    path = found.path if found else ETC / f"10-{interface.name}.netdev"
    refuse_outside_etc(path)
    new = netdev(interface)
    if found is None:
        return units.having(path, new)
    same = [section.lines for section in new.sections]
    held = [section.trimmed.lines for section in found.parts[0].sections.sections]
    return units if same == held else units.having(path, new)


def _with_network(units: Units, interface: InterfaceConfig) -> Units:
    found = _own(units, interface.name)
    link = {} if interface.type is not InterfaceType.ETHERNET else link_settings(interface)
    if found is None:
        made = Sections((), (Section.new("Match", [("Name", interface.name)]),))
        path = ETC / f"10-{interface.name}.network"
    else:
        made, path = found.parts[0].sections, found.path
    refuse_outside_etc(path)
    section = made.first("Link")
    if section is not None:
        left, _, _ = section.split(lambda each: each.key in _LINK_KEYS and each.key not in link)
        made = made.replaced(section, *([left] if list(left.settings) else []))
    made = with_addressing(made.with_values("Link", link), addressing(interface))
    return units.having(path, made)


def _with_members(units: Units, interface: InterfaceConfig) -> Units:
    match interface.details:
        case BridgeConfig(ports=ports):
            for port in ports:
                units = added(units, interface.name, port)
        case VlanConfig(parent=parent):
            units = _naming(units, parent, "VLAN", interface.name)
        case _:
            for name in interface.ports:
                units = _naming(units, name, "Bond", interface.name)
    return units


def _naming(units: Units, name: str, key: str, value: str) -> Units:
    """With the interface's [Network] naming what is made of it."""
    unit = _own(units, name)
    if unit is not None and value in unit.all("Network", key):
        return units
    line = f"{key}={value}"
    if unit is None:
        match = Section.new("Match", [("Name", name)])
        made = Sections((), (match,)).appended(Section("Network", ("[Network]", line)))
        return units.having(ETC / f"10-{name}.network", made)
    refuse_outside_etc(unit.path)
    text = unit.parts[0].sections
    network = text.first("Network")
    if network is None:
        text = text.appended(Section("Network", ("[Network]", line)))
    else:
        text = text.replaced(network, network.inserted(len(network.trimmed.lines), [line]))
    return units.having(unit.path, text)


def _not_naming(units: Units, unit: Unit, key: str, value: str) -> Units:
    """The contrary of ``_naming``; a file that says nothing more goes."""
    refuse_outside_etc(unit.path)
    text = unit.parts[0].sections
    for network in text.named("Network"):
        left, _, _ = network.split(lambda each: (each.key, each.value) == (key, value))
        text = text.replaced(network, *([left] if list(left.settings) else []))
    if text.first("Network") is None:
        text = text.trimmed
    idle = [section.name for section in text.sections] == ["Match"]
    return units.having(unit.path, None if idle else text)
