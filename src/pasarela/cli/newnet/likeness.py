"""The definition of a network like another one: its copy, with an identity of its own."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_interface

from pasarela.cli.newnet.recipe import (
    check_subnet_is_free,
    new_ip,
    new_uuid,
    quick_bridge,
)
from pasarela.cli.newnet.request import Request, Subnet, Surroundings
from pasarela.errors import InvalidArgument
from pasarela.model.network import (
    Bridge,
    Dns,
    DnsDomain,
    Forward,
    ForwardInterface,
    Ip,
    Network,
    Route,
)
from pasarela.model.values import IpAddress
from pasarela.plan.subnets import free_subnet

_Move = tuple[IPv4Network | IPv6Network, IPv4Network | IPv6Network]


def network_like(model: Network, request: Request, around: Surroundings) -> Network:
    """A copy of ``model`` with a name, uuid, MAC, bridge and subnets of its own.

    Addresses of DHCP ranges, names and gateways move along into the new subnets. A domain that
    bore the old network's name bears the new one's. DHCP reservations are for guests of the old
    network, and stay there.

    Raises:
        InvalidArgument: the request names what is taken, or what the model has no place for.
        InternalError: no free subnet or bridge name is left.
    """
    own_bridge = model.forward.mode.owns_bridge
    ips, moves = _moved_ips(model, request, around)
    copy = replace(
        model,
        name=request.name,
        uuid=new_uuid(around),
        mac=around.new_mac() if own_bridge else None,
        forward=_forward(model, request),
        domain=_domain(model, request),
        ips=ips,
        routes=tuple(_moved_route(route, moves) for route in model.routes),
        dns=_moved_dns(model.dns, moves),
    )
    return replace(copy, bridge=_bridge(model, request, around))


def _bridge(model: Network, request: Request, around: Surroundings) -> Bridge:
    if not model.forward.mode.owns_bridge:
        return replace(model.bridge, name=request.bridge or model.bridge.name)
    fresh = quick_bridge(request.bridge, around)
    return replace(model.bridge, name=fresh.name, stp=fresh.stp, delay=fresh.delay)


def _forward(model: Network, request: Request) -> Forward:
    if request.dev is None:
        return model.forward
    return replace(model.forward, interfaces=(ForwardInterface(request.dev),))


def _domain(model: Network, request: Request) -> DnsDomain | None:
    if model.domain is None:
        return DnsDomain(request.domain) if request.domain else None
    if request.domain:
        return replace(model.domain, name=request.domain)
    if model.domain.name == model.name:
        return replace(model.domain, name=request.name)
    return model.domain


def _moved_ips(
    model: Network, request: Request, around: Surroundings
) -> tuple[tuple[Ip, ...], tuple[_Move, ...]]:
    """The model's addresses in new subnets, each as large as the old one."""
    if request.subnets and len(request.subnets) != len(model.ips):
        raise InvalidArgument(
            f"network '{model.name}' has {len(model.ips)} subnets, not {len(request.subnets)}",
            remedy="give as many with --subnet, separated by commas, or none to get free ones",
        )
    chosen: list[Subnet] = []
    for index, ip in enumerate(model.ips):
        taken = replace(around, networks=(*around.networks, _holding(chosen)))
        if request.subnets:
            check_subnet_is_free(request.subnets[index], taken)
            chosen.append(request.subnets[index])
        else:
            chosen.append(_free_like(ip, taken))
    moves = tuple(
        (ip.network, subnet.network) for ip, subnet in zip(model.ips, chosen, strict=True)
    )
    pairs = zip(model.ips, chosen, strict=True)
    return tuple(_moved_ip(ip, subnet, request) for ip, subnet in pairs), moves


def _holding(subnets: list[Subnet]) -> Network:
    """A network that stands for what has been chosen already."""
    return Network(name="", ips=tuple(new_ip(s, Request("", dhcp_off=True)) for s in subnets))


def _free_like(ip: Ip, around: Surroundings) -> Subnet:
    """A free subnet of the same size, with the host at the same place in it."""
    old = ip.network
    if isinstance(old, IPv4Network):
        new: IPv4Network | IPv6Network = free_subnet(around.facts, around.networks, old.prefixlen)
    else:
        new = _unique_local(old.prefixlen, around)
    return ip_interface(f"{_moved(ip.address, ((old, new),))}/{new.prefixlen}")


def _unique_local(prefix: int, around: Surroundings) -> IPv6Network:
    """A random unique local subnet (RFC 4193); chance keeps it from clashing."""
    octets = bytearray(b"\xfd" + around.random(5) + bytes(10))
    return IPv6Network((bytes(octets), max(prefix, 48)))


def _moved_ip(ip: Ip, subnet: Subnet, request: Request) -> Ip:
    if request.dhcp_off:
        bare = replace(ip, ranges=(), hosts=(), bootp=None)
        return _at(bare, subnet)
    moves = ((ip.network, subnet.network),)
    moved = replace(
        ip,
        ranges=tuple(
            replace(r, start=_moved(r.start, moves), end=_moved(r.end, moves)) for r in ip.ranges
        ),
        hosts=(),
    )
    if request.dhcp is not None and request.dhcp.start.version == subnet.version:
        moved = replace(moved, ranges=new_ip(subnet, request).ranges)
    return _at(moved, subnet)


def _at(ip: Ip, subnet: Subnet) -> Ip:
    """``ip`` with another address, in the form that its document used."""
    netmask = subnet.network.netmask if ip.netmask is not None else None
    prefix = None if netmask is not None else subnet.network.prefixlen
    return replace(ip, address=subnet.ip, netmask=netmask, prefix=prefix)


def _moved_route(route: Route, moves: tuple[_Move, ...]) -> Route:
    return replace(route, gateway=_moved(route.gateway, moves))


def _moved_dns(dns: Dns | None, moves: tuple[_Move, ...]) -> Dns | None:
    if dns is None:
        return None
    hosts = tuple(replace(h, address=h.address and _moved(h.address, moves)) for h in dns.hosts)
    return replace(dns, hosts=hosts)


def _moved(address: IpAddress, moves: tuple[_Move, ...]) -> IpAddress:
    """The address at the same place of the new subnet; as it is if it is in none of the old."""
    for old, new in moves:
        if address.version == old.version and address in old:
            offset = int(address) - int(old.network_address)
            return ip_address(int(new.network_address) + offset % new.num_addresses)
    return address
