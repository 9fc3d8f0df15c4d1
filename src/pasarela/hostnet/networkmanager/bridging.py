"""A bridge in the place of its first port, and back, in NetworkManager's keyfiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pasarela.errors import HostnetRefused, Location
from pasarela.hostnet.manager import Bridging
from pasarela.hostnet.networkmanager.profiles import (
    NEW,
    OLD,
    Profile,
    Profiles,
    place_of,
    refuse_outside_etc,
    uuid_of,
)
from pasarela.hostnet.networkmanager.writing import (
    address_sections,
    bridge_pairs,
)
from pasarela.hostnet.networkmanager.writing import (
    port as port_profile,
)
from pasarela.hostnet.networkmanager.writing import (
    profile as new_profile,
)
from pasarela.hostnet.sections import Section, Sections, Setting
from pasarela.model.interface_config import BridgeConfig, InterfaceConfig

ADDRESSED = frozenset({"ipv4", "ipv6", "proxy", "hostname"})
"""Sections about addresses; a port's profile may have none of them."""

MOVING_KEYS = frozenset(
    {"zone", "metered", "secondaries", "mdns", "llmnr", "dns-over-tls", "wait-device-timeout"}
    | {"mptcp-flags", "lldp-rx"}
)
"""What [connection] says of addresses, too."""

_PORT_KEYS = {name for names in (OLD, NEW) for name in (names.controller, names.kind)}
_FIRST = "pasarela.first-port"
"""A key of [user], where programs may leave notes: no profile lists a bridge's ports in order."""


def bridged(profiles: Profiles, change: Bridging) -> Profiles:
    """With the bridge, and its first port's addresses on it."""
    bridge = change.bridge
    ports = bridge.details.ports if isinstance(bridge.details, BridgeConfig) else ()
    found = [_port(profiles, port, bridge.name) for port in ports]
    own = bridge.ipv4 is not None or bridge.ipv6 is not None or not change.keep
    rivals = [_rivals(profiles, *pair) for pair in zip(ports, found, strict=True)]
    source = None if own or not found else found[0] or next(iter(rivals[0]), None)
    profiles = _with_bridge(profiles, bridge, source, own=own)
    for port, profile, others in zip(ports, found, rivals, strict=True):
        profiles = _as_port(profiles, port.name, profile, bridge.name, others)
    return profiles


def _rivals(profiles: Profiles, port: InterfaceConfig, own: Profile | None) -> list[Profile]:
    """Other profiles that may take the port's device before its own does, as one for any card."""
    return [each for each in profiles.rivals(port.name, port.mac) if each != own]


def unbridged(profiles: Profiles, name: str) -> Profiles:
    """Without the bridge, and its addresses on its first port."""
    bridge = profiles.bridge(name)
    if bridge is None:
        return profiles
    refuse_outside_etc(bridge.path)
    ports = profiles.ports(bridge)
    told = bridge.get("user", _FIRST)
    first = next((port for port in ports if port.uuid == told), next(iter(ports), None))
    for port in ports:
        profiles = released(profiles, port, bridge if port is first else None)
    return profiles.having(bridge.path, None)


def with_port(profiles: Profiles, bridge: str, port: InterfaceConfig) -> Profiles:
    """With one more port, which has no addresses then."""
    found(profiles, bridge)
    own = _port(profiles, port, bridge)
    rivals = _rivals(profiles, port, own)
    return _as_port(profiles, port.name, own, bridge, rivals)


def without_port(profiles: Profiles, bridge: str, port: str) -> Profiles:
    """With one port less."""
    ports = profiles.ports(found(profiles, bridge))
    profile = next((each for each in ports if each.interface == port), None)
    return profiles if profile is None else released(profiles, profile, None)


def found(profiles: Profiles, bridge: str) -> Profile:
    """Raises HostnetRefused: there is no profile of such a bridge."""
    profile = profiles.bridge(bridge)
    if profile is None:
        raise HostnetRefused(
            f"NetworkManager has no profile of a bridge {bridge}",
            remedy=f"make it: pasarela host-bridge create {bridge} --port INTERFACE",
        )
    return profile


def released(profiles: Profiles, port: Profile, bridge: Profile | None) -> Profiles:
    """A port's profile that is none any more; it gets the bridge's addresses if that is given.

    A profile that was made for nothing but the port goes: without it, NetworkManager gives the
    device a profile of its own, as it did before.
    """
    refuse_outside_etc(port.path)
    sections = tuple(each for each in _sections(bridge) if each.name in ADDRESSED)
    made_for_it = port.uuid == uuid_of(port.interface or "")
    if made_for_it and (
        bridge is None or _is_as_by_itself(sections) or _is_a_rivals(profiles, port, sections)
    ):
        return profiles.having(port.path, None)
    _, lines, _ = _connection(bridge).split(_moves) if bridge else (None, (), 0)
    connection = _connection(port)
    rest, _, place = connection.split(lambda setting: setting.key in _PORT_KEYS)
    text = port.sections.replaced(connection, rest.inserted(place, lines))
    return profiles.having(port.path, _with_sections(text, sections, bridge))


def _with_sections(
    text: Sections, sections: tuple[Section, ...], bridge: Profile | None
) -> Sections:
    """Behind the others, with the gap that the bridge's profile has before them."""
    if not sections or bridge is None:
        return text
    before = bridge.sections.sections[bridge.sections.sections.index(sections[0]) - 1]
    *others, last = text.sections
    spaced = replace(text, sections=(*others, last.spaced(last.gap or before.gap)))
    return replace(spaced, sections=(*spaced.sections, *sections))


def _port(profiles: Profiles, port: InterfaceConfig, bridge: str) -> Profile | None:
    """The profile of a port, if there is one.

    Raises:
        HostnetRefused: it cannot be a port, or is one elsewhere.
    """
    profile = profiles.of(port.name, port.mac)
    if profile is None:
        return None
    if profile.type == "wifi":
        raise HostnetRefused(
            f"{port.name} is a Wi-Fi interface: access points take frames of one sender only",
            remedy="use a wired interface for the bridge, or a NAT network for the guests",
        )
    own = profiles.bridge(bridge)
    known = {bridge, own.uuid if own else bridge, own.id if own else bridge}
    if profile.controller is not None and profile.controller not in known:
        raise HostnetRefused(
            f"{port.name} is a port of {profile.controller} already, in {profile.path}",
            remedy=f"take it out of {profile.controller} first",
        )
    refuse_outside_etc(profile.path)
    _refuse_several(profiles, port, profile)
    return profile


def _refuse_several(profiles: Profiles, port: InterfaceConfig, own: Profile) -> None:
    """Of several for this very card NetworkManager activates the one that was active last, which
    the files do not tell: another than the port's would keep the card from the bridge."""
    equals = [
        each
        for each in _rivals(profiles, port, own)
        if each.fits(port.name, port.mac) and each.priority == own.priority
    ]
    if equals and own.controller is None:
        raise HostnetRefused(
            f"{port.name} has several profiles that come up by themselves: "
            + ", ".join(sorted(each.id for each in (own, *equals))),
            location=Location(file=str(equals[0].path)),
            remedy="have all but one of them wait, as in: "
            f"nmcli connection modify '{equals[0].id}' connection.autoconnect no",
        )


def _as_port(
    profiles: Profiles,
    name: str,
    profile: Profile | None,
    bridge: str,
    rivals: Sequence[Profile],
) -> Profiles:
    """With a profile of the port that names the bridge and has no addresses.

    A new one is more urgent than those that fit any card.
    """
    lines = profiles.names.lines(bridge)
    if profile is None:
        if rivals:
            lines.append(f"autoconnect-priority={max(each.priority for each in rivals) + 1}")
        return profiles.having(place_of(name), port_profile(name, lines))
    text = profile.sections.without(lambda section: section.name in ADDRESSED)
    text = text.trimmed if text != profile.sections else text
    connection = next(each for each in text.sections if each.name == "connection")
    rest, _, place = connection.split(_moves)
    if profile.controller is None:
        rest = rest.inserted(place, lines)
    return profiles.having(profile.path, text.replaced(connection, rest))


def _with_bridge(
    profiles: Profiles, bridge: InterfaceConfig, source: Profile | None, *, own: bool
) -> Profiles:
    """With a profile of the bridge; what a port's says of addresses comes as it stands."""
    held = profiles.bridge(bridge.name)
    if held is not None:
        return profiles.having(held.path, _overwritten(held, bridge, own=own))
    moved = [each for each in _sections(source) if each.name in ADDRESSED]
    # a profile without a word of addresses has all that it can get by itself
    text = new_profile(bridge, None if own else moved)
    _, lines, _ = _connection(source).split(_moves) if source else (None, (), 0)
    text = text.replaced(text.sections[0], _with_lines(text.sections[0], lines))
    named = source.fits(*_first_port(bridge)) if source else False
    first = (source.uuid if source and named else None) or _first_uuid(bridge)
    text = _before_addresses(text, Section.new("user", [(_FIRST, first)])) if first else text
    return profiles.having(place_of(bridge.name), text)


def _first_port(bridge: InterfaceConfig) -> tuple[str, str | None]:
    assert isinstance(bridge.details, BridgeConfig)
    port = bridge.details.ports[0]
    return port.name, port.mac


def _first_uuid(bridge: InterfaceConfig) -> str | None:
    return uuid_of(bridge.ports[0]) if bridge.ports else None


def _before_addresses(text: Sections, section: Section) -> Sections:
    index = next((i for i, _ in enumerate(text.sections) if _.name in ADDRESSED), None)
    if index is None:
        return text.appended(section)
    sections = (*text.sections[:index], section.spaced(), *text.sections[index:])
    return replace(text, sections=sections)


def _overwritten(profile: Profile, bridge: InterfaceConfig, *, own: bool) -> Sections:
    """A bridge's profile that is there already: with this of its parameters, the rest stays."""
    details = bridge.details if isinstance(bridge.details, BridgeConfig) else BridgeConfig()
    values = dict(bridge_pairs(details))
    if bridge.mac:
        values["mac-address"] = bridge.mac.upper()
    text = profile.sections.with_values("bridge", values)
    return with_addresses(text, address_sections(bridge)) if own else text


def with_addresses(text: Sections, new: Sequence[Section]) -> Sections:
    """A profile with other addresses; a section that says just that already stays."""
    for section in new:
        held = text.first(section.name)
        if held is None:
            text = text.appended(section)
        elif _said(held) != _said(section):
            text = text.replaced(held, section.spaced(held.gap))
    return text


def _said(section: Section) -> list[tuple[str, str]]:
    return sorted((setting.key, setting.value) for setting in section.settings)


def _is_a_rivals(profiles: Profiles, port: Profile, sections: Sequence[Section]) -> bool:
    """Whether the profile that the device had before, as any other, says just these addresses."""
    for rival in profiles.rivals(port.interface or "")[:1]:
        said = [each for each in _sections(rival) if each.name in ADDRESSED]
        return list(map(_said, said)) == list(map(_said, sections))
    return False


def _is_as_by_itself(sections: Sequence[Section]) -> bool:
    """Whether these addresses are those of a device without a profile: all automatic."""
    own = [each for each in sections if each.name in ("ipv4", "ipv6")]
    return all(_said(each) == [("method", "auto")] for each in own)


def _moves(setting: Setting) -> bool:
    return setting.key in MOVING_KEYS


def _with_lines(section: Section, lines: Sequence[str]) -> Section:
    return section.inserted(len(section.trimmed.lines), lines)


def _sections(profile: Profile | None) -> Sequence[Section]:
    return profile.sections.sections if profile else ()


def _connection(profile: Profile) -> Section:
    return next(each for each in profile.sections.sections if each.name == "connection")
