"""From what is there to what shall be: pure functions over states.

A bridge raised over a NIC, one dissolved, and either taken back are the same: a state that is
wanted, the difference to what is there, and messages in an order that leaves no gap. What moves is
first added at its new place and then removed at its old one, so that each packet finds one of the
two; a NIC is a port while it moves, since a port's own addresses go on working both ways.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from pasarela.hostnet.live.items import (
    FOREVER,
    RTPROT_RA,
    Address,
    Attributes,
    Item,
    Link,
    Neighbour,
    Route,
    Rule,
)
from pasarela.hostnet.live.state import State
from pasarela.hostnet.live.wanted import DISABLE_IPV6

ADDR_GEN_MODE = "ipv6/conf/{}/addr_gen_mode"
USE_TEMPADDR = "ipv6/conf/{}/use_tempaddr"
_NO_ADDRESSES = "1"  # addr_gen_mode: the kernel makes no link-local address
_NO_TEMPORARIES = "0"  # use_tempaddr: the kernel makes none beside an address that comes


@dataclass(frozen=True, slots=True)
class Move:
    """What to do, in this order; each list may be empty."""

    settings: tuple[tuple[str, str, str], ...]  # link, path with {}, value: before anything moves
    join: tuple[Link, ...]  # take these links into their masters
    options: tuple[Link, ...]  # bridges whose own options differ
    resize: tuple[Link, ...]
    up: tuple[str, ...]
    add: tuple[Item, ...]
    remove: tuple[Item, ...]
    leave: tuple[str, ...]
    down: tuple[str, ...]
    delete: tuple[str, ...]
    settle: tuple[tuple[str, str, str], ...]  # settings that hold once all has moved

    @property
    def is_empty(self) -> bool:
        return not any(getattr(self, name) for name in self.__slots__)


def missing_links(now: State, wanted: State) -> tuple[Link, ...]:
    """Bridges to make before anything else can be told of them."""
    return tuple(link for name, link in wanted.links.items() if name not in now.links)


def move(now: State, wanted: State) -> Move:
    """The way from one state to another that has no link more."""
    both = [(now.links[name], link) for name, link in wanted.links.items() if name in now.links]
    have = {one.key: one for one in now.items}
    want = {one.key: one for one in wanted.items}
    add = _adding_order(one for key, one in want.items() if _lacks(have.get(key), one))
    parents = {one.link for one in add if isinstance(one, Address) and one.begets_temporaries}
    settings, settle = _settings(both, parents)
    return Move(
        settings=settings,
        join=tuple(new for old, new in both if new.master and old.master != new.master),
        options=tuple(new for old, new in both if _options_differ(old, new)),
        resize=tuple(
            new for old, new in both if old.mtu != new.mtu and not _follows_ports(new, wanted)
        ),
        up=tuple(new.name for old, new in both if new.up and not old.up),
        add=tuple(add),
        remove=tuple(_removing_order(one for key, one in have.items() if key not in want)),
        leave=tuple(new.name for old, new in both if old.master and not new.master),
        down=tuple(new.name for old, new in both if old.up and not new.up),
        delete=tuple(name for name in now.links if name not in wanted.links),
        settle=settle,
    )


def differences(now: State, wanted: State) -> list[Item | str]:
    """What is missing or too much after a move, but for what comes and goes by itself."""
    rest = move(now, wanted)
    more = [one for one in rest.remove if not _is_made_by_kernel(one)]
    items = [one for one in (*rest.add, *more) if not _is_volatile(one)]
    links = [*rest.join, *rest.options, *rest.resize]
    names = [*(link.name for link in links), *rest.up, *rest.leave, *rest.down, *rest.delete]
    return [*items, *dict.fromkeys(names), *(link.name for link in missing_links(now, wanted))]


def _is_made_by_kernel(item: Item) -> bool:
    """A link that comes up gets a link-local address, if it has none: one that was down had not.

    A router that is heard meanwhile makes the kernel take a temporary address.
    """
    return isinstance(item, Address) and (item.is_link_local or item.is_temporary)


def _is_volatile(item: Item) -> bool:
    match item:
        case Address():
            return item.is_advertised
        case Route():
            return item.protocol == RTPROT_RA or item.expires != FOREVER
        case Neighbour():
            return not item.lasts
        case Rule():
            return False


def _lacks(found: Item | None, wanted: Item) -> bool:
    """Whether it is not there, or is there and ends where it must not (or the other way)."""
    if found is None:
        return True
    if isinstance(found, Address) and isinstance(wanted, Address):
        return (found.valid == FOREVER) != (wanted.valid == FOREVER)
    if isinstance(found, Route) and isinstance(wanted, Route):
        return (found.expires == FOREVER) != (wanted.expires == FOREVER)
    return False


def _adding_order(items: Iterable[Item]) -> list[Item]:
    """Whom to ask first, then addresses, rules, what is on the link, what is behind a gateway.

    Of IPv4's addresses the kernel puts a new one last, of IPv6's first; it tells of them in turn.
    """
    found = list(items)
    newest_first = [one for one in found if isinstance(one, Address) and one.label is None]
    rest = [one for one in found if one not in newest_first]
    return sorted([*rest, *reversed(newest_first)], key=_rank)


def _removing_order(items: Iterable[Item]) -> list[Item]:
    """The other way round; of addresses the secondary ones first, whose primary goes later."""
    return list(reversed(_adding_order(items)))


def _rank(item: Item) -> int:
    match item:
        case Neighbour():
            return 0
        case Address():
            return 1
        case Rule():
            return 2
        case Route():
            return 4 if item.has_gateway else 3


def _settings(
    both: Sequence[tuple[Link, Link]], parents: Collection[str]
) -> tuple[tuple[tuple[str, str, str], ...], tuple[tuple[str, str, str], ...]]:
    """Settings before and after the move.

    While addresses move the kernel makes none itself: it would look for duplicates of what is
    ours already. A link that loses IPv6 does so at the end, with its addresses gone by then.

    Args:
        parents: links that get an address which begets temporary ones.
    """
    before: list[tuple[str, str, str]] = []
    after: list[tuple[str, str, str]] = []
    for old, new in both:
        changed = {
            path: value
            for path, value in new.sysctls.items()
            if path in old.sysctls and old.sysctls[path] != value
        }
        comes_alive = (new.up and not old.up) or changed.get(DISABLE_IPV6) == "0"
        for path, meanwhile in _held(comes_alive, new.name in parents):
            if path in old.sysctls:
                changed.pop(path, None)
                before.append((new.name, path, meanwhile))
                after.append((new.name, path, new.sysctls.get(path, old.sysctls[path])))
        if ADDR_GEN_MODE in changed:
            after.append((new.name, ADDR_GEN_MODE, changed.pop(ADDR_GEN_MODE)))
        for path, value in changed.items():
            ends_ipv6 = path == DISABLE_IPV6 and value != "0"
            (after if ends_ipv6 else before).append((new.name, path, value))
    return tuple(before), tuple(after)


def _held(comes_alive: bool, is_parent: bool) -> Iterator[tuple[str, str]]:
    """What keeps the kernel from making addresses of its own meanwhile."""
    if comes_alive:
        yield ADDR_GEN_MODE, _NO_ADDRESSES
    if is_parent:
        yield USE_TEMPADDR, _NO_TEMPORARIES


def _follows_ports(link: Link, wanted: State) -> bool:
    """Whether a bridge comes by its MTU itself; setting it would pin it."""
    sizes = [one.mtu for one in wanted.links.values() if one.master == link.name]
    return link.kind == "bridge" and (not sizes or min(sizes) == link.mtu)


def _options_differ(old: Link, new: Link) -> bool:
    present = dict(old.options)
    return any(present.get(kind) != value for kind, value in new.options)


def changed_options(old: Link, new: Link) -> Attributes:
    present = dict(old.options)
    return tuple((kind, value) for kind, value in new.options if present.get(kind) != value)


__all__ = [
    "DISABLE_IPV6",
    "Move",
    "changed_options",
    "differences",
    "missing_links",
    "move",
]
