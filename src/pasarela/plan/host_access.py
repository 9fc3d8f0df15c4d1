"""What the host's own macvlan beside its guests' macvtaps is, on the host.

What the host sends from its address there leaves through the macvlan, by a rule of its own; all
else goes the way that it went before. So nothing of the host's own traffic moves, and the source
filter (rp_filter) of either device sees what it expects.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Interface

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
    if access.address is None:
        yield DhcpClient(
            network=network.name,
            link=access.link,
            table=access.table,
            guests=access.guests,
            pid_file=paths.host_access_pid(network.name),
            leases=paths.host_access_leases(network.name),
        )
    else:
        yield from _static(access, access.address)


def _sysctls(access: HostAccess, facts: Facts) -> Iterator[Sysctl]:
    """It answers for its own address alone: the NIC answers for the host's others."""
    conf = f"net/ipv4/conf/{access.link}"
    yield Sysctl(f"{conf}/arp_ignore", "1")
    yield Sysctl(f"{conf}/arp_announce", "2")
    if facts.capabilities.ipv6:  # a second way to the LAN would take the host's IPv6 over
        yield Sysctl(f"net/ipv6/conf/{access.link}/accept_ra", "0")


def _static(access: HostAccess, address: IPv4Interface) -> Iterator[Resource]:
    """A prefix of 32 bits, for with the LAN's the kernel would add a second route to the LAN."""
    yield LinkAddress(access.link, IPv4Interface(f"{address.ip}/32"))
    yield OnLinkRoute(access.link, address.network, address.ip, access.table)
    yield SourceRule(address.ip, access.table)
    if access.guests is not None:
        yield OnLinkRoute(access.link, access.guests, address.ip, MAIN_TABLE)
