"""The state of some links and all that hangs on them, as the planner sees it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_network
from socket import AF_INET, AF_INET6
from struct import Struct

from pasarela.errors import HostnetRefused
from pasarela.host.netlink import attributes as nla
from pasarela.hostnet.live import wire
from pasarela.hostnet.live.dump import FOLDERS, Dump
from pasarela.hostnet.live.items import (
    FOREVER,
    IFA_F_NOPREFIXROUTE,
    RT_TABLE_LOCAL,
    RTPROT_KERNEL,
    RTPROT_RA,
    Address,
    Attributes,
    Item,
    Link,
    Neighbour,
    Route,
    Rule,
)

_IFINFO = Struct("=BxHiII")
_IFF_UP = 1
_ADDRESS, _NAME, _MTU, _MASTER, _LINKINFO, _INFO_KIND, _INFO_DATA = 1, 3, 4, 10, 18, 1, 2
_RTN_UNICAST = 1
# What a bridge tells of itself and may be set (linux/if_link.h, IFLA_BR_*); the rest is what it
# has found out: identifiers, timers, the root of the tree.
_BRIDGE_OPTIONS = frozenset({*range(1, 10), *range(22, 26), *range(27, 40), *range(41, 47)})


@dataclass(frozen=True, slots=True)
class State:
    """What is there of the watched links; ``indexes`` are those of all links."""

    links: Mapping[str, Link]
    addresses: tuple[Address, ...]
    routes: tuple[Route, ...]
    rules: tuple[Rule, ...]
    neighbours: tuple[Neighbour, ...]

    @property
    def items(self) -> tuple[Item, ...]:
        return (*self.neighbours, *self.addresses, *self.rules, *self.routes)

    def hears_routers(self, link: str) -> bool:
        """Whether routers advertise on a link, as what it has of them shows."""
        return any(
            one.link == link and one.family == AF_INET6 and one.valid != FOREVER
            for one in self.addresses
        ) or any(link in one.links and one.protocol == RTPROT_RA for one in self.routes)


def parse(dump: Dump) -> State:
    """
    Raises:
        HostnetRefused: a route is by a nexthop object, which is somebody's who must move it.
    """
    names = link_names(dump)
    watched = frozenset(dump.watched)
    addresses = tuple(
        one for one in (wire.address(p, names) for p in dump.addresses) if one.link in watched
    )
    rules = tuple(rule for rule in map(wire.rule, dump.rules) if rule.links & watched)
    near = (wire.neighbour(payload, names) for payload in dump.neighbours)
    return State(
        links={link.name: link for link in _links(dump, names) if link.name in watched},
        addresses=addresses,
        routes=tuple(
            route for route in _routes(dump, names, watched) if not is_derived(route, addresses)
        ),
        rules=rules,
        neighbours=tuple(entry for entry in near if entry and entry.link in watched),
    )


def link_names(dump: Dump) -> dict[int, str]:
    return {
        _IFINFO.unpack_from(payload)[2]: nla.as_text(_attributes(payload)[_NAME])
        for payload in dump.links
    }


def ports_of(dump: Dump, bridge: str) -> list[str]:
    """The links that are in a bridge, watched or not."""
    names = link_names(dump)
    return [link.name for link in _links(dump, names) if link.master == bridge]


def all_links(dump: Dump) -> dict[str, Link]:
    return {link.name: link for link in _links(dump, link_names(dump))}


def aged(state: State, seconds: float) -> State:
    """The state with lifetimes as they are some seconds later; what has run out is gone."""
    past = max(0, round(seconds))

    def left(lifetime: int) -> int:
        return lifetime if lifetime == FOREVER else max(0, lifetime - past)

    addresses = (
        replace(one, preferred=left(one.preferred), valid=left(one.valid))
        for one in state.addresses
    )
    routes = (replace(one, expires=left(one.expires)) for one in state.routes)
    return replace(
        state,
        addresses=tuple(one for one in addresses if one.valid),
        routes=tuple(one for one in routes if one.expires),
    )


def is_derived(route: Route, addresses: Iterable[Address]) -> bool:
    """Whether the kernel makes this route by itself, with an address or for a link that is up."""
    if route.protocol != RTPROT_KERNEL:
        return False
    if route.table == RT_TABLE_LOCAL or route.type != _RTN_UNICAST:
        return True
    if route.has_gateway:
        return False
    return any(
        one.link == route.link
        and one.family == route.family
        and not one.flags & IFA_F_NOPREFIXROUTE
        and _on_link(one) == route.destination.network
        for one in addresses
    )


def _on_link(address: Address) -> object:
    """The network that is reached directly; with a peer, that is the peer's."""
    if address.family == AF_INET and len(dict(address.attributes)) > 1:
        peer = dict(address.attributes)[1]
        return ip_network((peer, address.prefix), strict=False)
    return address.interface.network


def _routes(dump: Dump, names: Mapping[int, str], watched: frozenset[str]) -> Iterable[Route]:
    told = (wire.route(payload, names) for payload in dump.routes)
    for route in (each for one in told if one is not None for each in one.apart()):
        if not route.links & watched:
            continue
        if any(kind == wire.RTA_NH_ID for kind, _ in route.attributes):
            raise HostnetRefused(
                f"the route {route.destination} on {route.link} is by a nexthop object",
                remedy="whoever made it (a routing daemon such as FRR) must be stopped first: "
                "ip nexthop show",
            )
        yield route


def _links(dump: Dump, names: Mapping[int, str]) -> Iterable[Link]:
    for payload in dump.links:
        _, _, index, flags, _ = _IFINFO.unpack_from(payload)
        found = _attributes(payload)
        info = nla.parse(found.get(_LINKINFO, b""))
        kind = nla.as_text(info.get(_INFO_KIND, b""))
        yield Link(
            name=names[index],
            kind=kind,
            mac=found.get(_ADDRESS, b""),
            mtu=nla.as_u32(found[_MTU]) if _MTU in found else 0,
            up=bool(flags & _IFF_UP),
            master=names.get(nla.as_u32(found[_MASTER])) if _MASTER in found else None,
            options=_options(info.get(_INFO_DATA, b"")) if kind == "bridge" else (),
            sysctls=_sysctls(dump, names[index]),
        )


def _options(data: bytes) -> Attributes:
    return tuple((kind, value) for kind, value in nla.each(data) if kind in _BRIDGE_OPTIONS)


def _sysctls(dump: Dump, link: str) -> dict[str, str]:
    wanted = tuple(f"{folder}/{link}/" for folder in FOLDERS)
    return {
        path.replace(f"/{link}/", "/{}/", 1): value
        for path, value in dump.sysctls.items()
        if path.startswith(wanted)
    }


def _attributes(payload: bytes) -> dict[int, bytes]:
    return nla.parse(payload[_IFINFO.size :])
