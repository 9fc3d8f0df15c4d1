"""What the kernel holds of our tables, compared with the sections that should be there."""

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
from pasarela.plan.nftables import TABLE_NAME, Chain, Element, Field, Table
from pasarela.plan.ruleset import (
    BASES,
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
_SETS = [named for base in BASES.values() for named in base.sets]
_BASE_ELEMENTS = [element for named in _SETS for element in named.elements]
_LINKS = ((Field.IIFNAME,), (Field.OIFNAME,), (Field.IBRNAME,))
_BY_LINK = {named.name: named.table for named in _SETS if named.fields in _LINKS}
_LINK_BYTES = Field.IIFNAME.size
_NAT_HOST = (NAT_HOST4, NAT_HOST6)
_SERVED = {SERVED_ON4: SERVED4, SERVED_ON6: SERVED6}
# Above this many sections one look at the whole table costs less than a look at each.
_FEW = 4


@dataclass(frozen=True)
class Inventory:
    """The tables as they were seen; what was not looked at is missing."""

    whole: frozenset[Table]  # those of which the shared part is
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
        if not expected.tables <= self.whole:
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
    names = frozenset(name for table, name in chains if table == TABLE_NAME)
    rules = (_dump(socket, messages.rules_of(table=table)) for table in Table)
    tags = _read_tags(payload for dump in rules for payload in dump)
    dumps = (_dump(socket, messages.elements_of(named)) for named in _SETS)
    elements = _read_elements(payload for dump in dumps for payload in dump)
    return Inventory(_whole(socket, Table, tags, elements), names, tags, elements)


def _look_at(socket: NetlinkSocket, expected: Sequence[FirewallSection]) -> Inventory:
    tables = frozenset(table for section in expected for table in section.tables)
    shared = [chain for table in tables for chain in BASES[table].chains]
    chains = [*shared, *(chain for section in expected for chain in section.chains)]
    dumps = (_dump(socket, messages.rules_of(chain.name, chain.table)) for chain in chains)
    tags = _read_tags(payload for dump in dumps for payload in dump)
    asked = {element for section in expected for element in _possible_elements(section)}
    gets = [messages.get_element(element) for element in (*_BASE_ELEMENTS, *asked)]
    replies = socket.request(gets)
    elements = _read_elements(payload for reply in replies for payload in reply.payloads)
    return Inventory(_whole(socket, tables, tags, elements), frozenset(tags), tags, elements)


def _whole(
    socket: NetlinkSocket,
    tables: Iterable[Table],
    tags: dict[str, list[bytes]],
    elements: frozenset[SeenElement],
) -> frozenset[Table]:
    """Those tables of which the shared part is as it should be."""
    return frozenset(table for table in tables if _is_whole(socket, table, tags, elements))


def _is_whole(
    socket: NetlinkSocket,
    which: Table,
    tags: dict[str, list[bytes]],
    elements: frozenset[SeenElement],
) -> bool:
    base = BASES[which]
    hooks = [messages.get_chain(chain) for chain in base.chains if chain.hook]
    table, *chains = socket.request([messages.get_table(which), *hooks])
    if table.error or any(reply.error for reply in chains):
        return False
    flags, _ = messages.table_state(table.payloads[0])
    policies = {messages.chain_policy(reply.payloads[0]) for reply in chains}
    return (
        flags == 0
        and policies == {_POLICY_ACCEPT}
        and all(tags.get(chain.name) == _tags(chain) for chain in base.chains)
        and all(SeenElement.of(e) in elements for named in base.sets for e in named.elements)
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
    by_link = (Element(name, (section.bridge,), None, table) for name, table in _BY_LINK.items())
    return {*section.elements, *by_link}


def _served(elements: Iterable[SeenElement]) -> set[Place]:
    """The addresses that these elements say are served on some link, as elements of a set."""
    return {(_SERVED[e.set], e.key[_LINK_BYTES:]) for e in elements if e.set in _SERVED}
