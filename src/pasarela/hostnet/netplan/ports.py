"""The interfaces of a bridge or bond in netplan's files."""

from __future__ import annotations

from pasarela.errors import HostnetRefused
from pasarela.hostnet.netplan.document import Document
from pasarela.hostnet.netplan.editing import removed, with_item, without_item, written
from pasarela.hostnet.netplan.entries import with_entries, with_settings
from pasarela.hostnet.netplan.layers import is_port, silenced, switched_off
from pasarela.hostnet.netplan.merged import Configuration, Device, refuse_outside_etc
from pasarela.hostnet.netplan.style import style_of
from pasarela.model.interface_config import InterfaceConfig


def with_port(configuration: Configuration, bridge: str, port: InterfaceConfig) -> Configuration:
    """With one more port in the bridge."""
    device = found_bridge(configuration, bridge)
    configuration = declared(configuration, port, home(configuration, device))
    member = found_port(configuration, port, device.name)
    if member.id not in device.members:
        place = below(configuration, [member.id], home(configuration, device, "interfaces"))
        configuration = configuration.with_document(_with_member(place, device, member.id))
    return silent(configuration, member)


def without_port(configuration: Configuration, bridge: str, port: str) -> Configuration:
    """With one port less in the bridge."""
    device = found_bridge(configuration, bridge)
    member = configuration.find(port)
    if member is None or member.id not in device.members:
        return configuration
    keys = ("network", "bridges", device.id, "interfaces")
    for document in configuration.holding(*keys):
        refuse_outside_etc(document, device.name)
        configuration = configuration.with_document(without_item(document, keys, member.id))
    return forgotten(configuration, member.id, device)


def found_bridge(configuration: Configuration, name: str) -> Device:
    """Raises HostnetRefused: there is no such bridge."""
    device = configuration.find(name)
    if device is None or device.section != "bridges":
        raise HostnetRefused(
            f"the netplan files have no bridge {name}",
            remedy=f"make it: pasarela host-bridge create {name} --port INTERFACE",
        )
    return device


def found_port(configuration: Configuration, port: InterfaceConfig, master: str) -> Device:
    """The device of a port that is declared.

    Raises:
        HostnetRefused: it cannot be a port, or is one elsewhere.
    """
    device = configuration.find(port.name, port.mac)
    assert device is not None, "it is declared"
    _refuse_wireless(device)
    _refuse_pattern(device, port.name)
    other = configuration.master(device.id)
    if other is not None and other.name != master:
        raise HostnetRefused(
            f"{port.name} is a port of {other.name} already",
            remedy=f"take it out of {other.name} first, or name {other.name} as the port",
        )
    return device


def _refuse_wireless(device: Device) -> None:
    if device.section == "wifis":
        raise HostnetRefused(
            f"{device.name} is a Wi-Fi interface: access points take frames of one sender only",
            remedy="use a wired interface for the bridge, or a NAT network for the guests",
        )


def _refuse_pattern(device: Device, name: str) -> None:
    if device.several and device.name != name:
        raise HostnetRefused(
            f"the netplan entry {device.id} fits {name}, and may fit other interfaces too",
            remedy=f"write an entry for {name} alone, and a match for {device.id} without {name}",
        )


def declared(
    configuration: Configuration, port: InterfaceConfig, document: Document
) -> Configuration:
    """With an entry for the port: netplan refuses a bridge whose interface has none."""
    if configuration.find(port.name, port.mac) is not None:
        return configuration
    entry = written(switched_off({}), style_of(document))
    changed = with_entries(document, ("network", "ethernets", port.name), entry)
    return configuration.with_document(changed)


def home(configuration: Configuration, device: Device | None, *key: str) -> Document:
    """The file in which something of a device is to be said: the last that says it already.

    Raises:
        HostnetRefused: that file is not ours to change.
    """
    holding: list[Document] = []
    if device is not None:
        keys = ("network", device.section, device.id)
        holding = list(configuration.holding(*keys, *key)) or list(configuration.holding(*keys))
    if not holding or device is None:
        return configuration.main()
    refuse_outside_etc(holding[-1], device.name)
    return holding[-1]


def below(configuration: Configuration, ids: list[str], place: Document) -> Document:
    """The file for a bridge's list of interfaces: netplan takes none whose entry comes only in a
    later file, so that it is this one or the last that has an entry first."""
    order = [document.path for document in configuration.documents]
    for id in ids:
        device = configuration.device(id)
        if device is None:
            continue
        first = configuration.holding("network", device.section, device.id)[0]
        if place.path in order and order.index(first.path) > order.index(place.path):
            place = first
    refuse_outside_etc(place, "the bridge")
    return place


def silent(configuration: Configuration, port: Device) -> Configuration:
    """With no addresses on a port."""
    keys = ("network", port.section, port.id)
    for document in configuration.holding(*keys):
        mapping = document.mapping(*keys)
        if mapping is None or is_port(mapping.plain):
            continue
        refuse_outside_etc(document, port.name)
        changed = silenced(document, keys, switched_off(mapping.plain))
        configuration = configuration.with_document(changed)
    return configuration


def forgotten(configuration: Configuration, id: str, master: Device) -> Configuration:
    """Without an entry that says only that the interface is a port, where it stands as
    ``declared`` writes it: in its master's file, and in the style of its section."""
    device = configuration.device(id)
    if device is None or list(device.settings) != ["dhcp4"] or not is_port(device.settings):
        return configuration
    section = ("network", device.section)
    for document in configuration.holding("network", master.section, master.id):
        entry, around = document.mapping(*section, id), document.mapping(*section)
        if entry is not None and around is not None and entry.flow == around.flow:
            configuration = configuration.with_document(removed(document, (*section, id)))
    return configuration


def _with_member(document: Document, bridge: Device, id: str) -> Document:
    keys = ("network", "bridges", bridge.id)
    if document.node(*keys, "interfaces") is None:
        return with_settings(document, keys, {"interfaces": [id]})
    return with_item(document, (*keys, "interfaces"), id)
