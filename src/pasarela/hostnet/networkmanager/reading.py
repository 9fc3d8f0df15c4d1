"""What NetworkManager's profiles say of the interfaces."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from ipaddress import IPv4Interface, IPv6Interface, ip_address, ip_interface, ip_network
from typing import TypeVar

from pasarela.hostnet.networkmanager.profiles import Profile, Profiles
from pasarela.model.interface import ArpMonitor, InterfaceType, MiiMonitor
from pasarela.model.interface_config import (
    BondConfig,
    BridgeConfig,
    ConfiguredRoute,
    DnsConfig,
    InterfaceConfig,
    IpConfig,
    StartMode,
    VlanConfig,
)
from pasarela.model.values import IpAddress, MacAddress

_TYPES = {
    "ethernet": InterfaceType.ETHERNET,
    "wifi": InterfaceType.ETHERNET,
    "bridge": InterfaceType.BRIDGE,
    "bond": InterfaceType.BOND,
    "vlan": InterfaceType.VLAN,
}
_TRUE, _FALSE = ("true", "yes", "1"), ("false", "no", "0")
Address = IPv4Interface | IPv6Interface
_Parsed = TypeVar("_Parsed")


def interfaces(profiles: Profiles) -> list[InterfaceConfig]:
    """The interfaces that the profiles name; of several for one, the most urgent."""
    names = {each.interface for each in profiles.all if each.type in _TYPES and each.interface}
    found = (profiles.of(name) for name in sorted(names))
    return [interface(profiles, profile) for profile in found if profile is not None]


def interface(profiles: Profiles, profile: Profile) -> InterfaceConfig:
    """One of them; values that cannot be read are left out: the checks name them."""
    cloned = profile.get("ethernet", "cloned-mac-address")
    mac = profile.get("bridge", "mac-address") if profile.type == "bridge" else cloned
    return InterfaceConfig(
        name=profile.interface or profile.id,
        type=_TYPES.get(profile.type, InterfaceType.ETHERNET),
        start=StartMode.NONE if _off(profile) else StartMode.ONBOOT,
        mac=parsed(MacAddress, mac or cloned),
        mtu=parsed(int, profile.get("ethernet", "mtu")),
        ipv4=None if profile.controller else _ip(profile, 4),
        ipv6=None if profile.controller else _ip(profile, 6),
        dns=_dns(profile),
        details=_details(profiles, profile),
    )


def truth(value: str | None) -> bool | None:
    word = (value or "").lower()
    return word in _TRUE if word in (*_TRUE, *_FALSE) else None


def parsed(parse: Callable[[str], _Parsed], value: str | None) -> _Parsed | None:
    if value is None:
        return None
    try:
        return parse(value)
    except ValueError:
        return None


def numbered(profile: Profile, section: str, word: str) -> list[str]:
    """The values of ``address1``, ``address2``, … in the order of their numbers."""
    found = [
        (int(match[1] or 0), setting.value)
        for each in profile.sections.named(section)
        for setting in each.settings
        if (match := re.fullmatch(rf"{word}(?:es|s)?(\d*)", setting.key))
    ]
    return [value for _, value in sorted(found, key=lambda pair: pair[0])]


def items(value: str | None) -> list[str]:
    return [item.strip() for item in re.split(r"[;,]", value or "") if item.strip()]


def _off(profile: Profile) -> bool:
    return truth(profile.get("connection", "autoconnect")) is False


def _ip(profile: Profile, version: int) -> IpConfig | None:
    section = f"ipv{version}"
    method = profile.get(section, "method") or "auto"
    if method in ("disabled", "ignore"):
        return None
    addresses = tuple(_addresses(profile, section))
    ignored = truth(profile.get(section, "ignore-auto-dns"))
    automatic = method in ("auto", "dhcp")
    return IpConfig(
        dhcp=automatic and (version == 4 or method == "dhcp"),
        autoconf=version == 6 and method == "auto",
        peer_dns=None if ignored is None or not automatic else not ignored,
        addresses=addresses,
        gateway=_gateway(profile, section),
        routes=tuple(_routes(profile, section)),
    )


def _addresses(profile: Profile, section: str) -> Iterator[Address]:
    """``address1=192.0.2.2/24,192.0.2.1``: the gateway may stand behind."""
    for value in numbered(profile, section, "address"):
        address = parsed(ip_interface, value.split(",")[0].strip())
        if address is not None:
            yield address


def _gateway(profile: Profile, section: str) -> IpAddress | None:
    addresses = (value.split(",") for value in numbered(profile, section, "address"))
    behind = [parts[1] for parts in addresses if len(parts) > 1]
    written = [profile.get(section, "gateway"), *behind]
    found = (parsed(ip_address, value.strip()) for value in written if value)
    return next((gateway for gateway in found if gateway and int(gateway)), None)


def _routes(profile: Profile, section: str) -> Iterator[ConfiguredRoute]:
    for value in numbered(profile, section, "route"):
        to, via, metric, *_ = [*value.split(","), "", ""]
        destination = parsed(ip_network, to.strip())
        if destination is not None:
            gateway, distance = parsed(ip_address, via.strip()), parsed(int, metric)
            yield ConfiguredRoute(destination, gateway, distance)


def _dns(profile: Profile) -> DnsConfig:
    both = ("ipv4", "ipv6")
    servers = [parsed(ip_address, _) for family in both for _ in items(profile.get(family, "dns"))]
    search = [word for family in both for word in items(profile.get(family, "dns-search"))]
    return DnsConfig(tuple(server for server in servers if server), tuple(search))


def _details(profiles: Profiles, profile: Profile) -> BridgeConfig | BondConfig | VlanConfig | None:
    match profile.type:
        case "bridge":
            stp = truth(profile.get("bridge", "stp"))
            delay = parsed(float, profile.get("bridge", "forward-delay"))
            return BridgeConfig(_ports(profiles, profile), stp, delay)
        case "bond":
            mode = profile.get("bond", "mode")
            return BondConfig(_ports(profiles, profile), mode, _monitor(profile))
        case "vlan":
            tag = parsed(int, profile.get("vlan", "id"))
            parent = profile.get("vlan", "parent")
            return VlanConfig(tag, parent) if parent and tag is not None else None
        case _:
            return None


def _ports(profiles: Profiles, profile: Profile) -> tuple[InterfaceConfig, ...]:
    found = profiles.ports(profile)
    return tuple(interface(profiles, port) for port in found if port.type != "bridge")


def _monitor(profile: Profile) -> MiiMonitor | ArpMonitor | None:
    def number(key: str) -> int:
        return parsed(int, profile.get("bond", key)) or 0

    if number("miimon"):
        return MiiMonitor(number("miimon"), number("downdelay"), number("updelay"))
    target = items(profile.get("bond", "arp_ip_target"))
    if number("arp_interval") and target:
        validate = profile.get("bond", "arp_validate")
        return ArpMonitor(number("arp_interval"), target[0], validate)
    return None
