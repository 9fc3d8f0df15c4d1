"""What is true of this host, read from the kernel and from resolv.conf."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from errno import ENOENT
from functools import lru_cache
from ipaddress import IPv4Interface, IPv4Network, IPv6Interface, ip_address
from pathlib import Path
from socket import if_nameindex
from sys import byteorder

from pasarela.host import sysctl
from pasarela.host.netlink import addresses, links, routes
from pasarela.host.netlink.routes import RouteInfo
from pasarela.host.netlink.socket import NetlinkError, NetlinkSocket
from pasarela.host.sriov import virtual_functions
from pasarela.model.network import ForwardMode, Network
from pasarela.model.values import IpAddress
from pasarela.plan.facts import Capabilities, Facts, RouteFact, Services

RESOLV_CONF = Path("/etc/resolv.conf")
_CLASS_NET = Path("/sys/class/net")
_RTF_UP = 0x1

Addresses = Mapping[str, tuple[IPv4Interface | IPv6Interface, ...]]


def read_facts(
    socket: NetlinkSocket,
    capabilities: Capabilities,
    services: Services,
    lease_helper: str | None,
) -> Facts:
    """A snapshot of the host.

    Raises:
        NetlinkError: the kernel refused to list something.
    """
    names = dict(links.parse_name(payload) for payload in socket.dump(links.get_all()))
    found = list(_routes(socket, capabilities))
    return Facts(
        capabilities=capabilities,
        services=services,
        links=frozenset(names.values()),
        addresses=_addresses(socket, names),
        routes=tuple(RouteFact(one.destination, names.get(one.index, "?")) for one in found),
        name_servers=tuple(name_servers()),
        lease_helper=lease_helper,
        ra_uplinks=frozenset(_ra_uplinks(found, names)),
        wireless=frozenset(name for name in names.values() if is_wireless(name)),
    )


def read_basics(capabilities: Capabilities, services: Services, lease_helper: str | None) -> Facts:
    """What a running network's plan depends on; costs the same however many networks there are."""
    return Facts(
        capabilities=capabilities,
        services=services,
        name_servers=tuple(name_servers()),
        lease_helper=lease_helper,
    )


def read_for_start(socket: NetlinkSocket, basics: Facts, networks: Iterable[Network]) -> Facts:
    """What starting these networks depends on besides: the IPv4 routes, and the links by name.

    IPv6's are only looked at if one of the networks will turn on its forwarding.

    Raises:
        NetlinkError: the kernel refused to list something.
    """
    asked = {name for network in networks for name in _named_links(network)}
    learned: Iterable[str] = ()
    if basics.capabilities.ipv6 and any(_forwards_ipv6(network) for network in networks):
        learned = _ra_uplinks(_routes(socket, basics.capabilities), dict(if_nameindex()))
    return replace(
        basics,
        links=frozenset(link_names()),
        routes=tuple(ipv4_routes()),
        ra_uplinks=frozenset(learned),
        wireless=frozenset(name for name in asked if is_wireless(name)),
        virtual_functions={pf: virtual_functions(pf) for pf in _physical_functions(networks)},
    )


def _physical_functions(networks: Iterable[Network]) -> Iterator[str]:
    return (network.forward.pf for network in networks if network.forward.pf is not None)


def link_names(table: Path = Path("/proc/thread-self/net/dev")) -> Iterator[str]:
    """The names of all links; the kernel's text costs far less than a dump that tells of each."""
    try:
        lines = table.read_text(errors="surrogateescape").splitlines()[2:]
    except OSError:
        return
    for line in lines:
        yield line.partition(":")[0].strip()


def ipv4_routes(table: Path = Path("/proc/thread-self/net/route")) -> Iterator[RouteFact]:
    """The IPv4 routes of the main table, as the kernel's text has them.

    Reading it costs a tenth of a netlink dump, which tells of the same routes and more.
    """
    try:
        lines = table.read_text().splitlines()[1:]
    except OSError:
        return iter(())
    found = map(_route, lines)
    return (route for route in found if route is not None)


@lru_cache(maxsize=4096)
def _route(line: str) -> RouteFact | None:
    """One line, and the next time the same one: most of a host's routes stay as they are."""
    fields = line.split()
    if not int(fields[3], 16) & _RTF_UP:
        return None
    return RouteFact(_destination(fields[1], fields[7]), fields[0])


def _destination(address: str, mask: str) -> IPv4Network:
    """From two numbers in hexadecimal, in the byte order of the machine."""
    packed = int(address, 16).to_bytes(4, byteorder)
    length = int(mask, 16).bit_count()
    return IPv4Network((packed, length))


def _named_links(network: Network) -> Iterator[str]:
    if network.bridge.name is not None and not network.forward.mode.owns_bridge:
        yield network.bridge.name
    for interface in network.forward.interfaces:
        if interface.dev is not None:
            yield interface.dev


def _forwards_ipv6(network: Network) -> bool:
    return network.forward.mode is not ForwardMode.NONE and any(
        ip.address.version == 6 for ip in network.ips
    )


def name_servers() -> Iterator[IpAddress]:
    """The host's name servers as resolv.conf has them.

    systemd-resolved's stub (127.0.0.53) is as good for dnsmasq as for any program of the host, and
    unlike the servers behind it, it stays.
    """
    try:
        lines = RESOLV_CONF.read_text(errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        words = line.split()
        if len(words) >= 2 and words[0] == "nameserver":
            with suppress(ValueError):
                yield ip_address(words[1])


def is_wireless(link: str) -> bool:
    folder = _CLASS_NET / link
    return (folder / "wireless").exists() or (folder / "phy80211").exists()


def _addresses(socket: NetlinkSocket, names: Mapping[int, str]) -> Addresses:
    held: dict[str, tuple[IPv4Interface | IPv6Interface, ...]] = {}
    for payload in socket.dump(addresses.get_all()):
        index, address = addresses.parse(payload)
        name = names.get(index, "?")
        held[name] = (*held.get(name, ()), address)
    return held


def _routes(socket: NetlinkSocket, capabilities: Capabilities) -> Iterator[RouteInfo]:
    for version in (4, 6) if capabilities.ipv6 else (4,):
        for payload in _dump_routes(socket, version):
            route = routes.parse(payload)
            if route is not None:
                yield route


def _dump_routes(socket: NetlinkSocket, version: int) -> list[bytes]:
    try:
        return socket.dump(routes.get_all(version))
    except NetlinkError as error:
        if error.errno == ENOENT:  # no link was ever up, so there is no table yet
            return []
        raise


def _ra_uplinks(found: Iterable[RouteInfo], names: Mapping[int, str]) -> Iterator[str]:
    """Links that learned a route from an advertisement and would stop once the host forwards."""
    learned = {names.get(one.index) for one in found if one.protocol == routes.RTPROT_RA}
    for name in learned:
        if name and sysctl.read(f"net/ipv6/conf/{name}/accept_ra") == "1":
            yield name
