"""Bridges, their addresses and routes, over one rtnetlink socket."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from enum import Enum
from errno import ENODEV, ENOENT, ERANGE
from itertools import groupby
from socket import if_indextoname

from pasarela.errors import SystemCallFailed
from pasarela.host.link_messages import failure, messages
from pasarela.host.netlink import addresses, links, routes
from pasarela.host.netlink.links import LinkInfo
from pasarela.host.netlink.socket import NetlinkError, NetlinkSocket
from pasarela.plan.actions import Action, ApplyError, Change, Create, Remove
from pasarela.plan.links import ForeignLink
from pasarela.plan.resources import (
    BridgeLink,
    LinkAddress,
    LinkRoute,
    LinkUp,
    MacvlanLink,
    OnLinkRoute,
    Resource,
)

# Above this many links one look at all costs less than a look at each: asked for one that has just
# come up, the kernel first does what it has put off about it, and waits for its readers (Linux:
# linkwatch_sync_dev; half a millisecond).
_FEW = 4


class Links:
    """The adapter of everything that rtnetlink keeps about our bridges."""

    def __init__(self, socket: NetlinkSocket) -> None:
        self._socket = socket

    # observing

    def observe(self, expected: Iterable[Resource]) -> Iterator[Resource]:
        """Those of ``expected`` that are there, as they are there.

        Nothing is said of what hangs on a device that is not ours but bears our name.
        """
        by_link: dict[str, list[Resource]] = {}
        for resource in expected:
            by_link.setdefault(_link_name(resource), []).append(resource)
        for info in self._look(by_link):
            yield from self._observe_link(info, by_link[info.name])

    def _look(self, names: Collection[str]) -> Iterator[LinkInfo]:
        return self._look_at_all(names) if len(names) > _FEW else self._look_at(names)

    def _look_at_all(self, names: Collection[str]) -> Iterator[LinkInfo]:
        try:
            payloads = self._socket.dump(links.get_all())
        except NetlinkError as error:
            raise failure(error) from error
        for payload in payloads:
            if links.parse_name(payload)[1] in names:
                yield links.parse(payload)

    def _look_at(self, names: Iterable[str]) -> Iterator[LinkInfo]:
        for reply in self._socket.request([links.get(name) for name in names]):
            if reply.error is None:
                yield from (links.parse(payload) for payload in reply.payloads)
            elif reply.error.errno not in (ENODEV, ERANGE):  # ERANGE: a name over 15 bytes
                raise failure(reply.error) from reply.error

    def _observe_link(self, info: LinkInfo, expected: list[Resource]) -> Iterator[Resource]:
        bridge = next((one for one in expected if isinstance(one, BridgeLink)), None)
        if bridge is not None:
            yield (found := _as_resource(info, bridge))
            if isinstance(found, ForeignLink):
                return
        macvlan = next((one for one in expected if isinstance(one, MacvlanLink)), None)
        if macvlan is not None:
            yield (seen := _as_macvlan(info, macvlan))
            if isinstance(seen, ForeignLink):
                return
        if info.up and any(isinstance(one, LinkUp) for one in expected):
            yield LinkUp(info.name)
        yield from self._observe_addresses(info, expected)
        yield from self._observe_routes(info, expected)
        yield from self._observe_on_link(info, expected)

    def _observe_addresses(self, info: LinkInfo, expected: list[Resource]) -> Iterator[LinkAddress]:
        wanted = {one for one in expected if isinstance(one, LinkAddress)}
        if not wanted:
            return
        for payload in self._socket.dump(addresses.get_all(info.index)):
            found = LinkAddress(info.name, addresses.parse(payload)[1])
            if found in wanted:
                yield found

    def _observe_routes(self, info: LinkInfo, expected: list[Resource]) -> Iterator[LinkRoute]:
        wanted = {one.key for one in expected if isinstance(one, LinkRoute)}
        if not wanted:
            return
        for version in (4, 6):
            for payload in self._socket.dump(routes.get_all(version, info.index)):
                route = routes.parse(payload)
                if route is None or route.gateway is None:
                    continue
                found = LinkRoute(info.name, route.destination, route.gateway, route.metric)
                if found.key in wanted:
                    yield found

    def _observe_on_link(self, info: LinkInfo, expected: list[Resource]) -> Iterator[OnLinkRoute]:
        wanted = {one for one in expected if isinstance(one, OnLinkRoute)}
        for table, version in {(one.table, one.destination.version) for one in wanted}:
            for payload in self._dump_table(info.index, table, version):
                route = routes.parse_on_link(payload)
                if route is None or route.source is None:
                    continue
                found = OnLinkRoute(info.name, route.destination, route.source, route.table)
                if found in wanted:
                    yield found

    def _dump_table(self, index: int, table: int, version: int) -> Sequence[bytes]:
        try:
            return self._socket.dump(routes.get_on_link(index, table, version))
        except NetlinkError as error:
            if error.errno == ENOENT:  # nothing has ever been in that table
                return ()
            raise

    # applying

    def apply(self, actions: Sequence[Action]) -> None:
        """Carry out a run of actions in as few sends as possible.

        Raises:
            ApplyError: one failed; what had been done after it has been taken back.
        """
        leaving = {_link_name(a.resource) for a in actions if _stage(a) is _Stage.DELETE}
        done: list[Action] = []
        for stage, run in groupby(actions, key=_stage):
            batch = list(run)
            try:
                self._apply_stage(stage, batch, leaving)
            except ApplyError as error:
                raise ApplyError([*done, *error.done], error.cause) from error.cause
            done += batch

    def _apply_stage(self, stage: _Stage, batch: list[Action], leaving: set[str]) -> None:
        if stage is _Stage.DELETE and len(batch) > 1:
            self._delete_together(batch)
        elif stage is _Stage.REST:  # what hangs on a link goes with it
            self._carry_out([a for a in batch if _link_name(a.resource) not in leaving])
        else:
            self._carry_out(batch)

    def _carry_out(self, actions: Sequence[Action]) -> None:
        try:
            requests = [(i, m) for i, action in enumerate(actions) for m in messages(action)]
        except SystemCallFailed as cause:
            raise ApplyError((), cause) from cause
        replies = self._socket.request([message for _, message in requests])
        failed = next((i for i, reply in enumerate(replies) if reply.error), None)
        if failed is None:
            return
        first = requests[failed][0]
        carried_out = {
            owner
            for (owner, _), reply in zip(requests, replies, strict=True)
            if owner >= first and not reply.error
        }
        self._take_back([actions[owner] for owner in sorted(carried_out, reverse=True)])
        error = replies[failed].error
        assert error is not None  # the index says so
        raise ApplyError(actions[:first], failure(error)) from error

    def _take_back(self, actions: Iterable[Action]) -> None:
        """Undo what the kernel did behind a failure; it does not stop at the first error."""
        for action in actions:
            with suppress(SystemCallFailed):
                self._socket.request(messages(action.inverse()))

    def _delete_together(self, actions: Sequence[Action]) -> None:
        """The kernel waits for its readers once for a group, and else for each link.

        The group's number is random, so that nothing that an earlier run left in it goes along.
        """
        group = int.from_bytes(os.urandom(4), "little") | 1
        names = [_link_name(action.resource) for action in actions]
        self._socket.request([links.set_group(name, group) for name in names])
        error = self._socket.request([links.delete_group(group)])[0].error
        if error and error.errno != ENODEV:
            raise ApplyError((), failure(error)) from error


class _Stage(Enum):
    """Links must be there before their index can be asked for."""

    LINK = 1
    REST = 2
    DELETE = 3


def _stage(action: Action) -> _Stage:
    match action:
        case Remove(BridgeLink() | MacvlanLink()):
            return _Stage.DELETE
        case Create(BridgeLink() | MacvlanLink()) | Change(after=BridgeLink() | MacvlanLink()):
            return _Stage.LINK
        case _:
            return _Stage.REST


def _link_name(resource: Resource) -> str:
    if isinstance(resource, LinkAddress | LinkRoute | OnLinkRoute):
        return resource.link
    assert isinstance(resource, BridgeLink | MacvlanLink | ForeignLink | LinkUp)
    return resource.name


def _as_resource(info: LinkInfo, expected: BridgeLink) -> BridgeLink | ForeignLink:
    """A bridge with the network's MAC is ours; an MTU that nobody chose may be any."""
    if info.kind != "bridge" or info.mac != expected.mac:
        return ForeignLink(info.name, info.kind or "device")
    return replace(
        expected,
        mtu=None if expected.mtu is None else info.mtu,
        stp=info.stp,
        forward_delay=info.forward_delay,
        vlan_filtering=info.vlan_filtering,
    )


def _as_macvlan(info: LinkInfo, expected: MacvlanLink) -> MacvlanLink | ForeignLink:
    """On another NIC than it should be, it is ours and to be made anew."""
    if info.kind != "macvlan" or info.mac != expected.mac:
        return ForeignLink(info.name, info.kind or "device")
    try:
        parent = if_indextoname(info.parent)
    except OSError:
        parent = ""
    return replace(expected, parent=parent)
