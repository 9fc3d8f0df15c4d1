"""What a network must not be when it starts (libvirt's refusals, with a way out beside them).

That a device of the bridge's name exists already is found by the host's adapters.
"""

from __future__ import annotations

from collections.abc import Iterator
from errno import ERANGE
from ipaddress import IPv4Network, IPv6Network, ip_network

from pasarela.errors import ErrorDomain, InternalError, Location, SystemCallFailed
from pasarela.model.network import ForwardMode, Ip, Network
from pasarela.plan.facts import Facts, RouteFact
from pasarela.plan.links import bridge_name, route_prefix

MAX_LINK_NAME = 15  # IFNAMSIZ, less the final NUL


def check_start(network: Network, facts: Facts) -> None:
    """Refuse a start that the host cannot carry out, in libvirt's order.

    Raises:
        InternalError: a route of the host clashes, a netmask has holes, or a firewalld zone is
            asked for.
        SystemCallFailed: the bridge's name is too long for a device.
    """
    if not network.forward.mode.owns_bridge:
        _check_pool(network)
        return
    _check_routes(network, facts)
    _check_bridge_name(bridge_name(network))
    _check_zone(network, facts)
    _check_netmasks(network)


def ipv4_destinations(network: Network) -> set[IPv4Network]:
    """What the host reaches by a network's own bridge once it has started."""
    if not network.forward.mode.owns_bridge:
        return set()
    subnets = map(_subnet, network.ips)
    own = {subnet for subnet in subnets if isinstance(subnet, IPv4Network)}
    return own.union(_route_destinations(network))


def _check_pool(network: Network) -> None:
    """A physical function must have virtual ones to lend; they are the live definition's pool."""
    forward = network.forward
    if forward.pf is not None and not forward.interfaces:
        raise InternalError(
            f"No usable Vf's present on SRIOV PF {forward.pf}",
            location=Location(element="pf"),
            remedy=f"make some: echo 4 > /sys/class/net/{forward.pf}/device/sriov_numvfs",
        )


def _check_routes(network: Network, facts: Facts) -> None:
    """An exact match with a route of the main table is a clash; a larger or smaller one is not."""
    own = bridge_name(network)
    asked = ipv4_destinations(network)
    taken: dict[IPv4Network | IPv6Network | None, RouteFact] = {
        fact.destination: fact
        for fact in reversed(facts.routes)
        if fact.destination in asked and fact.link != own
    }
    for ip in network.ips:
        subnet = _subnet(ip)
        if subnet in taken:
            raise _in_use(network, ip, taken[subnet])
    for destination in _route_destinations(network):
        if destination in taken:
            raise InternalError(
                f"Route address '{destination.network_address}' conflicts with IP address "
                f"for '{taken[destination].link}'",
                domain=ErrorDomain.NONE,
                location=Location(element="route"),
                remedy=f"the host already has a route to {destination}; remove one of the two",
            )


def _in_use(network: Network, ip: Ip, fact: RouteFact) -> InternalError:
    return InternalError(
        f"Network is already in use by interface {fact.link}",
        domain=ErrorDomain.NONE,
        location=Location(element="ip"),
        remedy=(
            f"the host reaches {fact.destination} through {fact.link}; give network "
            f"'{network.name}' another subnet than that of {ip.address} (net-edit)"
        ),
    )


def _route_destinations(network: Network) -> Iterator[IPv4Network]:
    for route in network.routes:
        if route.address.version == 4:
            destination = ip_network(f"{route.address}/{route_prefix(route)}", strict=False)
            assert isinstance(destination, IPv4Network)  # the version says so
            yield destination


def _check_bridge_name(name: str) -> None:
    if len(name.encode()) > MAX_LINK_NAME:
        raise SystemCallFailed(
            f"error creating bridge interface {name}: Numerical result out of range",
            errno=ERANGE,
            location=Location(element="bridge"),
            remedy=f"a device's name has at most {MAX_LINK_NAME} bytes",
        )


def _check_zone(network: Network, facts: Facts) -> None:
    if network.bridge.zone is not None and facts.services.zones is None:
        raise InternalError(
            f"zone {network.bridge.zone} requested for network {network.name} "
            "but firewalld is not active",
            domain=ErrorDomain.NONE,
            location=Location(element="bridge"),
            remedy="leave the zone attribute out; Pasarela's own firewall needs no zone",
        )


def _check_netmasks(network: Network) -> None:
    """libvirt's firewall finds a netmask with holes, or else it is found with the address."""
    bridge = bridge_name(network)
    for ip in network.ips:
        if _subnet(ip) is not None:
            continue
        if network.forward.mode in (ForwardMode.NAT, ForwardMode.ROUTE):
            text, domain = f"Invalid prefix or netmask for '{bridge}'", ErrorDomain.NONE
        else:
            text = f"bridge '{bridge}' has an invalid netmask or IP address"
            domain = ErrorDomain.NETWORK
        raise InternalError(
            text,
            domain=domain,
            location=Location(element="ip"),
            remedy=f"the netmask {ip.netmask} has holes; write a prefix such as prefix='24'",
        )


def _subnet(ip: Ip) -> IPv4Network | IPv6Network | None:
    """None for a netmask with holes."""
    try:
        return ip.network
    except ValueError:
        return None
