"""What is wanted of some links: the state that is there, with a bridge more or less."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from struct import Struct
from typing import TypeVar

from pasarela.hostnet.live.items import (
    RTA_PRIORITY,
    Address,
    Link,
    Neighbour,
    Rename,
    Route,
    Rule,
)
from pasarela.hostnet.live.sharing import Share
from pasarela.hostnet.live.state import State

_FORWARD_DELAY, _STP = 1, 5
_U32 = Struct("=I")
DISABLE_IPV6 = "ipv6/conf/{}/disable_ipv6"
ItemT = TypeVar("ItemT", Address, Neighbour, Route, Rule)


@dataclass(frozen=True, slots=True)
class BridgeWish:
    """A bridge that is to be: ``mac`` None takes the first port's, ``forward_delay`` is in
    hundredths of a second."""

    name: str
    ports: tuple[str, ...]
    mac: bytes | None = None
    mtu: int | None = None
    stp: bool = False
    forward_delay: int = 0
    addresses: tuple[Address, ...] = ()
    routes: tuple[Route, ...] = ()


def raised(now: State, wish: BridgeWish) -> State:
    """The state with the bridge over its ports, and with all that was theirs on the bridge."""
    first = now.links[wish.ports[0]]
    bridge = Link(
        name=wish.name,
        kind="bridge",
        mac=wish.mac or first.mac,
        mtu=wish.mtu or min(now.links[port].mtu for port in wish.ports),
        up=True,
        master=None,
        options=((_FORWARD_DELAY, _U32.pack(wish.forward_delay)), (_STP, _U32.pack(wish.stp))),
        sysctls=first.sysctls,
    )
    ports = {name: _as_port(now.links[name], wish) for name in wish.ports}
    strange = wish.ports[1:] if bridge.mac == first.mac else wish.ports
    moved = moved_to(_without_link_local(now, strange), wish.ports, wish.name)
    return replace(
        moved,
        links={**now.links, **ports, wish.name: bridge},
        addresses=_merged(moved.addresses, wish.addresses),
        routes=_routes(moved.routes, wish.routes),
    )


def dissolved(
    now: State,
    bridge: str,
    ports: Sequence[str],
    heir: str | None,
    share: Share | None = None,
    disable_ipv6: str | None = None,
) -> State:
    """The state without the bridge, with what was its own on its ports.

    Args:
        ports: those that live on; others are let go as they are.
        heir: the port that is what the bridge was: it gets its settings, and all that is not
            shared out.
        share: which port gets an item.
        disable_ipv6: how it is for links that nobody has told anything.
    """
    links = {name: replace(link, master=None) for name, link in now.links.items() if name != bridge}
    for port in ports:
        links[port] = replace(_with_ipv6(links[port], disable_ipv6), up=True)
    if heir is None:
        return replace(_without(now, {bridge}), links=links)
    links[heir] = replace(links[heir], sysctls=now.links[bridge].sysctls)
    return replace(shared_out(now, bridge, share or (lambda item: heir)), links=links)


def with_port(now: State, bridge: str, port: str) -> State:
    """The state with one more port, its addresses on the bridge."""
    joined = replace(
        now.links[port], master=bridge, up=True, sysctls=_without_ipv6(now.links[port].sysctls)
    )
    moved = moved_to(_without_link_local(now, [port]), [port], bridge)
    return replace(moved, links={**now.links, port: joined})


def without_port(now: State, port: str, disable_ipv6: str | None) -> State:
    """The state without the port, which has IPv6 again if new links have it."""
    left = replace(_with_ipv6(now.links[port], disable_ipv6), master=None)
    return replace(now, links={**now.links, port: left})


def _with_ipv6(link: Link, disable_ipv6: str | None) -> Link:
    if disable_ipv6 is None:
        return link
    return replace(link, sysctls={**link.sysctls, DISABLE_IPV6: disable_ipv6})


def shared_out(now: State, bridge: str, share: Share) -> State:
    """What the bridge has on the ports that get it, of two that are the same the port's own."""

    def rename(item: Route | Rule) -> Rename:
        return lambda link: share(item) if link == bridge else link

    return replace(
        now,
        addresses=_merged(
            [one.on(share(one)) for one in now.addresses if one.link == bridge],
            [one for one in now.addresses if one.link != bridge],
        ),
        routes=_merged((), [one.on(rename(one)) for one in now.routes]),
        rules=_merged((), [one.on(rename(one)) for one in now.rules]),
        neighbours=_merged(
            [one.on(share(one)) for one in now.neighbours if one.link == bridge],
            [one for one in now.neighbours if one.link != bridge],
        ),
    )


def _without_link_local(now: State, links: Collection[str]) -> State:
    """Another MAC has another link-local address, which is the kernel's to make."""
    kept = (one for one in now.addresses if not (one.is_link_local and one.link in links))
    return replace(now, addresses=tuple(kept))


def moved_to(now: State, sources: Iterable[str], target: str) -> State:
    """All that hangs on the sources on the target, of two that are the same the target's own."""
    names = set(sources)

    def rename(link: str) -> str:
        return target if link in names else link

    return replace(
        now,
        addresses=_merged(
            [one.on(target) for one in now.addresses if one.link in names],
            [one for one in now.addresses if one.link not in names],
        ),
        routes=_merged((), [route.on(rename) for route in now.routes]),
        rules=_merged((), [rule.on(rename) for rule in now.rules]),
        neighbours=_merged(
            [one.on(target) for one in now.neighbours if one.link in names],
            [one for one in now.neighbours if one.link not in names],
        ),
    )


def _routes(old: Sequence[Route], new: Sequence[Route]) -> tuple[Route, ...]:
    """The wished routes, but for those that are there by another's hand; and no rival of theirs."""
    wished = {_way(one): one for one in new}
    kept = [
        one
        for one in old
        if one.gateway == getattr(wished.get(_way(one)), "gateway", None) or _way(one) not in wished
    ]
    there = {_way(one) for one in kept}
    return (*kept, *(one for way, one in wished.items() if way not in there))


def _way(route: Route) -> tuple[object, ...]:
    """Where a route leads and how much it costs: of two such one is in the other's way."""
    metric = dict(route.attributes).get(RTA_PRIORITY, bytes(4))
    return (route.family, route.table, route.destination, metric)


def _as_port(link: Link, wish: BridgeWish) -> Link:
    return replace(
        link,
        master=wish.name,
        up=True,
        mtu=wish.mtu or link.mtu,
        sysctls=_without_ipv6(link.sysctls),
    )


def _without_ipv6(sysctls: Mapping[str, str]) -> dict[str, str]:
    """A port has no addresses of its own, and shall make none."""
    return {**sysctls, DISABLE_IPV6: "1"} if DISABLE_IPV6 in sysctls else dict(sysctls)


def _merged(old: Sequence[ItemT], new: Sequence[ItemT]) -> tuple[ItemT, ...]:
    """``new`` in the place of what is the same in ``old``, the others behind it."""
    found = {one.key: one for one in old}
    found.update({one.key: one for one in new})
    return tuple(found.values())


def without_links(wanted: State, gone: Set[str]) -> State:
    """The state without links that cannot be had, and without all that hangs on them.

    Rules stay: they name a link whether it is there or not.
    """
    links = {
        name: replace(link, master=None) if link.master in gone else link
        for name, link in wanted.links.items()
        if name not in gone
    }
    return replace(_without(wanted, gone), links=links, rules=wanted.rules)


def _without(now: State, gone: Set[str]) -> State:
    """The state without what hangs on some links."""
    return replace(
        now,
        addresses=tuple(one for one in now.addresses if one.link not in gone),
        routes=tuple(one for one in now.routes if not one.links & gone),
        rules=tuple(one for one in now.rules if not one.links & gone),
        neighbours=tuple(one for one in now.neighbours if one.link not in gone),
    )
