"""The definition of a new network of a kind."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv6Interface,
    IPv6Network,
    ip_interface,
    ip_network,
)
from uuid import UUID

from pasarela.cli.newnet.request import Kind, Request, Subnet, Surroundings
from pasarela.errors import InvalidArgument
from pasarela.model.network import (
    AddressRange,
    Bridge,
    DhcpRange,
    DnsDomain,
    Forward,
    ForwardInterface,
    Ip,
    Nat,
    Network,
)
from pasarela.plan.subnets import clashes, free_bridge_name, free_subnet

MAX_BRIDGE = 99999  # libvirt stops at 256 where it chooses; a name may have 15 letters
IPV6_POOL = (0x100, 0x1FF)  # the guests' addresses in an IPv6 subnet, of 2**64


def new_network(request: Request, around: Surroundings) -> Network:
    """The definition, with everything filled in that the request leaves open.

    Raises:
        InvalidArgument: the request contradicts itself, or what it names is taken.
        InternalError: no free subnet or bridge name is left.
    """
    _check(request)
    own_bridge = request.kind.mode.owns_bridge
    subnets = _subnets(request, around) if request.kind.has_addresses else ()
    return Network(
        name=request.name,
        uuid=new_uuid(around),
        forward=_forward(request, around, subnets),
        bridge=_bridge(request, around),
        mac=around.new_mac() if own_bridge else None,
        domain=DnsDomain(request.domain) if request.domain else None,
        ips=_ips(subnets, request),
    )


def new_uuid(around: Surroundings) -> UUID:
    return UUID(bytes=around.random(16), version=4)


def _check(request: Request) -> None:
    """Refuse options that mean nothing for the kind."""
    kind = request.kind
    meaningless = {
        "--subnet": request.subnets and not kind.has_addresses,
        "--dhcp": (request.dhcp or request.dhcp_off) and not kind.has_addresses,
        "--dns-domain": request.domain and not kind.has_addresses,
        "--bridge": request.bridge and kind is Kind.MACVTAP,
        "--host-access": (request.host_access or request.host_access_dhcp)
        and kind is not Kind.MACVTAP,
        "--host-access-guests": request.host_access_guests and kind is not Kind.MACVTAP,
        "--dev": request.dev and kind not in (Kind.NAT, Kind.ROUTE, Kind.MACVTAP),
    }
    for option, given in meaningless.items():
        if given:
            raise InvalidArgument(
                f"{option} means nothing for a network of kind '{kind.value}'",
                remedy=f"leave {option} out, or choose another --kind",
            )


def _forward(request: Request, around: Surroundings, subnets: tuple[Subnet, ...]) -> Forward:
    kind = request.kind
    dev = request.dev
    if kind is Kind.MACVTAP and dev is None:
        dev = _uplink(around)
    has_ipv6 = any(subnet.version == 6 for subnet in subnets)
    return Forward(
        mode=kind.mode,
        interfaces=(ForwardInterface(dev),) if dev else (),
        nat=Nat(ipv6=True) if kind is Kind.NAT and has_ipv6 else None,
    )


def _uplink(around: Surroundings) -> str:
    """The device of the default route."""
    for route in around.facts.routes:
        if route.destination.prefixlen == 0:
            return route.link
    raise InvalidArgument(
        "this host has no default route to find its interface by",
        remedy="name the interface with --dev; 'pasarela iface-list --all' lists them",
    )


def _bridge(request: Request, around: Surroundings) -> Bridge:
    kind = request.kind
    if kind is Kind.BRIDGE:
        if request.bridge is not None:
            _check_is_bridge(request.bridge, around)
        return Bridge(name=request.bridge or _hosts_bridge(around))
    if not kind.mode.owns_bridge:
        return Bridge()
    return quick_bridge(request.bridge, around)


def _check_is_bridge(name: str, around: Surroundings) -> None:
    """One that is not there yet may come."""
    if name in around.facts.links and name not in around.bridges:
        raise InvalidArgument(
            f"'{name}' is no bridge",
            remedy=f"make one over it (pasarela host-bridge create br0 --port {name}), "
            f"or let the guests share it without: --kind macvtap --dev {name}",
        )


def _hosts_bridge(around: Surroundings) -> str:
    """The one bridge that the host has and no network made."""
    made = {one.bridge.name for one in around.networks if one.forward.mode.owns_bridge}
    found = [name for name in around.bridges if name not in made]
    if len(found) == 1:
        return found[0]
    known = f"it has {', '.join(found)}" if found else "there is none yet"
    raise InvalidArgument(
        "a network of kind 'bridge' needs a bridge of the host",
        remedy=f"name it with --bridge, as --bridge br0 ({known})",
    )


def quick_bridge(name: str | None, around: Surroundings) -> Bridge:
    """A bridge of the network's own, forwarding from the start.

    Without STP a guest's first DHCP request is answered at once; with it the kernel holds a new
    port back for 4 s. Only guests are plugged in here, so there is no loop to guard against.
    """
    if name is not None:
        _check_bridge_is_free(name, around)
    else:
        name = free_bridge_name(around.networks, around.facts.links, limit=MAX_BRIDGE)
    return Bridge(name=name, stp=False, delay=0)


def _check_bridge_is_free(name: str, around: Surroundings) -> None:
    for network in around.networks:
        if network.bridge.name == name:
            raise InvalidArgument(
                f"bridge '{name}' belongs to network '{network.name}'",
                remedy="choose another name, or leave --bridge out",
            )
    if name in around.facts.links:
        raise InvalidArgument(
            f"there is an interface '{name}' already",
            remedy="choose another name, or leave --bridge out; "
            "to use a bridge of the host, say --kind bridge",
        )


def _subnets(request: Request, around: Surroundings) -> tuple[Subnet, ...]:
    subnets = request.subnets
    if not subnets:
        if request.dhcp is None:
            return (first_address(free_subnet(around.facts, around.networks)),)
        subnets = (_around(request.dhcp),)
    for subnet in subnets:
        check_subnet_is_free(subnet, around)
    return subnets


def _around(pool: AddressRange) -> Subnet:
    """The subnet of the usual size that a range begins in, and the host's address beside it."""
    network = ip_network(f"{pool.start}/{24 if pool.start.version == 4 else 64}", strict=False)
    own = network[1] if int(network[1]) < int(pool.start) else network[-2]
    return ip_interface(f"{own}/{network.prefixlen}")


def first_address(subnet: object) -> Subnet:
    network = ip_interface(str(subnet)).network
    return ip_interface(f"{network.network_address + 1}/{network.prefixlen}")


def check_subnet_is_free(subnet: Subnet, around: Surroundings) -> None:
    taken = clashes(subnet.network, around.facts, around.networks)
    if taken:
        raise InvalidArgument(
            f"{subnet.network} is taken: {taken[0]}",
            remedy="choose another --subnet, or leave it out to get a free one",
        )


def _ips(subnets: tuple[Subnet, ...], request: Request) -> tuple[Ip, ...]:
    """DHCP is served in one subnet of each family, which is all that libvirt's format allows."""
    served: set[int] = set()
    ips = []
    for subnet in subnets:
        again = subnet.version in served
        ips.append(new_ip(subnet, replace(request, dhcp_off=True) if again else request))
        served.add(subnet.version)
    return tuple(ips)


def new_ip(subnet: Subnet, request: Request) -> Ip:
    """The network's address, in the form that people know: a netmask for IPv4."""
    pool = None if request.dhcp_off else _pool(subnet, request)
    ranges = (pool,) if pool else ()
    if isinstance(subnet, IPv4Interface):
        return Ip(address=subnet.ip, netmask=subnet.network.netmask, ranges=ranges)
    return Ip(address=subnet.ip, family="ipv6", prefix=subnet.network.prefixlen, ranges=ranges)


def _pool(subnet: Subnet, request: Request) -> DhcpRange | None:
    given = request.dhcp
    if given is None:
        return _whole_pool(subnet)
    if given.start.version != subnet.version:
        return _whole_pool(subnet)
    if given.start not in subnet.network or given.end not in subnet.network:
        raise InvalidArgument(
            f"the DHCP range {given.start} - {given.end} is not inside {subnet.network}",
            remedy="choose addresses of the subnet; --subnet says which that is",
        )
    return DhcpRange(given.start, given.end)


def _whole_pool(subnet: Subnet) -> DhcpRange:
    """All addresses but the network's own; of an IPv6 subnet, 256 are enough."""
    if isinstance(subnet, IPv6Interface):
        return _ipv6_pool(subnet.network)
    network = subnet.network
    first, last = network.network_address + 1, network.broadcast_address - 1
    if subnet.ip == first:
        return _limited(first + 1, last)
    if subnet.ip == last:
        return _limited(first, last - 1)
    below, above = int(subnet.ip) - int(first), int(last) - int(subnet.ip)
    if above >= below:
        return _limited(subnet.ip + 1, last)
    return _limited(first, subnet.ip - 1)


def _limited(start: IPv4Address, end: IPv4Address) -> DhcpRange:
    """As much of it as libvirt takes: the upper 16 bits are the same."""
    return DhcpRange(start, min(end, IPv4Address(int(start) | 0xFFFF)))


def _ipv6_pool(network: IPv6Network) -> DhcpRange:
    start, end = IPV6_POOL
    if network.num_addresses <= end:
        return DhcpRange(network[2], network[-1])
    return DhcpRange(network[start], network[end])
