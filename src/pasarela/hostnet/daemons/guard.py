"""Addresses, routes and neighbours that stay while a running manager takes their links over.

A manager that begins anew with a link clears it first, even of what it is about to put there. So
somebody listens to the kernel meanwhile, and puts back what goes, within a millisecond or two. What
is there by then, with another lifetime or from another hand, stays as it is.
"""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from socket import AF_INET6, if_nameindex
from threading import Thread
from types import TracebackType
from typing import Self

from pasarela.host.netlink.socket import NLM_F_CREATE, NLM_F_EXCL, Message, NetlinkSocket
from pasarela.hostnet.live import plan, wire
from pasarela.hostnet.live.carry import open_socket
from pasarela.hostnet.live.dump import SYSCTLS, observe
from pasarela.hostnet.live.items import Address, Neighbour, Route, Rule
from pasarela.hostnet.live.news import News
from pasarela.hostnet.live.state import State, parse

_LOOK = 0.05  # seconds between two looks at whether a manager is done
Kept = Neighbour | Address | Route
_QUIET = 0.4  # seconds without a loss after which it has cleared all that it means to


class Guard:
    """Puts back what a state has of addresses, routes and neighbours, as long as the block runs.

    Args:
        state: what is to stay; of links that are not there, what stays is put nowhere.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._items = _in_order(state)
        self._lost = time.monotonic()
        self._ends, self._end = os.pipe2(os.O_CLOEXEC)
        self._thread = Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._news = News()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.write(self._end, b".")
        self._thread.join()
        self._news.close()
        os.close(self._end)
        os.close(self._ends)

    def wait(self, holds: Callable[[], bool], seconds: float, quiet: float = _QUIET) -> bool:
        """Wait until something holds, and nothing has been lost for a while; whether it came so.

        Args:
            quiet: that while, in seconds.
        """
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if time.monotonic() - self._lost > quiet and holds():
                return True
            self._thread.join(_LOOK)  # a manager tells nobody that it is done
        return False

    def without_twins(self) -> None:
        """Take away routes that the manager has made again with another metric."""
        names = {item.link for item in self._items if isinstance(item, Address)}
        with open_socket() as netlink:
            present = parse(observe(netlink, names))
            indexes = _indexes()
            ours = {one.key for one in self._state.routes}
            theirs = {_way(one) for one in present.routes if one.key not in ours}
            twins = [one for one in present.routes if one.key in ours and _way(one) in theirs]
            self._items = [one for one in self._items if one not in twins]
            netlink.request([wire.remove(one, indexes) for one in twins])

    # the thread

    def _run(self) -> None:
        with suppress(OSError):  # each millisecond counts, on a machine that is busy, too
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
        with open_socket() as netlink:
            while self._ends not in select.select([self._news.fileno(), self._ends], [], [])[0]:
                if self._news.something_goes():
                    self._put_back(netlink)

    def _put_back(self, netlink: NetlinkSocket) -> None:
        indexes = _indexes()
        items = [one for one in self._items if indexes.keys() >= _links(one)]
        _allow_ipv6(_with_ipv6(items))
        replies = netlink.request([_adding(one, indexes) for one in items])
        if any(
            reply.error is None and not isinstance(one, Neighbour)
            for one, reply in zip(items, replies, strict=True)
        ):
            self._lost = time.monotonic()


def around(links: Collection[str]) -> Guard:
    """A guard of what these links have now."""
    with open_socket() as netlink:
        return Guard(parse(observe(netlink, links)))


def on_the_way_back(now: State, before: State) -> Guard:
    """A guard of what was, with whom these links know by now: nobody is to be asked for again."""
    heir = next((one.link for one in before.addresses), None)
    if heir is None:
        return Guard(before)
    known = {one.key: one for one in before.neighbours}
    known |= {one.key: one for one in (each.on(heir) for each in now.neighbours)}
    return Guard(replace(before, neighbours=tuple(known.values())))


def _in_order(state: State) -> list[Kept]:
    """Neighbours, addresses, then routes, those behind a gateway last."""
    bare = replace(state, addresses=(), routes=(), rules=(), neighbours=())
    return [one for one in plan.move(bare, state).add if not isinstance(one, Rule)]


def _adding(item: Kept, indexes: wire.Indexes) -> Message:
    """The message that adds what is missing, and changes nothing that is there.

    A neighbour is told of anyway: asked for again, it might answer after a second only.
    """
    if isinstance(item, Neighbour):
        return wire.add(item, indexes)
    now = wire.at_once(item) if isinstance(item, Address) else item
    return replace(wire.add(now, indexes), flags=NLM_F_CREATE | NLM_F_EXCL)


def _allow_ipv6(links: Iterable[str]) -> None:
    """A link that is cleared has IPv6 turned off as well, which it is to have again anyway."""
    for link in links:
        setting = Path(SYSCTLS / plan.DISABLE_IPV6.format(link))
        try:
            if setting.read_text().strip() != "0":
                setting.write_text("0")
        except OSError:
            continue


def _way(route: Route) -> tuple[object, ...]:
    """Where a route leads, whatever its metric is and whoever made it."""
    return route.links, route.table, route.type, route.destination, route.gateway, route.hops


def _links(item: Kept) -> frozenset[str]:
    return item.links if isinstance(item, Route) else frozenset({item.link})


def _with_ipv6(items: Iterable[Kept]) -> set[str]:
    return {one.link for one in items if isinstance(one, Address) and one.family == AF_INET6}


def _indexes() -> wire.Indexes:
    return {name: index for index, name in if_nameindex()}
