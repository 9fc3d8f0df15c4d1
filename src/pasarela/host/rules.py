"""The routing rules by source address that are ours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from errno import EEXIST, ENOENT

from pasarela.host.link_messages import failure
from pasarela.host.netlink import rules
from pasarela.host.netlink.socket import NetlinkSocket
from pasarela.plan.actions import Action, ApplyError, Remove
from pasarela.plan.resources import Resource, SourceRule


class Rules:
    """The adapter of rules."""

    def __init__(self, socket: NetlinkSocket) -> None:
        self._socket = socket

    def observe(self, expected: Iterable[Resource]) -> Iterator[SourceRule]:
        wanted = {one for one in expected if isinstance(one, SourceRule)}
        for version in sorted({one.source.version for one in wanted}):
            yield from wanted & set(self._all(version))

    def _all(self, version: int) -> Iterator[SourceRule]:
        for payload in self._socket.dump(rules.get_all(version)):
            found = rules.parse(payload)
            if found.source is not None:
                yield SourceRule(found.source, found.table)

    def apply(self, actions: Sequence[Action]) -> None:
        """Raises:
        ApplyError: the kernel refused one."""
        for position, action in enumerate(actions):
            rule = action.resource
            assert isinstance(rule, SourceRule)
            removing = isinstance(action, Remove)
            message = rules.remove(rule) if removing else rules.add(rule)
            error = self._socket.request([message])[0].error
            if error is not None and error.errno != (ENOENT if removing else EEXIST):
                raise ApplyError(actions[:position], failure(error)) from error

    def clear(self, table: int, version: int) -> None:
        """Remove all rules of an IP version that lead to a table of ours."""
        for rule in list(self._all(version)):
            if rule.table == table:
                self._socket.request([rules.remove(rule)])
