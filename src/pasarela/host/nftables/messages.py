"""nf_tables' requests for our tables (linux/netfilter/nf_tables.h), and its answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from sys import byteorder

from pasarela.host.netlink.attributes import (
    as_be32,
    as_text,
    attribute,
    be32,
    each,
    nested,
    parse,
    text,
)
from pasarela.host.netlink.socket import (
    NLM_F_APPEND,
    NLM_F_CREATE,
    NLM_F_EXCL,
    Message,
)
from pasarela.host.nftables.expressions import (
    data_value,
    encode_key,
    encode_rule,
    encode_verdict,
    key_size,
)
from pasarela.plan.nftables import TABLE_NAME, Chain, Element, Field, NamedSet, Rule, Table

_SUBSYSTEM = 10 << 8  # NFNL_SUBSYS_NFTABLES
_NEWTABLE, _GETTABLE, _DELTABLE = 0, 1, 2
_NEWCHAIN, _GETCHAIN, _DELCHAIN = 3, 4, 5
_NEWRULE, _GETRULE, _DELRULE = 6, 7, 8
_NEWSET = 9
_NEWSETELEM, _GETSETELEM, _DELSETELEM = 12, 13, 14
_GETGEN = 16
NEW_GENERATION = _SUBSYSTEM | 15
"""The type of the message that ends what the kernel tells of a transaction."""
_BATCH_BEGIN, _BATCH_END = 0x10, 0x11
_SET_MAP = 8
_VERDICT_TYPE = 0xFFFFFF00  # NFT_DATA_VERDICT
_ACCEPT = 1
_LIST_ELEM = 1
_OUR_TABLE = text(1, TABLE_NAME)
_INET = Table.INET
_FAMILIES = {table.number: table for table in Table}
_TAG = 0x70  # our type in a rule's user data; nft(8) shows none that it does not know
_DATATYPES = {"ipv4_addr": 7, "ipv6_addr": 8, "inet_proto": 12, "inet_service": 13, "ifname": 41}
_DATATYPE_BITS = 6  # of each part in a concatenation's type
_HOST_ORDER, _NETWORK_ORDER = 1, 2


def new_table(table: Table = _INET) -> Message:
    """The table; flags 0 also wake one that somebody made dormant."""
    return _message(table, _NEWTABLE, NLM_F_CREATE, _OUR_TABLE + be32(2, 0), f"table {table}")


def delete_table(table: Table = _INET) -> Message:
    return _message(table, _DELTABLE, 0, _OUR_TABLE, f"delete table {table}")


def get_table(table: Table = _INET) -> Message:
    return _message(table, _GETTABLE, 0, _OUR_TABLE)


def new_chain(chain: Chain, *, fresh: bool = False) -> Message:
    """A chain; ``fresh`` refuses one that is there already."""
    body = _OUR_TABLE + text(3, chain.name)
    if chain.hook:
        place = be32(1, chain.hook.number) + be32(2, chain.hook.priority & 0xFFFFFFFF)
        body += text(7, chain.hook.type) + be32(5, _ACCEPT) + nested(4, place)
    return _message(chain.table, _NEWCHAIN, _creation(fresh), body, f"chain {chain.name}")


def delete_chain(name: str) -> Message:
    return _message(_INET, _DELCHAIN, 0, _OUR_TABLE + text(3, name), f"delete chain {name}")


def get_chain(chain: Chain) -> Message:
    return _message(chain.table, _GETCHAIN, 0, _OUR_TABLE + text(3, chain.name))


def all_chains() -> Message:
    return _message(_INET, _GETCHAIN, 0, _OUR_TABLE)


def new_rule(chain: Chain, rule: Rule) -> Message:
    """A rule at the chain's end."""
    body = _OUR_TABLE + text(2, chain.name) + nested(4, encode_rule(rule))
    body += attribute(7, bytes([_TAG, len(rule.tag)]) + rule.tag)
    label = f"chain {chain.name}: {rule}"
    return _message(chain.table, _NEWRULE, NLM_F_CREATE | NLM_F_APPEND, body, label)


def flush_chain(name: str, table: Table = _INET) -> Message:
    return _message(table, _DELRULE, 0, _OUR_TABLE + text(2, name), f"flush chain {name}")


def rules_of(chain: str | None = None, table: Table = _INET) -> Message:
    """To dump the rules of one chain, or of the whole table."""
    return _message(table, _GETRULE, 0, _OUR_TABLE + (text(2, chain) if chain else b""))


def new_set(named: NamedSet, number: int) -> Message:
    """A set or map; ``number`` is its own within the transaction."""
    body = _OUR_TABLE + text(2, named.name) + be32(3, _SET_MAP if named.verdicts else 0)
    body += be32(4, _datatype(named.fields)) + be32(5, key_size(named.fields))
    if named.verdicts:
        body += be32(6, _VERDICT_TYPE) + be32(7, 0)
    body += be32(10, number) + attribute(13, _byte_order(named.fields))
    return _message(named.table, _NEWSET, NLM_F_CREATE, body, f"set {named.name}")


def new_element(element: Element, *, fresh: bool = False) -> Message:
    """An element; ``fresh`` refuses one that is there already."""
    return _element(_NEWSETELEM, _creation(fresh), element)


def delete_element(element: Element) -> Message:
    return _element(_DELSETELEM, 0, element, with_verdict=False)


def get_element(element: Element) -> Message:
    return _element(_GETSETELEM, 0, element, with_verdict=False)


def delete_seen_element(element: SeenElement) -> Message:
    """Take an element out that was read from the kernel."""
    body = _element_list(element.set, nested(1, data_value(element.key)))
    return _message(element.table, _DELSETELEM, 0, body, f"delete element of {element.set}")


def elements_of(named: NamedSet) -> Message:
    """To dump a set's elements."""
    return _message(named.table, _GETSETELEM, 0, _OUR_TABLE + text(2, named.name))


def get_generation() -> Message:
    """The number of the namespace's rules, which each transaction of anybody's raises."""
    return _message(_INET, _GETGEN, 0, b"")


def generation(payload: bytes) -> int:
    """The number in the answer to that."""
    return as_be32(parse(payload[4:])[1])


def batch_begin() -> Message:
    return Message(_BATCH_BEGIN, 0, _family(0, 10))


def batch_end() -> Message:
    return Message(_BATCH_END, 0, _family(0, 10))


@dataclass(frozen=True, slots=True)
class SeenElement:
    """An element as the kernel has it."""

    set: str
    key: bytes
    verdict: bytes  # the attribute's content, empty in a set
    table: Table = _INET

    @classmethod
    def of(cls, element: Element) -> SeenElement:
        """What the kernel shows of an element that is as it should be."""
        verdict = parse(encode_verdict(element.verdict))[2] if element.verdict else b""
        return cls(element.set, encode_key(element.key), verdict, element.table)

    @property
    def target(self) -> str:
        """The chain that the verdict jumps to, or empty."""
        return as_text(parse(self.verdict).get(2, b"")) if self.verdict else ""


def table_state(payload: bytes) -> tuple[int, int]:
    """A table's flags, and how many chains, sets and objects it holds."""
    found = parse(payload[4:])
    return as_be32(found[2]), as_be32(found[3])


def chain_policy(payload: bytes) -> int | None:
    """A base chain's policy (1 is accept), or None for a chain without a hook."""
    policy = parse(payload[4:]).get(5)
    return None if policy is None else as_be32(policy)


def chain_name(payload: bytes) -> tuple[str, str]:
    """A chain's table and name."""
    found = parse(payload[4:])
    return as_text(found[1]), as_text(found[3])


def rule_tag(payload: bytes) -> tuple[str, bytes]:
    """A rule's chain, and the tag that we gave it; a rule of somebody else's has none."""
    found = parse(payload[4:])
    data = found.get(7, b"")
    return as_text(found[2]), data[2:] if data[:1] == bytes([_TAG]) else b""


def elements_in(payload: bytes) -> Iterator[SeenElement]:
    found = parse(payload[4:])
    name, table = as_text(found[2]), _FAMILIES[payload[0]]
    for _, item in each(found.get(3, b"")):
        parts = parse(item)
        verdict = parse(parts[2]).get(2, b"") if 2 in parts else b""
        yield SeenElement(name, parse(parts[1])[1], verdict, table)


def _creation(fresh: bool) -> int:
    return NLM_F_CREATE | (NLM_F_EXCL if fresh else 0)


def _message(table: Table, kind: int, flags: int, body: bytes, label: str = "") -> Message:
    return Message(_SUBSYSTEM | kind, flags, _family(table.number, 0) + body, label)


def _family(family: int, resource: int) -> bytes:
    """struct nfgenmsg: family, version, resource in network order."""
    return bytes([family, 0]) + resource.to_bytes(2, "big")


def _element(kind: int, flags: int, element: Element, *, with_verdict: bool = True) -> Message:
    item = nested(1, data_value(encode_key(element.key)))
    if element.verdict and with_verdict:
        item += nested(2, encode_verdict(element.verdict))
    action = "delete element" if kind == _DELSETELEM else "element"
    label = f"{action} {element.set} {{ {element.item()} }}"
    return _message(element.table, kind, flags, _element_list(element.set, item), label)


def _element_list(set_name: str, item: bytes) -> bytes:
    return _OUR_TABLE + text(2, set_name) + nested(3, nested(_LIST_ELEM, item))


def _datatype(fields: tuple[Field, ...]) -> int:
    """nft's number for the key's type, by which it shows the elements."""
    number = 0
    for field in fields:
        number = number << _DATATYPE_BITS | _DATATYPES[field.datatype]
    return number


def _byte_order(fields: tuple[Field, ...]) -> bytes:
    """Byte order of key and data in a set's user data, where nft(8) reads them."""
    order = _HOST_ORDER if fields[0].datatype == "ifname" else _NETWORK_ORDER
    return bytes([0, 4]) + order.to_bytes(4, byteorder)
