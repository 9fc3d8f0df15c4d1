"""Carries a move out, in one batch, and looks afterwards whether all is as it was wanted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from errno import (
    EADDRNOTAVAIL,
    EEXIST,
    EHOSTUNREACH,
    EINVAL,
    ENETDOWN,
    ENETUNREACH,
    ENODEV,
    ENOENT,
    ESRCH,
)
from socket import AF_INET6, if_nameindex
from struct import Struct

from pasarela.errors import HostnetRefused, PasarelaError, SystemCallFailed
from pasarela.host.link_messages import failure
from pasarela.host.netlink import attributes as nla
from pasarela.host.netlink.socket import (
    NLM_F_CREATE,
    NLM_F_EXCL,
    Message,
    NetlinkError,
    NetlinkSocket,
)
from pasarela.hostnet.live import flows, plan, wire
from pasarela.hostnet.live.dump import NETLINK_ROUTE, SYSCTLS, observe
from pasarela.hostnet.live.items import (
    Address,
    Attributes,
    Item,
    Link,
    Neighbour,
    Route,
    Rule,
    describe,
)
from pasarela.hostnet.live.news import News
from pasarela.hostnet.live.state import State, parse
from pasarela.hostnet.live.wanted import without_links

Step = Callable[[str], None]
Refused = Callable[[PasarelaError], None]
_RTM_NEWLINK, _RTM_DELLINK = 16, 17
_IFF_UP = 1
_IFINFO = Struct("=BxHiII")
_ADDRESS, _NAME, _MTU, _MASTER, _LINKINFO = 1, 3, 4, 10, 18
# There already, or gone already: both are what was wanted.
_STALE = frozenset({EINVAL, ENETUNREACH, EHOSTUNREACH, ENETDOWN})
_WELL = frozenset({EEXIST, ESRCH, ENOENT, EADDRNOTAVAIL})
_PATIENCE = 1.0  # seconds


@contextmanager
def open_socket() -> Iterator[NetlinkSocket]:
    """A socket for a change; the kernel's refusals come out as errors of ours."""
    socket = NetlinkSocket(NETLINK_ROUTE)
    try:
        yield socket
    except NetlinkError as error:
        raise failure(error) from error
    finally:
        socket.close()


def rehearse(socket: NetlinkSocket, routes: Iterable[Route]) -> None:
    """Find out whether the kernel would take routes that it has, with nothing changed.

    It checks a route before it sees that there is one already (fib_table_insert, Linux 6.18). One
    that has outlived the address or the network that it needs can neither be moved nor come back.

    Raises:
        HostnetRefused: it would not take one.
    """
    indexes = {name: index for index, name in if_nameindex()}
    found = list(routes)
    tries = [replace(wire.add(one, indexes), flags=NLM_F_CREATE | NLM_F_EXCL) for one in found]
    for route, reply in zip(found, socket.request(tries), strict=True):
        if reply.error and reply.error.errno in _STALE:
            raise HostnetRefused(
                f"{describe(route)} is a leftover that the kernel would not take again: "
                f"{reply.error.reason or reply.error.strerror}",
                remedy="its own address or its gateway's network is gone: take it away "
                "(ip route show table all; ip route del …), then give the command again",
            )


def give_up(error: PasarelaError) -> None:
    """At the first refusal: nothing that comes after it is done."""
    raise error


def carry_out(
    socket: NetlinkSocket,
    watched: Iterable[str],
    wanted: State,
    step: Step = lambda name: None,
    refused: Refused = give_up,
) -> None:
    """Make the watched links as they are wanted.

    Args:
        step: told of each step before it is done.
        refused: told of what the kernel does not do; where it returns, all the rest is done.

    Raises:
        SystemCallFailed: the kernel refused something; what was done is not taken back.
        HostnetRefused: it obeyed, and yet the links are not as they should be.
    """
    names = tuple(watched)
    present = parse(observe(socket, names))
    missing = plan.missing_links(present, wanted)
    if missing:
        step("make")
        _make(socket, missing, refused)
        present = parse(observe(socket, names))
        gone = {link.name for link in plan.missing_links(present, wanted)}
        wanted = without_links(wanted, gone) if gone else wanted
    _move(socket, present, wanted, step, refused)
    step("verify")
    left = _differences(socket, names, wanted)
    if left:
        refused(_disobeyed(left))


def _differences(socket: NetlinkSocket, names: tuple[str, ...], wanted: State) -> list[Item | str]:
    """What is not as it was wanted, also after whoever is at work on it has had a moment.

    A manager that begins anew with a link clears it; what goes is put back at once (guard.py).
    """
    end = time.monotonic() + _PATIENCE
    with closing(News()) as news:
        while left := plan.differences(parse(observe(socket, names)), wanted):
            if not news.come_within(end - time.monotonic()):
                return left
            news.something_goes()
    return []


def _make(socket: NetlinkSocket, missing: Iterable[Link], refused: Refused) -> None:
    for link in missing:
        try:
            socket.execute([_create(link)])
        except NetlinkError as error:
            refused(failure(error))
        except HostnetRefused as error:
            refused(error)


def _disobeyed(left: Iterable[Item | str]) -> HostnetRefused:
    return HostnetRefused(
        "the kernel did all that it was told, and yet differs in: "
        + "; ".join(one if isinstance(one, str) else describe(one) for one in left),
        remedy="does another program manage these links at the same time?",
    )


def _move(
    socket: NetlinkSocket, present: State, wanted: State, step: Step, refused: Refused
) -> None:
    move = plan.move(present, wanted)
    step("settings")
    _set(move.settings, refused)
    batch = messages(move, present, wanted, refused)
    step("batch")
    flows.untie({one.interface.ip.packed for one in move.remove if isinstance(one, Address)})
    for reply in socket.request(batch):
        if reply.error and reply.error.errno not in _WELL:
            refused(failure(reply.error))
    step("settle")
    _set(move.settle, refused)


def messages(
    move: plan.Move, present: State, wanted: State, refused: Refused = give_up
) -> list[Message]:
    """All messages of a move in the order that leaves the shortest gap.

    A bridge takes its port in before it is up: with a port it has a carrier, and so passes packets
    from the moment that it is up; else the kernel's linkwatch must wake it first.
    """
    indexes = {name: index for index, name in if_nameindex()}
    add, remove = (_reachable(items, indexes, refused) for items in (move.add, move.remove))
    # Without a search for duplicates first, and then with the flags that the address had.
    late = [one for one in add if isinstance(one, Address) and wire.at_once(one) != one]
    return [
        *(_options(present.links[link.name], link) for link in move.options),
        *(_resize(link) for link in move.resize),
        *(_join(link, indexes) for link in move.join),
        *(_up(name, up=True) for name in move.up),
        *(wire.add(_at_once(one), indexes) for one in add),
        *(wire.remove(one, indexes) for one in remove),
        *(_leave(name) for name in move.leave),
        *(_up(name, up=False) for name in move.down),
        *(_delete(name) for name in move.delete),
        *(wire.add(one, indexes) for one in late if wanted.links[one.link].up),
    ]


def _at_once(item: Item) -> Item:
    return wire.at_once(item) if isinstance(item, Address) and item.family == AF_INET6 else item


def _reachable(items: Iterable[Item], indexes: wire.Indexes, refused: Refused) -> list[Item]:
    """The items whose links are all there; one hop of a route may be by a card that is gone."""
    found = []
    for item in items:
        names = {item.link} if isinstance(item, Address | Neighbour) else item.links
        gone = set() if isinstance(item, Rule) else names - indexes.keys()
        if gone:
            refused(HostnetRefused(f"{describe(item)}: the device {min(gone)} is gone"))
        else:
            found.append(item)
    return found


def _set(settings: Iterable[tuple[str, str, str]], refused: Refused) -> None:
    for link, path, value in settings:
        place = path.format(link)
        try:
            (SYSCTLS / place).write_text(value)
        except OSError as error:
            if error.errno in (ENODEV, ENOENT):
                continue
            refused(
                SystemCallFailed(
                    f"cannot set net.{place.replace('/', '.')} to {value}: {error.strerror}",
                    errno=error.errno,
                )
            )


# links


def _link(
    kind: int, flags: int, name: str, *more: bytes, state: tuple[int, int] = (0, 0), label: str
) -> Message:
    header = _IFINFO.pack(0, 0, 0, *state)
    return Message(kind, flags, header + nla.text(_NAME, name) + b"".join(more), label)


def _create(link: Link) -> Message:
    if link.kind != "bridge":
        raise HostnetRefused(
            f"the device {link.name} is gone",
            remedy="plug it in again, or load its driver; then: pasarela host-bridge revert",
        )
    return _link(
        _RTM_NEWLINK,
        NLM_F_CREATE | NLM_F_EXCL,
        link.name,
        nla.attribute(_ADDRESS, link.mac),
        _info(()),  # what differs from a new bridge's options is set with the rest
        label=f"cannot make bridge {link.name}",
    )


def _info(options: Attributes) -> bytes:
    data = (nla.attribute(kind, value) for kind, value in options)
    return nla.nested(_LINKINFO, nla.text(1, "bridge"), nla.nested(2, *data))


def _options(old: Link, new: Link) -> Message:
    changed = plan.changed_options(old, new)
    label = f"cannot change bridge {new.name}"
    return _link(_RTM_NEWLINK, 0, new.name, _info(changed), label=label)


def _resize(link: Link) -> Message:
    label = f"cannot set the MTU of {link.name} to {link.mtu}"
    return _link(_RTM_NEWLINK, 0, link.name, nla.u32(_MTU, link.mtu), label=label)


def _join(link: Link, indexes: wire.Indexes) -> Message:
    assert link.master is not None
    master = nla.u32(_MASTER, indexes[link.master])
    label = f"cannot put {link.name} into bridge {link.master}"
    return _link(_RTM_NEWLINK, 0, link.name, master, label=label)


def _leave(name: str) -> Message:
    label = f"cannot take {name} out of its bridge"
    return _link(_RTM_NEWLINK, 0, name, nla.u32(_MASTER, 0), label=label)


def _up(name: str, *, up: bool) -> Message:
    label = f"cannot set {name} {'up' if up else 'down'}"
    return _link(_RTM_NEWLINK, 0, name, state=(_IFF_UP if up else 0, _IFF_UP), label=label)


def _delete(name: str) -> Message:
    return _link(_RTM_DELLINK, 0, name, label=f"cannot delete bridge {name}")
