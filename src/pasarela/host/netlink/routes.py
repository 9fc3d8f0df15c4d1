"""rtnetlink's messages for routes (linux/rtnetlink.h)."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from socket import AF_INET, AF_INET6
from struct import Struct

from pasarela.host.netlink import attributes as nla
from pasarela.host.netlink.addresses import family
from pasarela.host.netlink.socket import NLM_F_CREATE, NLM_F_EXCL, Message
from pasarela.model.values import IpAddress
from pasarela.plan.resources import LinkRoute, OnLinkRoute

RTM_NEWROUTE = 24
RTM_DELROUTE = 25
RTM_GETROUTE = 26
RTPROT_RA = 9

_RTA_DST = 1
_RTA_OIF = 4
_RTA_GATEWAY = 5
_RTA_PRIORITY = 6
_RTA_PREFSRC = 7
_RTA_MULTIPATH = 9
_RTA_TABLE = 15
_RT_TABLE_MAIN = 254
_RTPROT_STATIC = 4
_RTN_UNICAST = 1
_RT_SCOPE_LINK = 253

_HEADER = Struct("=BBBBBBBBI")
_NEXT_HOP = Struct("=HBBi")


@dataclass(frozen=True, slots=True)
class RouteInfo:
    """A route of the main table; ``index`` is that of its link, of several the first's."""

    destination: IPv4Network | IPv6Network
    index: int
    gateway: IpAddress | None
    metric: int
    protocol: int


@dataclass(frozen=True, slots=True)
class OnLinkInfo:
    """A route to what is on the link itself; without a ``source`` the kernel chooses one."""

    destination: IPv4Network | IPv6Network
    index: int
    source: IpAddress | None
    table: int


def add_on_link(index: int, route: OnLinkRoute) -> Message:
    flags = NLM_F_CREATE | NLM_F_EXCL
    label = f"cannot add {route.describe()}"
    return Message(RTM_NEWROUTE, flags, _on_link_payload(index, route), label)


def remove_on_link(index: int, route: OnLinkRoute) -> Message:
    label = f"cannot remove {route.describe()}"
    return Message(RTM_DELROUTE, 0, _on_link_payload(index, route), label)


def get_on_link(index: int, table: int, version: int) -> Message:
    """Asks for a table's routes of IPv4 or IPv6 over a link."""
    wanted = AF_INET if version == 4 else AF_INET6
    payload = _HEADER.pack(wanted, 0, 0, 0, 0, 0, 0, 0, 0)
    payload += nla.u32(_RTA_OIF, index) + nla.u32(_RTA_TABLE, table)
    return Message(RTM_GETROUTE, 0, payload, "cannot list routes")


def parse_on_link(payload: bytes) -> OnLinkInfo | None:
    """None for a route through a gateway, or of a kind of its own."""
    wanted, length, _, _, table, _, _, kind, _ = _HEADER.unpack_from(payload)
    found = nla.parse(payload[_HEADER.size :])
    if kind != _RTN_UNICAST or _RTA_GATEWAY in found:
        return None
    empty = bytes(4 if wanted == AF_INET else 16)
    source = found.get(_RTA_PREFSRC)
    return OnLinkInfo(
        destination=ip_network((found.get(_RTA_DST, empty), length)),
        index=_link_index(found),
        source=ip_address(source) if source else None,
        table=nla.as_u32(found[_RTA_TABLE]) if _RTA_TABLE in found else table,
    )


def _on_link_payload(index: int, route: OnLinkRoute) -> bytes:
    header = _HEADER.pack(
        family(route.source), route.destination.prefixlen, 0, 0, 0, _RTPROT_STATIC, _RT_SCOPE_LINK,
        _RTN_UNICAST, 0,
    )  # fmt: skip
    return (
        header
        + nla.attribute(_RTA_DST, route.destination.network_address.packed)
        + nla.attribute(_RTA_PREFSRC, route.source.packed)
        + nla.u32(_RTA_OIF, index)
        + nla.u32(_RTA_TABLE, route.table)
    )


def add(index: int, route: LinkRoute) -> Message:
    label = f"cannot add route {route.destination} via {route.gateway} on {route.link}"
    return Message(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, _payload(index, route), label)


def remove(index: int, route: LinkRoute) -> Message:
    label = f"cannot remove route {route.destination} via {route.gateway} on {route.link}"
    return Message(RTM_DELROUTE, 0, _payload(index, route), label)


def get_all(version: int, index: int = 0) -> Message:
    """Asks for the main table's routes of IPv4 or IPv6, of one link or of all."""
    wanted = AF_INET if version == 4 else AF_INET6
    payload = _HEADER.pack(wanted, 0, 0, 0, _RT_TABLE_MAIN, 0, 0, 0, 0)
    if index:
        payload += nla.u32(_RTA_OIF, index)
    return Message(RTM_GETROUTE, 0, payload, "cannot list routes")


def parse(payload: bytes) -> RouteInfo | None:
    """A route that a dump gave; None for those that are not of the main table."""
    wanted, length, _, _, table, protocol, _, kind, _ = _HEADER.unpack_from(payload)
    if table != _RT_TABLE_MAIN or kind != _RTN_UNICAST:
        return None
    found = nla.parse(payload[_HEADER.size :])
    empty = bytes(4 if wanted == AF_INET else 16)
    gateway = found.get(_RTA_GATEWAY)
    return RouteInfo(
        destination=ip_network((found.get(_RTA_DST, empty), length)),
        index=_link_index(found),
        gateway=ip_address(gateway) if gateway else None,
        metric=nla.as_u32(found[_RTA_PRIORITY]) if _RTA_PRIORITY in found else 0,
        protocol=protocol,
    )


def _link_index(found: dict[int, bytes]) -> int:
    if _RTA_OIF in found:
        return nla.as_u32(found[_RTA_OIF])
    hops = found.get(_RTA_MULTIPATH, b"")
    return int(_NEXT_HOP.unpack_from(hops)[3]) if len(hops) >= _NEXT_HOP.size else 0


def _payload(index: int, route: LinkRoute) -> bytes:
    header = _HEADER.pack(
        family(route.gateway),
        route.destination.prefixlen,
        0,
        0,
        _RT_TABLE_MAIN,
        _RTPROT_STATIC,
        0,
        _RTN_UNICAST,
        0,
    )
    return (
        header
        + nla.attribute(_RTA_DST, route.destination.network_address.packed)
        + nla.attribute(_RTA_GATEWAY, route.gateway.packed)
        + nla.u32(_RTA_OIF, index)
        + nla.u32(_RTA_PRIORITY, route.metric)
    )
