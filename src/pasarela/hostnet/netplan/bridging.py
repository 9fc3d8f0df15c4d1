"""A bridge in the place of its first port, and back, in netplan's files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pasarela.errors import HostnetRefused
from pasarela.hostnet.manager import Bridging
from pasarela.hostnet.netplan.document import Document
from pasarela.hostnet.netplan.editing import Fragment, joined, removed
from pasarela.hostnet.netplan.entries import says, with_entries, with_settings
from pasarela.hostnet.netplan.layers import (
    COPIED,
    LAYER3,
    Runs,
    extracted,
    in_alphabet,
    is_port,
    restored,
    silenced,
    switched_off,
)
from pasarela.hostnet.netplan.merged import Configuration, Device, refuse_outside_etc, truth
from pasarela.hostnet.netplan.ports import below, declared, forgotten, found_port, home, silent
from pasarela.hostnet.netplan.style import style_of
from pasarela.hostnet.netplan.writing import NewSettings, address_settings, bridge_settings
from pasarela.model.interface_config import BridgeConfig, InterfaceConfig


def bridged(configuration: Configuration, change: Bridging) -> Configuration:
    """With the bridge, and its first port's addresses on it."""
    bridge = change.bridge
    _refuse_other_kind(configuration, bridge.name)
    members = bridge.details.ports if isinstance(bridge.details, BridgeConfig) else ()
    unknown = {port.name for port in members if configuration.find(port.name, port.mac) is None}
    for member in members:
        place = home(configuration, configuration.device(bridge.name))
        configuration = declared(configuration, member, place)
    ports = [found_port(configuration, member, bridge.name) for member in members]
    own = bridge_settings(bridge, [port.id for port in ports], _copied(ports))
    place = home(configuration, configuration.device(bridge.name) or next(iter(ports), None))
    place = below(configuration, [port.id for port in ports], place)
    if change.keep and bridge.ipv4 is None and bridge.ipv6 is None:
        source = next((port for port in ports[:1] if port.id not in unknown), None)
        configuration = _moved(configuration, source, place, bridge.name, own)
    else:
        configuration = _told(configuration, place, bridge, own | address_settings(bridge))
    for port in ports:
        configuration = silent(configuration, port)
    return configuration


def unbridged(configuration: Configuration, name: str) -> Configuration:
    """Without the bridge, and its addresses on its first port."""
    bridge = configuration.find(name)
    if bridge is None or bridge.section != "bridges":
        return configuration
    refuse_in_use(configuration, bridge)
    ports = [_declared_or_not(configuration, id) for id in bridge.members]
    receiver = ports[0] if ports and any(key in LAYER3 for key in bridge.settings) else None
    for port in ports:
        if port is not receiver:
            configuration = forgotten(configuration, port.id, bridge)
    keys = ("network", "bridges", bridge.id)
    for document in configuration.holding(*keys):
        refuse_outside_etc(document, bridge.name)
        changed = _given_back(document, keys, receiver) if receiver else document
        configuration = configuration.with_document(removed(changed, keys))
    return configuration


def _declared_or_not(configuration: Configuration, id: str) -> Device:
    """A port; people forget its entry, which netplan refuses."""
    return configuration.device(id) or Device("ethernets", id, {})


def refuse_in_use(configuration: Configuration, device: Device) -> None:
    """Raises HostnetRefused: something else in the files stands on the device."""
    users = [
        other.name
        for other in configuration.devices
        if other.settings.get("link") == device.id or device.id in other.members
    ]
    if users:
        raise HostnetRefused(
            f"{', '.join(users)} in the netplan files stands on {device.name}",
            remedy=f"remove {users[0]} first",
        )


def _refuse_other_kind(configuration: Configuration, name: str) -> None:
    other = configuration.device(name)
    if other is not None and other.section != "bridges":
        raise HostnetRefused(
            f"{name} is in the netplan files already, under {other.section}",
            remedy="give the bridge another name",
        )


def _copied(ports: list[Device]) -> NewSettings:
    """What the bridge says as its first port does, so that the same renderer makes it, and the
    boot waits for it no longer than it did for the port."""
    settings = ports[0].settings if ports else {}
    copied = {key: settings[key] for key in COPIED if key in settings}
    return {key: value if (word := truth(value)) is None else word for key, value in copied.items()}


@dataclass(frozen=True, slots=True)
class _Share:
    """What one file says of the first port's addresses."""

    document: Document
    parts: list[Fragment]


def _moved(
    configuration: Configuration,
    port: Device | None,
    place: Document,
    name: str,
    own: NewSettings,
) -> Configuration:
    """In each file what it says of the port's addresses is said of the bridge."""
    bridge = configuration.device(name)
    shares = list(_shares(configuration, port, bridge))
    if place.path not in [share.document.path for share in shares]:
        shares.append(_Share(place, []))
    for share in shares:
        new = _missing(bridge, own) if share.document.path == place.path else {}
        changed = with_settings(share.document, ("network", "bridges", name), new, share.parts)
        configuration = configuration.with_document(changed)
    return configuration


def _shares(
    configuration: Configuration, port: Device | None, bridge: Device | None
) -> Iterator[_Share]:
    """Nothing where the port is one already: what it says then is that it has no addresses."""
    if port is None or (bridge and port.id in bridge.members and is_port(port.settings)):
        return
    keys = ("network", port.section, port.id)
    for document in configuration.holding(*keys):
        mapping = document.own(*keys)
        if mapping and Runs.of(mapping).ranges:
            refuse_outside_etc(document, port.name)
            yield _Share(document, extracted(document, mapping))


def _told(
    configuration: Configuration, place: Document, bridge: InterfaceConfig, own: NewSettings
) -> Configuration:
    """The bridge has addresses of its own: what the files said of them gives way."""
    keys = ("network", "bridges", bridge.name)
    held = configuration.device(bridge.name)
    for key in held.settings if held else ():
        if key in LAYER3 and key not in own:
            configuration = without(configuration, (*keys, key))
    place = next((_ for _ in configuration.documents if _.path == place.path), place)
    new = _missing(configuration.device(bridge.name), own)
    return configuration.with_document(with_settings(place, keys, new))


def without(configuration: Configuration, keys: tuple[str, ...]) -> Configuration:
    """Without that key in any file."""
    for document in configuration.holding(*keys):
        refuse_outside_etc(document, ".".join(keys[1:]))
        configuration = configuration.with_document(removed(document, keys))
    return configuration


def _missing(bridge: Device | None, own: NewSettings) -> NewSettings:
    held = bridge.settings if bridge else {}
    return {key: value for key, value in own.items() if not says(held.get(key), value)}


def _given_back(document: Document, bridge: tuple[str, ...], port: Device) -> Document:
    """The bridge's addresses in this file, on the port."""
    entries = document.own(*bridge)
    if entries is None or not Runs.of(entries).ranges:
        return document
    parts = extracted(document, entries)
    keys = ("network", port.section, port.id)
    target = document.own(*keys)
    if target is None:
        return with_entries(document, keys, joined(parts, style_of(document)))
    if not is_port(target.plain):
        document = silenced(document, keys, switched_off({}))
    if len(parts) > 1 and not in_alphabet(target.keys):
        parts = [joined(parts, style_of(document))]
    return restored(document, keys, parts)
