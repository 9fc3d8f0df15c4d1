"""What an interface shall be, as systemd-networkd's settings."""

from __future__ import annotations

from pasarela.hostnet.networkd.splitting import Addressing
from pasarela.hostnet.sections import Section, Sections
from pasarela.model.interface import ArpMonitor, MiiMonitor
from pasarela.model.interface_config import (
    BondConfig,
    BridgeConfig,
    ConfiguredRoute,
    InterfaceConfig,
    IpConfig,
    StartMode,
    VlanConfig,
)

Pairs = list[tuple[str, object]]


def netdev(interface: InterfaceConfig) -> Sections:
    """The .netdev file of an interface that networkd makes."""
    own: Pairs = [("Name", interface.name), ("Kind", interface.type.value)]
    own += [("MACAddress", interface.mac)] if interface.mac else []
    own += [("MTUBytes", interface.mtu)] if interface.mtu else []
    return Sections((), (Section.new("NetDev", own),)).appended(*_details(interface))


def bridge_settings(details: BridgeConfig) -> dict[str, object]:
    """Without STP there is nothing to wait for, so that the forward delay is 0."""
    settings: dict[str, object] = {"STP": _word(bool(details.stp))}
    delay = details.forward_delay if details.stp or details.forward_delay is not None else 0
    return settings if delay is None else settings | {"ForwardDelaySec": f"{delay:g}"}


def addressing(interface: InterfaceConfig) -> Addressing:
    """What is said of its addresses; an address or route that needs no more is one line."""
    network: Pairs = []
    dhcp = _dhcp(interface)
    network += [("DHCP", dhcp)] if dhcp else []
    if interface.ipv6 is not None:
        network.append(("IPv6AcceptRA", _word(interface.ipv6.autoconf)))
    families = [ip for ip in (interface.ipv4, interface.ipv6) if ip is not None]
    network += [("Address", address) for ip in families for address in ip.addresses]
    network += [("Gateway", ip.gateway) for ip in families if ip.gateway]
    network += [("DNS", server) for server in interface.dns.servers]
    network += [("Domains", " ".join(interface.dns.search))] if interface.dns.search else []
    lines = tuple(f"{key}={value}" for key, value in network)
    return Addressing(lines, tuple(_spaced_sections(interface, families)))


def link_settings(interface: InterfaceConfig) -> dict[str, object]:
    """What [Link] says of an interface that is there already."""
    settings: dict[str, object] = {"MACAddress": interface.mac} if interface.mac else {}
    settings |= {"MTUBytes": interface.mtu} if interface.mtu else {}
    if interface.start is StartMode.NONE:
        settings["ActivationPolicy"] = "manual"
    if interface.start is StartMode.HOTPLUG:
        settings["RequiredForOnline"] = "no"
    return settings


def _dhcp(interface: InterfaceConfig) -> str | None:
    four = bool(interface.ipv4 and interface.ipv4.dhcp)
    six = bool(interface.ipv6 and interface.ipv6.dhcp)
    words = {(True, True): "yes", (True, False): "ipv4", (False, True): "ipv6"}
    return words.get((four, six))


def _spaced_sections(interface: InterfaceConfig, families: list[IpConfig]) -> list[Section]:
    sections = [_route(route) for ip in families for route in ip.routes]
    for name, ip in (("DHCPv4", interface.ipv4), ("DHCPv6", interface.ipv6)):
        if ip is not None and ip.dhcp and ip.peer_dns is not None:
            sections.append(Section.new(name, [("UseDNS", _word(ip.peer_dns))]))
    return [*(each.spaced() for each in sections[:-1]), *sections[-1:]]


def _route(route: ConfiguredRoute) -> Section:
    pairs: Pairs = [("Destination", route.destination)]
    pairs += [("Gateway", route.gateway)] if route.gateway else [("Scope", "link")]
    pairs += [("Metric", route.metric)] if route.metric is not None else []
    return Section.new("Route", pairs)


def _details(interface: InterfaceConfig) -> list[Section]:
    match interface.details:
        case BridgeConfig() as bridge:
            return [Section.new("Bridge", bridge_settings(bridge).items())]
        case VlanConfig(tag=tag):
            return [Section.new("VLAN", [("Id", tag)])]
        case BondConfig() as bond:
            settings = _bond(bond)
            return [Section.new("Bond", settings)] if settings else []
        case _:
            return []


def _bond(bond: BondConfig) -> Pairs:
    pairs: Pairs = [("Mode", bond.mode)] if bond.mode else []
    match bond.monitor:
        case MiiMonitor(frequency=frequency, up_delay=up, down_delay=down):
            pairs.append(("MIIMonitorSec", f"{frequency}ms"))
            pairs += [("UpDelaySec", f"{up}ms")] if up else []
            pairs += [("DownDelaySec", f"{down}ms")] if down else []
        case ArpMonitor(interval=interval, target=target, validate=validate):
            pairs += [("ARPIntervalSec", f"{interval}ms"), ("ARPIPTargets", target)]
            pairs += [("ARPValidate", validate)] if validate else []
        case _:
            pass
    return pairs


def _word(value: bool) -> str:
    return "yes" if value else "no"
