"""Items to and from rtnetlink's messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from socket import AF_INET6
from struct import Struct

from pasarela.host.netlink import attributes as nla
from pasarela.host.netlink.socket import NLM_F_APPEND, NLM_F_CREATE, NLM_F_REPLACE, Message
from pasarela.hostnet.live.items import (
    FOREVER,
    IFA_F_NODAD,
    IFA_F_TEMPORARY,
    Address,
    Attributes,
    Hop,
    Item,
    Neighbour,
    Route,
    Rule,
    describe,
)

RTM_NEWADDR, RTM_DELADDR, RTM_GETADDR = 20, 21, 22
RTM_NEWROUTE, RTM_DELROUTE, RTM_GETROUTE = 24, 25, 26
RTM_NEWNEIGH, RTM_DELNEIGH, RTM_GETNEIGH = 28, 29, 30
RTM_NEWRULE, RTM_DELRULE, RTM_GETRULE = 32, 33, 34
RTA_NH_ID = 30
NTF_PROXY = 0x08

IFADDR = Struct("=BBBBi")
RTMSG = Struct("=BBBBBBBBI")
NDMSG = Struct("=BxxxiHBB")
_NEXT_HOP = Struct("=HBBi")
_CACHEINFO = Struct("=IIII")
_RTA_CACHEINFO = Struct("=IIi")
_HZ = 100  # USER_HZ, in which the kernel tells of a route's end

_IFA_LABEL, _IFA_CACHEINFO, _IFA_FLAGS = 3, 6, 8
_RTA_OIF, _RTA_MULTIPATH, _RTA_CACHEINFO_KIND, _RTA_TABLE, _RTA_EXPIRES = 4, 9, 12, 15, 23
_RTA_PREF, _MEDIUM = 20, b"\0"
_RTNH_F_ONLINK = 4
_NDA_DST, _NDA_LLADDR, _NDA_FLAGS_EXT, _NDA_PROTOCOL = 1, 2, 15, 12
_FRA_IIFNAME, _FRA_OIFNAME = 3, 17
_NUD_HAS_ADDRESS = 0x02 | 0x04 | 0x08 | 0x10 | 0x80  # reachable, stale, delay, probe, permanent
_NUD_STALE, _NUD_REACHABLE = 0x04, 0x02
# What a user may set: no duplicate search, home address, temporaries' model, no prefix route,
# multicast join. The others are the kernel's (permanent, tentative, deprecated, secondary); it
# overlooks them where they are set.
_SETTABLE = 0x02 | 0x10 | 0x100 | 0x200 | 0x400

Names = Mapping[int, str]
Indexes = Mapping[str, int]


# reading


def address(payload: bytes, names: Names) -> Address:
    family, prefix, flags, scope, index = IFADDR.unpack_from(payload)
    found = dict(nla.each(payload[IFADDR.size :]))
    flags = nla.as_u32(found[_IFA_FLAGS]) if _IFA_FLAGS in found else flags
    preferred, valid = FOREVER, FOREVER
    if _IFA_CACHEINFO in found:
        preferred, valid, _, _ = _CACHEINFO.unpack_from(found[_IFA_CACHEINFO])
    label = found.get(_IFA_LABEL)
    kept = _SETTABLE | IFA_F_TEMPORARY if family == AF_INET6 else _SETTABLE
    return Address(
        link=names.get(index, ""),
        family=family,
        prefix=prefix,
        scope=scope,
        flags=flags & kept,
        preferred=preferred,
        valid=valid,
        label=nla.as_text(label) if label else None,
        attributes=_without(found, _IFA_LABEL, _IFA_CACHEINFO, _IFA_FLAGS),
    )


def route(payload: bytes, names: Names) -> Route | None:
    """The route; None for one by a nexthop object, which cannot be told by itself."""
    fields = RTMSG.unpack_from(payload)
    found = dict(nla.each(payload[RTMSG.size :]))
    header = RTMSG.pack(*fields[:8], fields[8] & _RTNH_F_ONLINK)
    oif = nla.as_u32(found[_RTA_OIF]) if _RTA_OIF in found else 0
    expires = FOREVER
    if _RTA_CACHEINFO_KIND in found and fields[0] == AF_INET6:
        ticks = _RTA_CACHEINFO.unpack_from(found[_RTA_CACHEINFO_KIND])[2]
        expires = max(ticks // _HZ, 1) if ticks else FOREVER
    return Route(
        link=names.get(oif),
        family=fields[0],
        header=header,
        table=nla.as_u32(found[_RTA_TABLE]) if _RTA_TABLE in found else fields[4],
        attributes=_of_route(found),
        hops=tuple(_hops(found.get(_RTA_MULTIPATH, b""), names)),
        expires=expires,
    )


def _of_route(found: Mapping[int, bytes]) -> Attributes:
    """In one order, whoever tells of them; of a router's preference the kernel says the usual one
    also where nobody has."""
    kept = _without(found, _RTA_OIF, _RTA_MULTIPATH, _RTA_CACHEINFO_KIND, _RTA_TABLE, _RTA_EXPIRES)
    return tuple(sorted(pair for pair in kept if pair != (_RTA_PREF, _MEDIUM)))


def rule(payload: bytes) -> Rule:
    found = dict(nla.each(payload[RTMSG.size :]))
    incoming, outgoing = found.get(_FRA_IIFNAME), found.get(_FRA_OIFNAME)
    flags = RTMSG.unpack_from(payload)[8] & 0x2  # inverted; the rest is whether the link is there
    return Rule(
        header=RTMSG.pack(*RTMSG.unpack_from(payload)[:8], flags),
        incoming=nla.as_text(incoming) if incoming else None,
        outgoing=nla.as_text(outgoing) if outgoing else None,
        attributes=_without(found, _FRA_IIFNAME, _FRA_OIFNAME),
    )


def neighbour(payload: bytes, names: Names) -> Neighbour | None:
    """The entry; None for one without a hardware address, which is worth nothing."""
    family, index, state, flags, _ = NDMSG.unpack_from(payload)
    found = dict(nla.each(payload[NDMSG.size :]))
    if not flags & NTF_PROXY and not state & _NUD_HAS_ADDRESS:
        return None
    kept = (_NDA_DST, _NDA_LLADDR, _NDA_PROTOCOL, _NDA_FLAGS_EXT)
    values = tuple((kind, found[kind]) for kind in kept if kind in found)
    return Neighbour(names.get(index, ""), family, state, flags & ~0x80, values)


# writing


def add(item: Item, indexes: Indexes) -> Message:
    """The message after which the item is there."""
    label = f"cannot add {describe(item)}"
    flags = NLM_F_CREATE
    match item:
        case Address():
            kind, payload, flags = RTM_NEWADDR, _address(item, indexes), flags | NLM_F_REPLACE
        case Route():
            kind, payload, flags = RTM_NEWROUTE, _route(item, indexes), flags | NLM_F_APPEND
        case Rule():
            kind, payload = RTM_NEWRULE, _rule(item)
        case Neighbour():
            kind, payload, flags = RTM_NEWNEIGH, _neighbour(item, indexes), flags | NLM_F_REPLACE
    return Message(kind, flags, payload, label)


def remove(item: Item, indexes: Indexes) -> Message:
    """The message after which the item is gone."""
    label = f"cannot remove {describe(item)}"
    match item:
        case Address():
            return Message(RTM_DELADDR, 0, _address(item, indexes, bare=True), label)
        case Route():
            return Message(RTM_DELROUTE, 0, _route(replace(item, expires=FOREVER), indexes), label)
        case Rule():
            return Message(RTM_DELRULE, 0, _rule(item), label)
        case Neighbour():
            return Message(RTM_DELNEIGH, 0, _neighbour(item, indexes), label)


def at_once(item: Address) -> Address:
    """An IPv6 address that is not looked for elsewhere first: it was ours a moment ago."""
    return replace(item, flags=item.flags | IFA_F_NODAD) if item.family == AF_INET6 else item


def _address(item: Address, indexes: Indexes, *, bare: bool = False) -> bytes:
    header = IFADDR.pack(item.family, item.prefix, 0, item.scope, indexes[item.link])
    payload = header + _attributes(item.attributes)
    if bare:
        return payload
    if item.label:
        payload += nla.text(_IFA_LABEL, item.label)
    lifetimes = _CACHEINFO.pack(item.preferred, item.valid, 0, 0)
    return payload + nla.u32(_IFA_FLAGS, item.flags) + nla.attribute(_IFA_CACHEINFO, lifetimes)


def _route(item: Route, indexes: Indexes) -> bytes:
    payload = item.header + nla.u32(_RTA_TABLE, item.table) + _attributes(item.attributes)
    if item.link:
        payload += nla.u32(_RTA_OIF, indexes[item.link])
    if item.hops:
        hops = b"".join(_hop(hop, indexes) for hop in item.hops)
        payload += nla.attribute(_RTA_MULTIPATH, hops)
    if item.expires != FOREVER:
        payload += nla.u32(_RTA_EXPIRES, item.expires)
    return payload


def _hop(hop: Hop, indexes: Indexes) -> bytes:
    values = _attributes(hop.attributes)
    length = _NEXT_HOP.size + len(values)
    return _NEXT_HOP.pack(length, hop.flags, hop.weight, indexes[hop.link]) + values


def _hops(data: bytes, names: Names) -> Iterator[Hop]:
    offset = 0
    while len(data) - offset >= _NEXT_HOP.size:
        length, flags, weight, index = _NEXT_HOP.unpack_from(data, offset)
        values = tuple(nla.each(data[offset + _NEXT_HOP.size : offset + length]))
        yield Hop(names.get(index, ""), flags & _RTNH_F_ONLINK, weight, values)
        offset += (length + 3) & ~3


def _rule(item: Rule) -> bytes:
    payload = item.header + _attributes(item.attributes)
    for kind, name in ((_FRA_IIFNAME, item.incoming), (_FRA_OIFNAME, item.outgoing)):
        if name:
            payload += nla.text(kind, name)
    return payload


def _neighbour(item: Neighbour, indexes: Indexes) -> bytes:
    """What was being asked for is worth asking again; what was reachable still is."""
    settled = item.state & 0x80 or item.state & _NUD_REACHABLE or _NUD_STALE
    header = NDMSG.pack(item.family, indexes[item.link], settled, item.flags, 0)
    return header + _attributes(item.attributes)


def _attributes(values: Attributes) -> bytes:
    return b"".join(nla.attribute(kind, value) for kind, value in values)


def _without(found: Mapping[int, bytes], *kinds: int) -> Attributes:
    return tuple((kind, value) for kind, value in found.items() if kind not in kinds)
