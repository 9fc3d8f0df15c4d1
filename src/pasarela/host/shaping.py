"""Bandwidth limits of bridges, over rtnetlink."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from errno import EEXIST, EINVAL, ENODEV, ENOENT
from socket import if_nametoindex
from typing import TypedDict

from pasarela.errors import SystemCallFailed
from pasarela.host.link_messages import failure
from pasarela.host.netlink import floors, links, traffic
from pasarela.host.netlink.socket import Message, NetlinkError, NetlinkSocket
from pasarela.plan.actions import Action, ApplyError, Change, Remove
from pasarela.plan.resources import Resource
from pasarela.plan.shaping import BridgeShaping, Floor, Limit

_ABSENT = frozenset({ENOENT, ENODEV, EINVAL})


class _ToGuests(TypedDict):
    to_guests: Limit | None
    floors: tuple[Floor, ...]
    others: Limit | None


class Shaping:
    """The adapter of bandwidth limits."""

    def __init__(self, socket: NetlinkSocket) -> None:
        self._socket = socket

    def observe(self, expected: Iterable[Resource]) -> Iterator[Resource]:
        """The limits that are there, of bridges that are expected to have some."""
        for shaping in expected:
            assert isinstance(shaping, BridgeShaping)
            found = replace(
                shaping,
                **self._to_guests(shaping),
                from_guests=self._detoured(shaping),
            )
            if found.to_guests or found.from_guests:
                yield found

    def apply(self, actions: Sequence[Action]) -> None:
        """Raises:
        ApplyError: a limit could not be set; what there was of it is taken away again."""
        for position, action in enumerate(actions):
            try:
                self._apply(action)
            except (NetlinkError, OSError) as cause:
                shaping = action.resource
                assert isinstance(shaping, BridgeShaping)
                with suppress(OSError):
                    self._lift(shaping)
                raise ApplyError(actions[:position], _failure(shaping, cause)) from cause

    def _apply(self, action: Action) -> None:
        shaping = action.resource
        assert isinstance(shaping, BridgeShaping)
        if isinstance(action, Change) and _differ_in_floors(action.before, shaping):
            assert isinstance(action.before, BridgeShaping)
            self._move_floors(action.before, shaping)
            return
        self._lift(shaping)
        if not isinstance(action, Remove):
            self._set(shaping)

    def _set(self, shaping: BridgeShaping) -> None:
        index = if_nametoindex(shaping.link)
        if shaping.to_guests:
            self._socket.execute(traffic.queue(index, shaping.to_guests, fair=shaping.fair))
            self._move_floors(replace(shaping, floors=(), others=None), shaping)
        if shaping.from_guests:
            self._socket.execute([traffic.create_detour(shaping.detour)])
            detour = if_nametoindex(shaping.detour)
            self._socket.execute(
                [
                    *traffic.queue(detour, shaping.from_guests, fair=shaping.fair),
                    *traffic.redirect(index, detour),
                ]
            )

    def _move_floors(self, before: BridgeShaping, after: BridgeShaping) -> None:
        """Change the guests' classes where they differ; the others' packets go on meanwhile.

        The class of all others is made smaller first and bigger last, so that no more is promised
        at any time than there is.
        """
        messages = list(_moved_floors(if_nametoindex(after.link), before, after))
        if messages:
            self._socket.execute(messages)

    def _lift(self, shaping: BridgeShaping) -> None:
        """Take all of it away; what is not there is no error."""
        messages: list[Message] = [links.delete(shaping.detour)]
        index = _index(shaping.link)
        if index is not None:
            messages = [
                traffic.remove_queue(index),
                traffic.remove_redirect(index),
                *messages,
            ]
        for reply in self._socket.request(messages):
            if reply.error and reply.error.errno not in _ABSENT:
                raise reply.error

    def _to_guests(self, shaping: BridgeShaping) -> _ToGuests:
        """The limit of what goes to the guests, and the floors in it."""
        limits = self._limits(shaping.link, _expected(shaping))
        whole, others = limits.pop(traffic.WHOLE, None), limits.pop(traffic.DEFAULT, None)
        return {
            "to_guests": whole,
            "floors": tuple(self._floors(shaping.link, limits)) if limits else (),
            "others": None if others == whole else others,
        }

    def _floors(self, link: str, limits: Mapping[int, Limit]) -> Iterator[Floor]:
        macs = floors.macs_by_class(self._socket.dump(floors.filters_of(if_nametoindex(link))))
        for handle in sorted(limits.keys() & macs.keys()):
            yield Floor(handle & 0xFFFF, macs[handle], limits[handle])

    def _detoured(self, shaping: BridgeShaping) -> Limit | None:
        index, detour = _index(shaping.link), _index(shaping.detour)
        if index is None or detour is None:
            return None
        filters = self._socket.dump(traffic.filters_at_entry(index))
        if detour not in map(traffic.redirects_to, filters):
            return None
        limit = shaping.from_guests
        expected = {traffic.DEFAULT: limit} if limit else {}
        return self._limits(shaping.detour, expected).get(traffic.DEFAULT)

    def _limits(self, link: str, expected: Mapping[int, Limit]) -> dict[int, Limit]:
        """The classes of a device's queue by handle; none if there is no such device."""
        index = _index(link)
        if index is None:
            return {}
        classes = (
            traffic.parse_class(payload, expected)
            for payload in self._socket.dump(traffic.classes_of(index))
        )
        return dict(filter(None, classes))


def _expected(shaping: BridgeShaping) -> dict[int, Limit]:
    if shaping.to_guests is None:
        return {}
    promised = {floors.class_handle(one.class_id): one.limit for one in shaping.floors}
    others = shaping.others or shaping.to_guests
    return {traffic.WHOLE: shaping.to_guests, traffic.DEFAULT: others, **promised}


def _differ_in_floors(before: Resource, after: BridgeShaping) -> bool:
    """Whether all else is the same."""
    assert isinstance(before, BridgeShaping)
    return replace(before, floors=after.floors, others=after.others) == after


def _moved_floors(index: int, before: BridgeShaping, after: BridgeShaping) -> Iterator[Message]:
    whole = after.to_guests
    assert whole is not None  # or there would be no floors
    old, new = before.others or whole, after.others or whole
    others = traffic.limited_class(index, traffic.DEFAULT, traffic.WHOLE, new)
    if new.rate < old.rate:
        yield others
    there = {(one.class_id, one.mac): one for one in before.floors}
    wanted = {(one.class_id, one.mac): one for one in after.floors}
    for key in there.keys() - wanted.keys():
        yield from floors.remove_floor(index, there[key])
    for key, floor in wanted.items():
        if key not in there:
            yield from floors.add_floor(index, floor, fair=after.fair)
        elif floor != there[key]:
            yield floors.change_floor(index, floor)
    if new.rate >= old.rate and new != old:
        yield others


def _index(link: str) -> int | None:
    try:
        return if_nametoindex(link)
    except OSError:
        return None


def _failure(shaping: BridgeShaping, cause: OSError) -> SystemCallFailed:
    if isinstance(cause, NetlinkError) and cause.errno != EEXIST:
        return failure(cause)
    return SystemCallFailed(
        f"cannot limit bandwidth on {shaping.link}: {cause.strerror}", errno=cause.errno
    )
