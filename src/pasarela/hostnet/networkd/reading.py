"""What systemd-networkd's units say of the interfaces."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from ipaddress import IPv4Interface, IPv6Interface, ip_address, ip_interface, ip_network
from typing import TypeVar

from pasarela.hostnet.networkd.units import Unit, Units
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

_KINDS = {
    "bridge": InterfaceType.BRIDGE,
    "bond": InterfaceType.BOND,
    "vlan": InterfaceType.VLAN,
}
_WORDS = {"yes": True, "true": True, "on": True, "1": True, "no": False, "false": False}
_WORDS |= {"off": False, "0": False}
_UNITS = {"": 1.0, "s": 1.0, "sec": 1.0, "ms": 0.001, "min": 60.0, "m": 60.0}
Address = IPv4Interface | IPv6Interface
_Parsed = TypeVar("_Parsed")


def interfaces(units: Units) -> list[InterfaceConfig]:
    """The interfaces that the units name, without wildcards."""
    made = [unit.get("NetDev", "Name") or "" for unit in units.of_kind(".netdev") if _known(unit)]
    named = [name for unit in units.of_kind(".network") for name in _literal_names(unit)]
    return [interface(units, name) for name in sorted({*made, *named} - {""})]


def interface(units: Units, name: str) -> InterfaceConfig:
    """One of them; values that cannot be read are left out: the checks name them."""
    network, netdev = units.network(name) or Unit(()), units.netdev(name) or Unit(())
    mac = netdev.get("NetDev", "MACAddress") or network.get("Link", "MACAddress")
    mtu = netdev.get("NetDev", "MTUBytes") or network.get("Link", "MTUBytes")
    return InterfaceConfig(
        name=name,
        type=_KINDS.get(netdev.get("NetDev", "Kind") or "", InterfaceType.ETHERNET),
        start=_start(network),
        mac=_parsed(MacAddress, mac),
        mtu=_parsed(int, mtu),
        ipv4=_ip(network, 4),
        ipv6=_ip(network, 6),
        dns=_dns(network),
        details=_details(units, netdev),
    )


def truth(value: str | None) -> bool | None:
    """systemd's booleans."""
    return _WORDS.get((value or "").lower())


def seconds(value: str | None) -> float | None:
    """A time span of one part: ``15``, ``15s``, ``100ms``."""
    found = re.fullmatch(r"([0-9.]+) *([a-z]*)", value or "")
    if found is None or found[2] not in _UNITS:
        return None
    return float(found[1]) * _UNITS[found[2]]


def names_of(unit: Unit) -> list[str]:
    return [word for value in unit.all("Match", "Name") for word in value.split()]


def _known(unit: Unit) -> bool:
    return unit.get("NetDev", "Kind") in _KINDS


def _literal_names(unit: Unit) -> Iterator[str]:
    return (name for name in names_of(unit) if not set(name) & set("*?[!"))


def _start(network: Unit) -> StartMode:
    if network.get("Link", "ActivationPolicy") in ("manual", "down", "always-down"):
        return StartMode.NONE
    optional = truth(network.get("Link", "RequiredForOnline")) is False
    return StartMode.HOTPLUG if optional else StartMode.ONBOOT


def _ip(network: Unit, version: int) -> IpConfig | None:
    gateways = [_parsed(ip_address, value) for value in network.all("Network", "Gateway")]
    gateways += [route.gateway for route in _routes(network) if _is_default(route)]
    dhcp = network.get("Network", "DHCP") or ""
    accepts = truth(network.get("Network", "IPv6AcceptRA"))
    config = IpConfig(
        dhcp=truth(dhcp) is True or dhcp.lower() == f"ipv{version}",
        autoconf=version == 6 and accepts is True,
        peer_dns=_peer_dns(network, version),
        addresses=tuple(each for each in _addresses(network) if each.version == version),
        gateway=next((each for each in gateways if each and each.version == version), None),
        routes=tuple(
            route
            for route in _routes(network)
            if route.destination.version == version and not _is_default(route)
        ),
    )
    said = version == 6 and accepts is not None
    return config if config != IpConfig() or said else None


def _peer_dns(network: Unit, version: int) -> bool | None:
    own = truth(network.get(f"DHCPv{version}", "UseDNS"))
    return truth(network.get("DHCP", "UseDNS")) if own is None else own


def _addresses(network: Unit) -> Iterator[Address]:
    for section in ("Network", "Address"):
        for value in network.all(section, "Address"):
            address = _parsed(ip_interface, value)
            if address is not None:
                yield address


def _routes(network: Unit) -> Iterator[ConfiguredRoute]:
    sections = (each for part in network.parts for each in part.sections.named("Route"))
    for section in sections:
        gateway = _parsed(ip_address, section.get("Gateway"))
        destination = _parsed(ip_network, section.get("Destination") or _everywhere(gateway))
        if destination is not None:
            yield ConfiguredRoute(destination, gateway, _parsed(int, section.get("Metric")))


def _is_default(route: ConfiguredRoute) -> bool:
    return route.destination.prefixlen == 0 and route.metric is None


def _everywhere(gateway: IpAddress | None) -> str | None:
    if gateway is None:
        return None
    return "::/0" if gateway.version == 6 else "0.0.0.0/0"


def _dns(network: Unit) -> DnsConfig:
    servers = (_parsed(ip_address, word) for word in _all_words(network, "DNS"))
    return DnsConfig(
        tuple(server for server in servers if server), tuple(_all_words(network, "Domains"))
    )


def _all_words(network: Unit, key: str) -> list[str]:
    return [word for value in network.all("Network", key) for word in value.split()]


def _details(units: Units, netdev: Unit) -> BridgeConfig | BondConfig | VlanConfig | None:
    name = netdev.get("NetDev", "Name") or ""
    match netdev.get("NetDev", "Kind"):
        case "bridge":
            stp, delay = netdev.get("Bridge", "STP"), netdev.get("Bridge", "ForwardDelaySec")
            return BridgeConfig(_ports(units, name, "Bridge"), truth(stp), seconds(delay))
        case "bond":
            mode = netdev.get("Bond", "Mode")
            return BondConfig(_ports(units, name, "Bond"), mode, _monitor(netdev))
        case "vlan":
            parent = next((_first_name(unit) for unit in units.ports(name, "VLAN")), None)
            tag = _parsed(int, netdev.get("VLAN", "Id"))
            return VlanConfig(tag, parent) if parent and tag is not None else None
        case _:
            return None


def _ports(units: Units, name: str, key: str) -> tuple[InterfaceConfig, ...]:
    names = [port for unit in units.ports(name, key) for port in _literal_names(unit)]
    return tuple(interface(units, port) for port in names if port != name)


def _first_name(unit: Unit) -> str | None:
    return next(_literal_names(unit), None)


def _monitor(netdev: Unit) -> MiiMonitor | ArpMonitor | None:
    mii = _milliseconds(netdev.get("Bond", "MIIMonitorSec"))
    if mii:
        up, down = (_milliseconds(netdev.get("Bond", f"{key}Sec")) for key in _DELAYS)
        return MiiMonitor(mii, down_delay=down, up_delay=up)
    arp, target = (
        _milliseconds(netdev.get("Bond", "ARPIntervalSec")),
        netdev.get("Bond", "ARPIPTargets"),
    )
    if arp and target:
        return ArpMonitor(arp, target.split()[0], netdev.get("Bond", "ARPValidate"))
    return None


_DELAYS = ("UpDelay", "DownDelay")


def _milliseconds(value: str | None) -> int:
    return round((seconds(value) or 0) * 1000)


def _parsed(parse: Callable[[str], _Parsed], value: str | None) -> _Parsed | None:
    if value is None:
        return None
    try:
        return parse(value)
    except ValueError:
        return None
