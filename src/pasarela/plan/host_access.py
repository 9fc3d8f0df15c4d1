"""What the host's own macvlan beside its guests' macvtaps is, on the host.

What the host sends from its address there leaves through the macvlan, by a rule of its own; all
else goes the way that it went before. So nothing of the host's own traffic moves, and the source
filter (rp_filter) of either device sees what it expects.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Interface, IPv6Interface, ip_interface

from pasarela.model.host_access import HostAccess, host_access
from pasarela.model.network import Network
from pasarela.model.paths import Paths
from pasarela.plan.facts import Facts
from pasarela.plan.resources import (
    DhcpClient,
    LinkAddress,
    LinkUp,
    MacvlanLink,
    OnLinkRoute,
    Resource,
    SourceRule,
    Sysctl,
)

MAIN_TABLE = 254


def host_access_resources(network: Network, facts: Facts, paths: Paths) -> Iterator[Resource]:
    """
    Raises:
        ConfigUnsupported: the network's metadata cannot be understood.
    """
    access = host_access(network)
    if access is None or network.forward.dev is None:
        return
    yield MacvlanLink(access.link, network.forward.dev, access.mac)
    yield LinkUp(access.link)
    yield from _sysctls(access, facts)
    for version in access.asked:
        if version == 4 or facts.capabilities.ipv6:
            yield _asking(network.name, access, version, paths)
    for address in access.addresses:
        yield from _static(access, address)
    yield from _ways_to_guests(access)


def _asking(name: str, access: HostAccess, version: int, paths: Paths) -> DhcpClient:
    return DhcpClient(
        network=name,
        link=access.link,
        table=access.table,
        guests=tuple(one for one in access.guests if one.version == version),
        pid_file=paths.host_access_pid(name, version),
        leases=paths.host_access_leases(name, version),
        version=version,
    )


def _sysctls(access: HostAccess, facts: Facts) -> Iterator[Sysctl]:
    """It answers for its own address alone: the NIC answers for the host's others."""
    conf = f"net/ipv4/conf/{access.link}"
    yield Sysctl(f"{conf}/arp_ignore", "1")
    yield Sysctl(f"{conf}/arp_announce", "2")
    if facts.capabilities.ipv6:  # the kernel would add a second route to the LAN, and a default one
        yield Sysctl(f"net/ipv6/conf/{access.link}/accept_ra", "0")


def _static(access: HostAccess, address: IPv4Interface | IPv6Interface) -> Iterator[Resource]:
    """A prefix of all bits, for with the LAN's the kernel would add a second route to the LAN."""
    yield LinkAddress(access.link, ip_interface(address.ip))
    yield OnLinkRoute(access.link, address.network, address.ip, access.table)
    yield SourceRule(address.ip, access.table)


def _ways_to_guests(access: HostAccess) -> Iterator[OnLinkRoute]:
    """From the first fixed address of their version; to the others who asks for one sees itself."""
    for guests in access.guests:
        mine = [one.ip for one in access.addresses if one.version == guests.version]
        if mine:
            yield OnLinkRoute(access.link, guests, mine[0], MAIN_TABLE)
