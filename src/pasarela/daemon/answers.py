"""Replies that are known already: programs ask the same small things over and over.

What a reply says can only change by a call that changes something, and of those this process does
all itself. So a reply is kept, as bytes, until the next change is begun, and given again to
whoever sends the very same question. None is kept while a change is at work.
"""

from __future__ import annotations

from typing import NamedTuple

from pasarela.daemon.lease_cache import LeaseCache, Look
from pasarela.rpc.messages import MIN_MESSAGE
from pasarela.rpc.procedures import BY_NAME

# What depends on nothing but networks, ports and lease files, and neither on the client nor on
# the state of the host.
KEPT = frozenset(
    BY_NAME[name].number.to_bytes(4, "big")
    for name in (
        "list_defined_networks",
        "list_network_names",
        "count_defined_networks",
        "count_networks",
        "list_networks",
        "lookup_by_name",
        "lookup_by_uuid",
        "xml_desc",
        "get_autostart",
        "bridge_name",
        "is_active",
        "is_persistent",
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

    Attributes:
        size: roughly, in bytes.
    """

    def __init__(self, leases: LeaseCache) -> None:
        self._leases = leases
        self._known: dict[bytes, Answer] = {}
        self.size = 0
        self._changes = 0

    def change_begins(self) -> None:
        self._changes += 1
        self._forget()

    def change_ends(self) -> None:
        self._changes -= 1

    def are_for(self, question: bytes) -> bool:
        """Whether this is one whole message whose reply may be kept; there must be no other."""
        return (
            question[12:16] in KEPT
            and not self._changes
            and len(question) <= MAX_QUESTION
            and int.from_bytes(question[:4], "big") == len(question)
        )

    def find(self, question: bytes) -> bytes | None:
        """The reply, if it is known; else what ``keep`` must know is noted from here on."""
        found = self._known.get(_key(question))
        if found is not None and (found.look is None or found.look.holds()):
            return found.head + question[20:24] + found.tail
        self._leases.last_look = None
        return None

    def keep(self, question: bytes, reply: bytes) -> None:
        """Note the reply to a question that has just been asked and not been found."""
        if self._changes or reply[24:MIN_MESSAGE] != _OK or reply[20:24] != question[20:24]:
            return
        if int.from_bytes(reply[:4], "big") != len(reply):
            return  # something else went out with it
        self.size += len(question) + len(reply) + _WORTH
        if self.size > MAX_KEPT:
            self._forget()
            return
        answer = Answer(reply[:20], reply[24:], self._leases.last_look)
        self._known[_key(question)] = answer

    def _forget(self) -> None:
        self._known.clear()
        self.size = 0


def _key(question: bytes) -> bytes:
    """All but the serial."""
    return question[:20] + question[24:]
