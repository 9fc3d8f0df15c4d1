"""What the kernel holds of our table, compared with the sections that should be there."""

from __future__ import annotations

import errno
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from pasarela.host.netlink.socket import Message, NetlinkError, NetlinkSocket
from pasarela.host.nftables import messages
from pasarela.host.nftables.expressions import encode_key
from pasarela.host.nftables.messages import SeenElement
from pasarela.plan.nftables import TABLE, Chain, Element, Field
from pasarela.plan.ruleset import (
    BASE_CHAINS,
    BASE_SETS,
    NAT_HOST4,
    NAT_HOST6,
    SERVED4,
    SERVED6,
    SERVED_ON4,
    SERVED_ON6,
    FirewallSection,
)

Place = tuple[str, bytes]  # a set, and a key of it

_POLICY_ACCEPT = 1
_HOOKED = [chain for chain in BASE_CHAINS if chain.hook]
_BASE_ELEMENTS = [element for named in BASE_SETS for element in named.elements]
_BY_LINK = [
    named.name for named in BASE_SETS if named.fields in ((Field.IIFNAME,), (Field.OIFNAME,))
]
_LINK_BYTES = Field.IIFNAME.size
_NAT_HOST = (NAT_HOST4, NAT_HOST6)
_SERVED = {SERVED_ON4: SERVED4, SERVED_ON6: SERVED6}
# Above this many sections one look at the whole table costs less than a look at each.
_FEW = 4


@dataclass(frozen=True)
class Inventory:
    """The table as it was seen; what was not looked at is missing."""

    whole_base: bool
    chains: frozenset[str]
    tags: dict[str, list[bytes]]
    elements: frozenset[SeenElement]

    @cached_property
    def _by_owner(self) -> dict[bytes | str, set[SeenElement]]:
        """The elements by the link that they name and by the chain that they lead to."""
        owners: dict[bytes | str, set[SeenElement]] = defaultdict(set)
        for element in self.elements:
            if element.set in _BY_LINK or element.set in _SERVED:
                owners[element.key[:_LINK_BYTES]].add(element)
            if element.target:
                owners[element.target].add(element)
        return dict(owners)

    @cached_property
    def _served_on(self) -> dict[Place, set[bytes]]:
        """By the place of a served address: the links that serve it."""
        links: dict[Place, set[bytes]] = defaultdict(set)
        for element in self.elements:
            for place in _served([element]):
                links[place].add(element.key[:_LINK_BYTES])
        return dict(links)

    @cached_property
    def _by_place(self) -> dict[Place, SeenElement]:
        return {(element.set, element.key): element for element in self.elements}

    def _at(self, place: Place) -> set[SeenElement]:
        return {self._by_place[place]} if place in self._by_place else set()

    def _owned(self, section: FirewallSection) -> set[SeenElement]:
        owners: list[bytes | str] = [encode_key((section.bridge,)), *_possible_chains(section)]
        return set().union(*(self._by_owner.get(owner, set()) for owner in owners))

    def section(self, expected: FirewallSection) -> FirewallSection | None:
        """What is there of a section, or None for nothing."""
        found = self._owned(expected)
        if not found and not any(self.tags.get(name) for name in expected.chain_names):
            return None
        wanted = {SeenElement.of(element) for element in expected.elements}
        found |= {element for element in wanted if element in self.elements}
        drift = self._drift(expected, wanted, found)
        return expected.drifted(drift) if drift else expected

    def belongings(
        self, sections: Iterable[FirewallSection]
    ) -> tuple[frozenset[str], set[SeenElement]]:
        """The chains and elements of these sections' bridges, whoever made them."""
        chains: set[str] = set()
        elements: set[SeenElement] = set()
        for section in sections:
            chains |= self.chains & _possible_chains(section)
            elements |= self._belonging_elements(section)
        return frozenset(chains), elements

    def _belonging_elements(self, section: FirewallSection) -> set[SeenElement]:
        elements = self._owned(section)
        known = elements | {SeenElement.of(element) for element in section.elements}
        link = encode_key((section.bridge,))
        for place in _served(known):
            if not self._served_on.get(place, set()) - {link}:  # no other network serves it
                elements |= self._at(place)
        for element in known:
            if element.set in _NAT_HOST:  # somebody may have given it another verdict
                elements |= {e for e in self._at((element.set, element.key)) if not e.target}
        return elements

    def _drift(
        self, expected: FirewallSection, wanted: set[SeenElement], found: set[SeenElement]
    ) -> str:
        if not self.whole_base:
            return "the shared part of the table was changed"
        for chain in expected.chains:
            if self.tags.get(chain.name, []) != _tags(chain):
                return f"rules of {chain.name} were changed"
        if found != wanted:
            names = sorted({element.set for element in found ^ wanted})
            return f"elements of {', '.join(names)} were changed"
        return ""


def look(socket: NetlinkSocket, expected: Sequence[FirewallSection]) -> Inventory:
    """The table as far as these sections go; for a few of them at a cost that does not grow."""
    if len(expected) > _FEW:
        return look_at_all(socket)
    return _look_at(socket, expected)


def look_at_all(socket: NetlinkSocket) -> Inventory:
    """The whole table."""
    chains = (messages.chain_name(p) for p in _dump(socket, messages.all_chains()))
    names = frozenset(name for table, name in chains if table == TABLE)
    tags = _read_tags(_dump(socket, messages.rules_of()))
    dumps = (_dump(socket, messages.elements_of(named.name)) for named in BASE_SETS)
    elements = _read_elements(payload for dump in dumps for payload in dump)
    return Inventory(_is_base_whole(socket, tags, elements), names, tags, elements)


def _look_at(socket: NetlinkSocket, expected: Sequence[FirewallSection]) -> Inventory:
    chains = [*BASE_CHAINS, *(chain for section in expected for chain in section.chains)]
    dumps = (_dump(socket, messages.rules_of(chain.name)) for chain in chains)
    tags = _read_tags(payload for dump in dumps for payload in dump)
    asked = {element for section in expected for element in _possible_elements(section)}
    gets = [messages.get_element(element) for element in (*_BASE_ELEMENTS, *asked)]
    replies = socket.request(gets)
    elements = _read_elements(payload for reply in replies for payload in reply.payloads)
    return Inventory(_is_base_whole(socket, tags, elements), frozenset(tags), tags, elements)


def _is_base_whole(
    socket: NetlinkSocket, tags: dict[str, list[bytes]], elements: frozenset[SeenElement]
) -> bool:
    hooks = [messages.get_chain(chain.name) for chain in _HOOKED]
    table, *chains = socket.request([messages.get_table(), *hooks])
    if table.error or any(reply.error for reply in chains):
        return False
    flags, _ = messages.table_state(table.payloads[0])
    policies = {messages.chain_policy(reply.payloads[0]) for reply in chains}
    return (
        flags == 0
        and policies == {_POLICY_ACCEPT}
        and all(tags.get(chain.name) == _tags(chain) for chain in BASE_CHAINS)
        and all(SeenElement.of(element) in elements for element in _BASE_ELEMENTS)
    )


def _dump(socket: NetlinkSocket, request: Message) -> list[bytes]:
    try:
        return socket.dump(request)
    except NetlinkError as error:
        if error.errno == errno.ENOENT:  # the table, the chain or the set is not there
            return []
        raise


def _read_tags(payloads: Iterable[bytes]) -> dict[str, list[bytes]]:
    tags: dict[str, list[bytes]] = defaultdict(list)
    for payload in payloads:
        chain, tag = messages.rule_tag(payload)
        tags[chain].append(tag)
    return dict(tags)


def _read_elements(payloads: Iterable[bytes]) -> frozenset[SeenElement]:
    return frozenset(element for payload in payloads for element in messages.elements_in(payload))


def _tags(chain: Chain) -> list[bytes]:
    return [rule.tag for rule in chain.rules]


def _possible_chains(section: FirewallSection) -> frozenset[str]:
    name = section.bridge.identifier()
    return frozenset({f"to_{name}", f"from_{name}", f"nat_{name}"})


def _possible_elements(section: FirewallSection) -> set[Element]:
    """The section's own, and those that would change what happens to its bridge's packets."""
    return {*section.elements, *(Element(name, (section.bridge,)) for name in _BY_LINK)}


def _served(elements: Iterable[SeenElement]) -> set[Place]:
    """The addresses that these elements say are served on some link, as elements of a set."""
    return {(_SERVED[e.set], e.key[_LINK_BYTES:]) for e in elements if e.set in _SERVED}
