"""An interface as it shall be, written into netplan's files, or taken out of them."""

from __future__ import annotations

from pasarela.errors import HostnetRefused, InterfaceNotFound
from pasarela.hostnet.netplan.bridging import refuse_in_use, without
from pasarela.hostnet.netplan.entries import overwritten, says, says_just, with_settings
from pasarela.hostnet.netplan.layers import LAYER3
from pasarela.hostnet.netplan.merged import Configuration, Device, refuse_outside_etc
from pasarela.hostnet.netplan.ports import declared, forgotten, found_port, home, silent
from pasarela.hostnet.netplan.reading import interface as read
from pasarela.hostnet.netplan.style import Value
from pasarela.hostnet.netplan.writing import SECTION_OF, device_settings
from pasarela.model.interface_config import (
    BondConfig,
    BridgeConfig,
    InterfaceConfig,
    VlanConfig,
)

_DESCRIBED = LAYER3 | {
    "activation-mode",
    "id",
    "interfaces",
    "link",
    "macaddress",
    "mtu",
    "optional",
    "parameters",
}
"""What an interface document says; everything else that a file says of it stays."""

_SHARED = {"parameters"}
"""Of these an interface document says a part alone."""


def defined(configuration: Configuration, interface: InterfaceConfig) -> Configuration:
    """With just this said of the interface."""
    section = SECTION_OF[interface.type]
    device = configuration.find(interface.name)
    if device is not None and device.section != section:
        raise HostnetRefused(
            f"{interface.name} is in the netplan files already, under {device.section}",
            remedy=f"undefine it first: virsh iface-undefine {interface.name}",
        )
    if device is not None and read(configuration, device) == interface:
        return configuration
    configuration, ids = _below(configuration, interface)
    return _written(configuration, interface, device, ids)


def undefined(configuration: Configuration, name: str) -> Configuration:
    """Without the interface. Raises InterfaceNotFound: the files do not name it."""
    device = configuration.find(name)
    if device is None:
        raise InterfaceNotFound(f"couldn't find interface named '{name}'")
    refuse_in_use(configuration, device)
    for id in device.members:
        configuration = forgotten(configuration, id, device)
    return without(configuration, ("network", device.section, device.id))


def _below(
    configuration: Configuration, interface: InterfaceConfig
) -> tuple[Configuration, list[str]]:
    """The ids of what the interface stands on, which are declared where missing."""
    match interface.details:
        case BridgeConfig(ports=ports) | BondConfig(ports=ports):
            pass
        case VlanConfig(parent=parent):
            ports = (InterfaceConfig(parent),)
        case _:
            ports = ()
    ids = []
    for port in ports:
        configuration = declared(configuration, port, home(configuration, None))
        if isinstance(interface.details, VlanConfig):
            ids.append((configuration.find(port.name) or _only(port.name)).id)
            continue
        member = found_port(configuration, port, interface.name)
        configuration = silent(configuration, member)
        ids.append(member.id)
    return configuration, ids


def _only(name: str) -> Device:
    return Device("ethernets", name, {})


def _written(
    configuration: Configuration,
    interface: InterfaceConfig,
    device: Device | None,
    ids: list[str],
) -> Configuration:
    settings = device_settings(interface, ids) or {"dhcp4": False}  # netplan wants some word
    held = device.settings if device else {}
    keys = ("network", SECTION_OF[interface.type], device.id if device else interface.name)
    place = home(configuration, device)
    new = {key: value for key, value in settings.items() if key not in held}
    configuration = configuration.with_document(with_settings(place, keys, new))
    for key in held:
        same = says if key in _SHARED else says_just
        if key in settings and not same(held[key], settings[key]):
            configuration = _changed(configuration, keys, key, settings[key])
        elif key in _DESCRIBED and key not in settings:
            configuration = without(configuration, (*keys, key))
    return configuration


def _changed(
    configuration: Configuration, keys: tuple[str, ...], key: str, value: Value
) -> Configuration:
    """With another value where the old one stands; what several files say together goes."""
    documents = configuration.holding(*keys, key)
    if len(documents) > 1:
        configuration = without(configuration, (*keys, key))
        place = next(_ for _ in configuration.documents if _.path == documents[-1].path)
        return configuration.with_document(with_settings(place, keys, {key: value}))
    refuse_outside_etc(documents[0], keys[-1])
    whole = key not in _SHARED
    changed = overwritten(documents[0], (*keys, key), value, whole=whole)
    return configuration.with_document(changed)
