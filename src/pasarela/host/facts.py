"""What is true of this host, read from the kernel and from resolv.conf."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from ipaddress import IPv4Interface, IPv6Interface, ip_address
from pathlib import Path

from pasarela.host import sysctl
from pasarela.host.netlink import addresses, links, routes
from pasarela.host.netlink.routes import RouteInfo
from pasarela.host.netlink.socket import NetlinkSocket
from pasarela.model.values import IpAddress
from pasarela.plan.facts import Capabilities, Facts, RouteFact

RESOLV_CONF = Path("/etc/resolv.conf")
_CLASS_NET = Path("/sys/class/net")

Addresses = Mapping[str, tuple[IPv4Interface | IPv6Interface, ...]]


def read_facts(
    socket: NetlinkSocket,
    capabilities: Capabilities,
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
        links=frozenset(names.values()),
        addresses=_addresses(socket, names),
        routes=tuple(RouteFact(one.destination, names.get(one.index, "?")) for one in found),
        name_servers=tuple(name_servers()),
        lease_helper=lease_helper,
        ra_uplinks=frozenset(_ra_uplinks(found, names)),
        wireless=frozenset(name for name in names.values() if is_wireless(name)),
    )


def probe_capabilities() -> Capabilities:
    """What this kernel offers without trying anything."""
    return Capabilities(
        ipv6=sysctl.exists("net/ipv6/conf/all/disable_ipv6"),
        vlan_filtering=True,
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
        for payload in socket.dump(routes.get_all(version)):
            route = routes.parse(payload)
            if route is not None:
                yield route


def _ra_uplinks(found: Iterable[RouteInfo], names: Mapping[int, str]) -> Iterator[str]:
    """Links that learned a route from an advertisement and would stop once the host forwards."""
    learned = {names.get(one.index) for one in found if one.protocol == routes.RTPROT_RA}
    for name in learned:
        if name and sysctl.read(f"net/ipv6/conf/{name}/accept_ra") == "1":
            yield name
