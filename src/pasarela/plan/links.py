"""A network's bridge: link, addresses, routes and kernel settings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv6Interface, ip_interface, ip_network
from typing import ClassVar

from pasarela.model.network import ForwardMode, MacTableManager, Network, Route
from pasarela.model.values import MacAddress
from pasarela.plan.facts import Facts
from pasarela.plan.resources import (
    BridgeLink,
    LinkAddress,
    LinkRoute,
    LinkUp,
    Rank,
    Resource,
    Sysctl,
)

# The kernel's limits on the forward delay while STP is on (BR_MIN/MAX_FORWARD_DELAY), in
# hundredths of a second. Turning STP on clamps to them; setting the delay afterwards fails.
MIN_FORWARD_DELAY = 200
MAX_FORWARD_DELAY = 3000


@dataclass(frozen=True, slots=True)
class ForeignLink:
    """A device of somebody else's that bears the name of one of ours: seen, never touched."""

    rank: ClassVar[Rank] = Rank.LINK
    name: str
    kind: str

    @property
    def key(self) -> tuple[str, ...]:
        return ("link", self.name)

    def describe(self) -> str:
        return f"{self.kind} {self.name} that is not ours"


def bridge_resources(network: Network, facts: Facts) -> Iterator[Resource]:
    """Everything about the bridge of a network that has one of its own."""
    link = bridge_link(network, facts)
    yield link
    yield LinkUp(link.name)
    yield from _link_sysctls(network, facts)
    for address in (*addresses(network), *_link_local(network)):
        if address.version == 4 or facts.capabilities.ipv6:
            yield LinkAddress(link.name, address)
    for route in network.routes:
        if route.address.version == 4 or facts.capabilities.ipv6:
            yield _route(link.name, route)
    yield from _forwarding(network, facts)


def bridge_link(network: Network, facts: Facts) -> BridgeLink:
    stp = network.bridge.stp is not False
    return BridgeLink(
        name=bridge_name(network),
        mac=_mac(network),
        mtu=network.mtu,
        stp=stp,
        forward_delay=_forward_delay(network.bridge.delay or 0, stp=stp),
        vlan_filtering=wants_vlan_filtering(network) and facts.capabilities.vlan_filtering,
    )


def bridge_name(network: Network) -> str:
    """The bridge's name, which a network has from its definition on."""
    if network.bridge.name is None:
        raise ValueError(f"network {network.name} has no bridge name yet")
    return network.bridge.name


def addresses(network: Network) -> tuple[IPv4Interface | IPv6Interface, ...]:
    """The host's own addresses on the network, in the document's order."""
    return tuple(ip_interface(f"{ip.address}/{ip.prefix_length}") for ip in network.ips)


def _link_local(network: Network) -> Iterator[IPv6Interface]:
    """The bridge's link-local address, which the kernel would give it with its first guest.

    Given beforehand, dnsmasq binds it as it starts (router advertisements name it as DNS server),
    and the first guest's router solicitation is answered (else after its second: 4 s).
    """
    if any(ip.address.version == 6 for ip in network.ips):
        octets = _mac(network).octets
        eui64 = bytes([octets[0] ^ 2]) + octets[1:3] + b"\xff\xfe" + octets[3:]
        yield IPv6Interface((b"\xfe\x80" + bytes(6) + eui64, 64))


def wants_vlan_filtering(network: Network) -> bool:
    return network.bridge.mac_table_manager is MacTableManager.LIBVIRT


def forwards(network: Network) -> bool:
    """Whether the host routes between this network and others."""
    return network.forward.mode in (ForwardMode.NAT, ForwardMode.ROUTE, ForwardMode.OPEN)


def _mac(network: Network) -> MacAddress:
    if network.mac is None:
        raise ValueError(f"network {network.name} has no MAC address yet")
    return network.mac


def _forward_delay(seconds: int, *, stp: bool) -> int:
    centiseconds = min(seconds * 100, MAX_FORWARD_DELAY)
    return max(centiseconds, MIN_FORWARD_DELAY) if stp else centiseconds


def _link_sysctls(network: Network, facts: Facts) -> Iterator[Sysctl]:
    """What keeps guests from configuring the host's side of the bridge.

    It must stand before the link is up: the first router advertisement may come right then.
    """
    if network.forward.mode is ForwardMode.NONE and not network.ips:
        # Very isolated: Linux would answer there for every address of the host (ip-sysctl.rst).
        yield Sysctl(f"net/ipv4/conf/{bridge_name(network)}/arp_ignore", "8")
    if not facts.capabilities.ipv6:
        return
    conf = f"net/ipv6/conf/{bridge_name(network)}"
    used = any(ip.address.version == 6 for ip in network.ips)
    yield Sysctl(f"{conf}/disable_ipv6", "0" if used else "1")
    yield Sysctl(f"{conf}/accept_ra", "0")
    yield Sysctl(f"{conf}/autoconf", "0")


def _route(bridge: str, route: Route) -> LinkRoute:
    prefix = route_prefix(route)
    return LinkRoute(
        link=bridge,
        destination=ip_network(f"{route.address}/{prefix}", strict=False),
        gateway=route.gateway,
        metric=1 if route.metric is None else route.metric,
    )


def route_prefix(route: Route) -> int:
    """The prefix in force: given, from the netmask, or the whole of it for a default route."""
    if route.prefix is not None:
        return route.prefix
    if route.netmask is not None:
        return ip_network(f"0.0.0.0/{route.netmask}").prefixlen
    if int(route.address) == 0:
        return 0
    return _class_prefix(route.address.packed[0]) if route.address.version == 4 else 64


def _class_prefix(first_octet: int) -> int:
    return 8 if first_octet < 128 else 16 if first_octet < 192 else 24


def _forwarding(network: Network, facts: Facts) -> Iterator[Sysctl]:
    if not forwards(network):
        return
    versions = {ip.address.version for ip in network.ips}
    if 4 in versions:
        yield Sysctl("net/ipv4/ip_forward", "1", rank=Rank.FORWARDING)
    if 6 in versions and facts.capabilities.ipv6:
        # A host that forwards forgets the routes that it learned from advertisements, but for
        # links whose accept_ra is 2; so that comes first.
        for uplink in sorted(facts.ra_uplinks):
            yield Sysctl(f"net/ipv6/conf/{uplink}/accept_ra", "2")
        yield Sysctl("net/ipv6/conf/all/forwarding", "1", rank=Rank.FORWARDING)
