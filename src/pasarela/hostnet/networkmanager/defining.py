"""An interface as it shall be, written into NetworkManager's keyfiles, or taken out of them."""

from __future__ import annotations

from pasarela.errors import HostnetRefused, InterfaceNotFound
from pasarela.hostnet.networkmanager.bridging import released, with_addresses, with_port
from pasarela.hostnet.networkmanager.profiles import (
    Profile,
    Profiles,
    place_of,
    refuse_outside_etc,
)
from pasarela.hostnet.networkmanager.reading import interface as read
from pasarela.hostnet.networkmanager.writing import (
    address_sections,
    kind_sections,
)
from pasarela.hostnet.networkmanager.writing import (
    port as port_profile,
)
from pasarela.hostnet.networkmanager.writing import (
    profile as new_profile,
)
from pasarela.hostnet.sections import Sections
from pasarela.model.interface_config import BondConfig, BridgeConfig, InterfaceConfig, StartMode

_DESCRIBED = {
    "ethernet": ("cloned-mac-address", "mtu"),
    "bridge": ("stp", "forward-delay", "mac-address"),
}


def defined(profiles: Profiles, interface: InterfaceConfig) -> Profiles:
    """With just this said of the interface."""
    held = profiles.of(interface.name)
    if held is not None and read(profiles, held) == interface:
        return profiles
    if held is None:
        profiles = profiles.having(place_of(interface.name), new_profile(interface))
    else:
        _refuse_other_type(held, interface)
        refuse_outside_etc(held.path)
        profiles = profiles.having(held.path, _overwritten(held.sections, interface))
    return _with_members(profiles, interface)


def undefined(profiles: Profiles, name: str) -> Profiles:
    """Without the interface. Raises InterfaceNotFound: no profile names it."""
    profile = profiles.of(name)
    if profile is None:
        raise InterfaceNotFound(f"couldn't find interface named '{name}'")
    refuse_outside_etc(profile.path)
    for port in profiles.ports(profile):
        profiles = released(profiles, port, None)
    return profiles.having(profile.path, None)


def _refuse_other_type(held: Profile, interface: InterfaceConfig) -> None:
    if held.type != interface.type.value:
        raise HostnetRefused(
            f"{interface.name} is of type {held.type} in {held.path}",
            remedy=f"undefine it first: virsh iface-undefine {interface.name}",
        )


def _overwritten(text: Sections, interface: InterfaceConfig) -> Sections:
    for section in kind_sections(interface):
        text = text.with_values(section.name, {_.key: _.value for _ in section.settings})
    for name, keys in _DESCRIBED.items():
        wanted = {
            _.key for each in kind_sections(interface) if each.name == name for _ in each.settings
        }
        text = _without(text, name, set(keys) - wanted)
    off = interface.start is StartMode.NONE
    if off or text.get("connection", "autoconnect") is not None:
        text = text.with_values("connection", {"autoconnect": "false" if off else "true"})
    return with_addresses(text, address_sections(interface))


def _without(text: Sections, name: str, keys: set[str]) -> Sections:
    """Without these keys of a section, and without the section if it has no other."""
    for section in text.named(name):
        left, taken, _ = section.split(lambda setting: setting.key in keys)
        if taken:
            text = text.replaced(section, *([left] if list(left.settings) else []))
    return text


def _with_members(profiles: Profiles, interface: InterfaceConfig) -> Profiles:
    match interface.details:
        case BridgeConfig(ports=ports):
            for port in ports:
                profiles = with_port(profiles, interface.name, port)
        case BondConfig(ports=ports):
            for port in ports:
                profiles = _with_bond_port(profiles, interface.name, port.name)
        case _:
            pass
    return profiles


def _with_bond_port(profiles: Profiles, bond: str, name: str) -> Profiles:
    held = profiles.of(name)
    names = profiles.names
    lines = {names.controller: bond, names.kind: "bond"}
    if held is None:
        text = port_profile(name, [f"{key}={value}" for key, value in lines.items()])
        return profiles.having(place_of(name), text)
    if held.controller == bond:
        return profiles
    refuse_outside_etc(held.path)
    return profiles.having(held.path, held.sections.with_values("connection", lines))
