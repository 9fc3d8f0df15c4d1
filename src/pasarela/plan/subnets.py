"""Choosing what a new network needs: a free subnet, and a free bridge name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPV4LENGTH, IPv4Network, IPv6Network, ip_network

from pasarela.errors import InternalError
from pasarela.model.network import Network
from pasarela.plan.facts import Facts
from pasarela.plan.links import route_prefix

DEFAULT_SUBNET = IPv4Network("192.168.122.0/24")
_POOLS = (
    IPv4Network("192.168.0.0/16"),
    IPv4Network("172.16.0.0/12"),
    IPv4Network("10.0.0.0/8"),
)
_MAX_BRIDGE = 256
_DEFAULT_PATTERN = "virbr%d"

Subnet = IPv4Network | IPv6Network


def free_subnet(facts: Facts, networks: Iterable[Network] = (), prefix: int = 24) -> IPv4Network:
    """The first private subnet that overlaps nothing that the host or a network knows.

    libvirt's own 192.168.122.0/24 is preferred, then those after it, then the other private
    ranges (RFC 1918).

    Raises:
        InternalError: every private subnet of this size is taken.
    """
    taken = [one for one in taken_subnets(facts, networks) if isinstance(one, IPv4Network)]
    home = _POOLS[0]
    places = [(home, DEFAULT_SUBNET), *((pool, pool) for pool in _POOLS[1:]), (home, home)]
    for pool, beginning in places:
        found = _first_free(pool, int(beginning.network_address), prefix, taken)
        if found is not None:
            return found
    raise InternalError(
        f"no free private IPv4 subnet with prefix {prefix} is left",
        remedy="name one with --subnet",
    )


def clashes(subnet: Subnet, facts: Facts, networks: Iterable[Network] = ()) -> list[str]:
    """Who already uses an overlapping subnet, in words; empty where it is free."""
    found = [
        f"route to {fact.destination} through {fact.link}"
        for fact in facts.routes
        if fact.destination.prefixlen and _overlap(subnet, fact.destination)
    ]
    found += [
        f"network '{network.name}' ({other})"
        for network in networks
        for other in _network_subnets(network)
        if _overlap(subnet, other)
    ]
    found += [
        f"address {address} on {link}"
        for link, addresses in facts.addresses.items()
        for address in addresses
        if _overlap(subnet, address.network)
    ]
    return found


def taken_subnets(facts: Facts, networks: Iterable[Network]) -> set[Subnet]:
    """All subnets in use; a default route takes none."""
    routes = {fact.destination for fact in facts.routes if fact.destination.prefixlen}
    addresses = {address.network for held in facts.addresses.values() for address in held}
    defined = {subnet for network in networks for subnet in _network_subnets(network)}
    return routes | addresses | defined


def free_bridge_name(
    networks: Iterable[Network],
    links: Iterable[str],
    pattern: str | None = None,
    limit: int = _MAX_BRIDGE,
) -> str:
    """The first ``virbr%d`` that no network and no device has.

    A ``pattern`` with exactly one ``%``, which is ``%d``, is used in its place.

    Raises:
        InternalError: all names up to number ``limit`` are taken; libvirt's is 256.
    """
    form = pattern if pattern and pattern.count("%") == 1 and "%d" in pattern else _DEFAULT_PATTERN
    taken = {network.bridge.name for network in networks} | set(links)
    for number in range(limit + 1):
        name = form.replace("%d", str(number))
        if name not in taken:
            return name
    raise InternalError(
        f"Bridge generation exceeded max id {limit}",
        remedy=f"name the bridge yourself: <bridge name='virbr{limit + 1}'/>",
    )


def _network_subnets(network: Network) -> Iterator[Subnet]:
    for ip in network.ips:
        try:
            yield ip.network
        except ValueError:  # a netmask with holes; such a network never starts
            continue
    for route in network.routes:
        yield ip_network(f"{route.address}/{route_prefix(route)}", strict=False)


def _first_free(
    pool: IPv4Network, beginning: int, prefix: int, taken: Iterable[IPv4Network]
) -> IPv4Network | None:
    """The first free subnet in ``pool`` at or around ``beginning``, leaping over what is taken."""
    size = 1 << (IPV4LENGTH - prefix)
    number = beginning & -size
    while number in range(int(pool.network_address), int(pool.broadcast_address) - size + 2):
        candidate = IPv4Network((number, prefix))
        ends = [int(one.broadcast_address) for one in taken if one.overlaps(candidate)]
        if not ends:
            return candidate
        number = (max(*ends, number + size - 1) + size) & -size
    return None


def _overlap(one: Subnet, other: Subnet) -> bool:
    return one.version == other.version and one.overlaps(other)
