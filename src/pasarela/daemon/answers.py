"""Replies that are known already: programs ask the same small things over and over.

What a reply says can only change by a call that changes something, and of those this process does
all itself. So a reply is kept, as bytes, and given again to whoever sends the very same question:
one that tells of networks' documents until the next change is begun, and none while it is at work;
one that only tells which networks there are until that is no longer so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import is_not
from typing import NamedTuple

from pasarela.daemon.lease_cache import LeaseCache, Look
from pasarela.rpc.messages import MIN_MESSAGE
from pasarela.rpc.procedures import BY_NAME


def _numbers(names: Iterable[str]) -> frozenset[bytes]:
    return frozenset(BY_NAME[name].number.to_bytes(4, "big") for name in names)


# What depends on nothing but which networks there are, active, persistent and autostarted.
PLAIN = _numbers(
    (
        "list_defined_networks",
        "list_network_names",
        "count_defined_networks",
        "count_networks",
        "list_networks",
        "lookup_by_name",
        "lookup_by_uuid",
        "get_autostart",
        "is_active",
        "is_persistent",
    )
)
# What depends on networks, ports and lease files, too, but neither on the client nor on the host.
KEPT = PLAIN | _numbers(
    (
        "xml_desc",
        "bridge_name",
        "dhcp_leases",
        "list_ports",
        "port_lookup",
        "port_xml_desc",
        "port_parameters",
        "metadata",
    )
)
MAX_QUESTION = 512  # bytes; longer ones are rare
MAX_KEPT = 4 * 1024 * 1024  # bytes of questions and replies; with more, it begins anew
_WORTH = 256  # bytes that an entry takes besides

_OK = bytes(4)


class Answer(NamedTuple):
    """A reply, but for the serial in its middle; and the lease file that it was made from."""

    head: bytes
    tail: bytes
    look: Look | None


class Answers:
    """What has been asked since the last change, and what was answered.

    Args:
        views: other objects than before as soon as other networks are there (Store.views).

    Attributes:
        size: roughly, in bytes.
    """

    def __init__(self, leases: LeaseCache, views: Callable[[], tuple[object, ...]]) -> None:
        self._leases = leases
        self._views = views
        self._seen: tuple[object, ...] = ()
        self._known: dict[bytes, Answer] = {}
        self._plain: dict[bytes, Answer] = {}
        self.size = 0
        self._changes = 0

    def change_begins(self) -> None:
        self._changes += 1
        self._known.clear()

    def change_ends(self) -> None:
        self._changes -= 1

    def are_changing(self) -> bool:
        """Whether a change waits or is at work."""
        return self._changes > 0

    def are_for(self, question: bytes) -> bool:
        """Whether this is one whole message whose reply may be kept; there must be no other."""
        return (
            question[12:16] in (PLAIN if self._changes else KEPT)
            and len(question) <= MAX_QUESTION
            and int.from_bytes(question[:4], "big") == len(question)
        )

    def find(self, question: bytes) -> bytes | None:
        """The reply, if it is known; else what ``keep`` must know is noted from here on."""
        self._look()
        found = self._answers(question).get(_key(question))
        if found is not None and (found.look is None or found.look.holds()):
            return found.head + question[20:24] + found.tail
        self._leases.last_look = None
        return None

    def keep(self, question: bytes, reply: bytes) -> None:
        """Note the reply to a question that has just been asked and not been found."""
        if not self.are_for(question) or reply[20:MIN_MESSAGE] != question[20:24] + _OK:
            return
        if int.from_bytes(reply[:4], "big") != len(reply):
            return  # something else went out with it
        self.size += len(question) + len(reply) + _WORTH
        if self.size > MAX_KEPT:
            self._forget()
            return
        answer = Answer(reply[:20], reply[24:], self._leases.last_look)
        self._answers(question)[_key(question)] = answer

    def _answers(self, question: bytes) -> dict[bytes, Answer]:
        return self._plain if question[12:16] in PLAIN else self._known

    def _look(self) -> None:
        """Before a reply is made: if networks change meanwhile, the next look tells."""
        views = self._views()
        if len(views) != len(self._seen) or any(map(is_not, views, self._seen)):
            self._seen = views
            self._forget()

    def _forget(self) -> None:
        self._known.clear()
        self._plain.clear()
        self.size = 0


def _key(question: bytes) -> bytes:
    """All but the serial."""
    return question[:20] + question[24:]
