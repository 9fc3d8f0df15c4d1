"""What an interface shall be, as NetworkManager's settings."""

from __future__ import annotations

from collections.abc import Iterable

from pasarela.hostnet.networkmanager.profiles import uuid_of
from pasarela.hostnet.sections import Section, Sections
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
from pasarela.model.values import IpAddress

Pairs = list[tuple[str, object]]


def connection(interface: InterfaceConfig) -> Section:
    """A new profile's [connection]."""
    pairs: Pairs = [
        ("id", interface.name),
        ("uuid", uuid_of(interface.name)),
        ("type", interface.type.value),
        ("interface-name", interface.name),
    ]
    if interface.start is StartMode.NONE:
        pairs.append(("autoconnect", "false"))
    return Section.new("connection", pairs)


def profile(interface: InterfaceConfig, addresses: Iterable[Section] | None = None) -> Sections:
    """A new profile; ``addresses`` are sections that say it in their own words already."""
    kind = [*kind_sections(interface)]
    own = address_sections(interface) if addresses is None else list(addresses)
    return Sections((), (connection(interface),)).appended(*kind, *own)


def kind_sections(interface: InterfaceConfig) -> list[Section]:
    """What is said of an interface besides its addresses.

    A bridge's own hardware address is in its [bridge]: [ethernet] says the MTU.
    """
    match interface.details:
        case BridgeConfig() as bridge:
            pairs = [*bridge_pairs(bridge)]
            pairs += [("mac-address", interface.mac.upper())] if interface.mac else []
            return [*_ethernet(None, interface.mtu), Section.new("bridge", pairs)]
        case BondConfig() as bond:
            return [*_ethernet(interface.mac, interface.mtu), Section.new("bond", _bond(bond))]
        case VlanConfig(tag=tag, parent=parent):
            vlan = Section.new("vlan", [("id", tag), ("parent", parent)])
            return [*_ethernet(interface.mac, interface.mtu), vlan]
        case _:
            return _ethernet(interface.mac, interface.mtu)


def bridge_pairs(bridge: BridgeConfig) -> Pairs:
    """Without STP there is nothing to wait for: NetworkManager takes a delay of 0 only so."""
    delay = bridge.forward_delay
    if not bridge.stp:
        return [("forward-delay", f"{delay or 0:g}"), ("stp", "false")]
    written: Pairs = [] if delay is None else [("forward-delay", f"{delay:g}")]
    return [*written, ("stp", "true")]


def address_sections(interface: InterfaceConfig) -> list[Section]:
    """[ipv4] and [ipv6]; a family that is not mentioned has no addresses."""
    four, six = interface.ipv4 or IpConfig(), interface.ipv6 or IpConfig()
    four_dns = [server for server in interface.dns.servers if server.version == 4]
    six_dns = [server for server in interface.dns.servers if server.version == 6]
    search = interface.dns.search
    return [
        Section.new("ipv4", _family(_method4(four), four, DnsConfig(tuple(four_dns), search))),
        Section.new("ipv6", _family(_method6(interface), six, DnsConfig(tuple(six_dns)))),
    ]


def _ethernet(mac: str | None, mtu: int | None) -> list[Section]:
    pairs: Pairs = [("cloned-mac-address", mac.upper())] if mac else []
    pairs += [("mtu", mtu)] if mtu else []
    return [Section.new("ethernet", pairs)] if pairs else []


def _method4(ip: IpConfig) -> str:
    if ip.dhcp:
        return "auto"
    return "manual" if ip.addresses else "disabled"


def _method6(interface: InterfaceConfig) -> str:
    ip = interface.ipv6
    if ip is None:
        return "disabled"
    if ip.autoconf:
        return "auto"
    if ip.dhcp:
        return "dhcp"
    return "manual" if ip.addresses else "link-local"


def _family(method: str, ip: IpConfig, dns: DnsConfig) -> Pairs:
    """NetworkManager writes keys in the alphabet's order."""
    if method == "disabled":
        return [("method", method)]
    pairs: Pairs = [(f"address{i}", address) for i, address in enumerate(ip.addresses, 1)]
    pairs += [("dns", _list(dns.servers))] if dns.servers else []
    pairs += [("dns-search", _list(dns.search))] if dns.search else []
    pairs += [("gateway", ip.gateway)] if ip.gateway else []
    if ip.peer_dns is not None and (ip.dhcp or ip.autoconf):
        pairs.append(("ignore-auto-dns", "false" if ip.peer_dns else "true"))
    pairs.append(("method", method))
    return pairs + [(f"route{i}", _route(route)) for i, route in enumerate(ip.routes, 1)]


def _route(route: ConfiguredRoute) -> str:
    parts = [str(route.destination), str(route.gateway or "")]
    parts += [str(route.metric)] if route.metric is not None else []
    return ",".join(parts).rstrip(",")


def _list(items: Iterable[IpAddress | str]) -> str:
    return "".join(f"{item};" for item in items)


def _bond(bond: BondConfig) -> Pairs:
    pairs: Pairs = [("mode", bond.mode)] if bond.mode else []
    match bond.monitor:
        case MiiMonitor(frequency=frequency, up_delay=up, down_delay=down):
            pairs.append(("miimon", frequency))
            pairs += [("updelay", up)] if up else []
            pairs += [("downdelay", down)] if down else []
        case ArpMonitor(interval=interval, target=target, validate=validate):
            pairs += [("arp_interval", interval), ("arp_ip_target", target)]
            pairs += [("arp_validate", validate)] if validate else []
        case _:
            pass
    return pairs


def port(name: str, lines: Iterable[str]) -> Sections:
    """A new profile of a port."""
    section = connection(InterfaceConfig(name, InterfaceType.ETHERNET))
    return Sections((), (section.inserted(len(section.lines), lines),))
