"""Bandwidth limits of bridges, over rtnetlink."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from errno import EEXIST, EINVAL, ENODEV, ENOENT
from socket import if_nametoindex

from pasarela.errors import SystemCallFailed
from pasarela.host.link_messages import failure
from pasarela.host.netlink import links, traffic
from pasarela.host.netlink.socket import Message, NetlinkError, NetlinkSocket
from pasarela.plan.actions import Action, ApplyError, Remove
from pasarela.plan.resources import Resource
from pasarela.plan.shaping import BridgeShaping, Limit

_ABSENT = frozenset({ENOENT, ENODEV, EINVAL})


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
                to_guests=self._limit(shaping.link, shaping.to_guests),
                from_guests=self._detoured(shaping),
            )
            if found.to_guests or found.from_guests:
                yield found

    def apply(self, actions: Sequence[Action]) -> None:
        """Raises:
        ApplyError: a limit could not be set; what there was of it is taken away again."""
        for position, action in enumerate(actions):
            shaping = action.resource
            assert isinstance(shaping, BridgeShaping)
            try:
                self._lift(shaping)
                if not isinstance(action, Remove):
                    self._set(shaping)
            except (NetlinkError, OSError) as cause:
                with suppress(OSError):
                    self._lift(shaping)
                raise ApplyError(actions[:position], _failure(shaping, cause)) from cause

    def _set(self, shaping: BridgeShaping) -> None:
        index = if_nametoindex(shaping.link)
        if shaping.to_guests:
            self._socket.execute(traffic.queue(index, shaping.to_guests, fair=shaping.fair))
        if shaping.from_guests:
            self._socket.execute([traffic.create_detour(shaping.detour)])
            detour = if_nametoindex(shaping.detour)
            self._socket.execute(
                [
                    *traffic.queue(detour, shaping.from_guests, fair=shaping.fair),
                    *traffic.redirect(index, detour),
                ]
            )

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

    def _limit(self, link: str, expected: Limit | None) -> Limit | None:
        """The limit of a device's queue; none if there is no such device."""
        index = _index(link)
        if index is None:
            return None
        classes = (
            traffic.parse_class(payload, expected)
            for payload in self._socket.dump(traffic.classes_of(index))
        )
        return dict(filter(None, classes)).get(traffic.DEFAULT)

    def _detoured(self, shaping: BridgeShaping) -> Limit | None:
        index, detour = _index(shaping.link), _index(shaping.detour)
        if index is None or detour is None:
            return None
        filters = self._socket.dump(traffic.filters_at_entry(index))
        if detour not in map(traffic.redirects_to, filters):
            return None
        return self._limit(shaping.detour, shaping.from_guests)


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
