"""Other programs' nftables, as far as they may refuse our networks' packets.

A dump of the tables' names says where to look; of those families the chains are listed, and rules
are only read of tables that matter. What iptables-legacy made lies elsewhere (host/legacy.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pasarela.host.netlink.attributes import as_be32, as_text, each, parse, text
from pasarela.host.netlink.socket import Message, NetlinkSocket
from pasarela.plan.foreign import FORWARD, INPUT, ForeignRule, ForeignTable, is_worth_reading
from pasarela.plan.nftables import TABLE_NAME

_NETLINK_NETFILTER = 12
_NFTABLES = 10 << 8
_GETTABLE, _GETCHAIN, _GETRULE, _GETSETELEM = 1, 4, 7, 13
_FAMILIES = {1: "inet", 2: "ip", 10: "ip6"}
_HOOKS = {1: INPUT, 2: FORWARD}
_DROP = 0
_TABLE_NAME = 1
_CHAIN_TABLE, _CHAIN_NAME, _CHAIN_HOOK, _CHAIN_POLICY = 1, 3, 4, 5
_RULE_CHAIN, _RULE_HANDLE, _RULE_EXPRESSIONS = 2, 3, 4
_IIFNAME, _OIFNAME = 6, 7
_EQUAL = 0
_ACCEPT = 1
_LINK_BYTES = 16
_LEGACY_NAMES = tuple(f"/proc/thread-self/net/{ip}_tables_names" for ip in ("ip", "ip6"))
_OURS = text(_TABLE_NAME, TABLE_NAME)

Table = tuple[int, str]


@dataclass(slots=True)
class _Chains:
    names: set[str] = field(default_factory=set)
    dropping: list[tuple[str, str]] = field(default_factory=list)


class ForeignTables:
    """Reads them over one socket that stays open.

    Closing one waits until the kernel has cleaned up after what was deleted: 10 to 17 ms.
    """

    def __init__(self) -> None:
        self._socket: NetlinkSocket | None = None

    def read(self) -> tuple[ForeignTable, ...]:
        """The tables that may be in the way; none where the kernel does not let us look."""
        try:
            self._socket = self._socket or NetlinkSocket(_NETLINK_NETFILTER)
            return (*_tables(self._socket), *_legacy_tables())
        except OSError:
            return ()  # an ordinary user who looks at a plan, or a kernel without nftables


def _legacy_tables() -> Iterator[ForeignTable]:
    """Most hosts have none, which two files that are empty say, or not there."""
    if any(map(_says_something, _LEGACY_NAMES)):
        from pasarela.host.legacy import legacy_tables  # noqa: PLC0415  (seldom needed)

        yield from legacy_tables()


def _says_something(path: str) -> bool:
    try:
        with open(path, "rb") as file:  # noqa: PTH123  (twice as fast)
            return bool(file.read())
    except OSError:
        return False


def _tables(socket: NetlinkSocket) -> Iterator[ForeignTable]:
    for (family, name), chains in _chains(_chain_messages(socket)).items():
        if is_worth_reading(_FAMILIES[family], name, chains.names, chains.dropping):
            yield ForeignTable(
                family=_FAMILIES[family],
                name=name,
                chains=frozenset(chains.names),
                dropping=tuple(chains.dropping),
                rules=tuple(_rules(socket, (family, name))),
            )


def _chain_messages(socket: NetlinkSocket) -> Iterator[bytes]:
    """Of the families that others have tables in. Ours are left out unread: there may be many."""
    tables = [payload for payload in socket.dump(_request(_GETTABLE, 0)) if not _is_ours(payload)]
    for family in sorted({payload[0] for payload in tables}):
        if family in _FAMILIES:
            chains = socket.dump(_request(_GETCHAIN, family))
            yield from (payload for payload in chains if not _is_ours(payload))


def _is_ours(payload: bytes) -> bool:
    """Whether a table, or the table of a chain, is ours; its name comes first in both."""
    return payload.startswith(_OURS, 4)


def _chains(payloads: Iterable[bytes]) -> dict[Table, _Chains]:
    tables: dict[Table, _Chains] = defaultdict(_Chains)
    for payload in payloads:
        found = parse(payload[4:])
        family, table = payload[0], as_text(found[_CHAIN_TABLE])
        name = as_text(found[_CHAIN_NAME])
        tables[family, table].names.add(name)
        if _CHAIN_HOOK in found and as_be32(found[_CHAIN_POLICY]) == _DROP:
            hook = _HOOKS.get(as_be32(parse(found[_CHAIN_HOOK])[1]))
            if hook:
                tables[family, table].dropping.append((name, hook))
    return tables


def _rules(socket: NetlinkSocket, table: Table) -> Iterator[ForeignRule]:
    family, name = table
    for payload in socket.dump(_request(_GETRULE, family, text(1, name))):
        found = parse(payload[4:])
        expressions = [parse(item) for _, item in each(found.get(_RULE_EXPRESSIONS, b""))]
        reading = _Reading(socket, table)
        for expression in expressions:
            reading.take(as_text(expression[1]), parse(expression.get(2, b"")))
        yield ForeignRule(
            chain=as_text(found[_RULE_CHAIN]),
            handle=int.from_bytes(found[_RULE_HANDLE], "big"),
            arrives=frozenset(reading.links[_IIFNAME]),
            leaves=frozenset(reading.links[_OIFNAME]),
            accepts=reading.accepts,
            target=reading.target,
        )


@dataclass(slots=True)
class _Reading:
    """A rule that is read expression by expression, as the kernel runs it."""

    socket: NetlinkSocket
    table: Table
    loaded: int | None = None  # the field that lies in the register
    links: dict[int, set[str]] = field(default_factory=lambda: {_IIFNAME: set(), _OIFNAME: set()})
    accepts: bool = False
    target: str | None = None

    def take(self, name: str, data: dict[int, bytes]) -> None:
        if name == "cmp" and self.loaded in self.links:
            if as_be32(data[2]) == _EQUAL:
                self.links[self.loaded].add(_link_name(parse(data[3])[1]))
        elif name == "lookup" and self.loaded in self.links:
            self.links[self.loaded].update(self._elements(as_text(data[1])))
            self.accepts |= 3 in data  # a verdict map: what it says of each link is its own affair
        elif name == "immediate" and as_be32(data[1]) == 0:
            self._take_verdict(parse(parse(data[2])[2]))
        self.loaded = as_be32(data[2]) if name == "meta" and 2 in data else None

    def _take_verdict(self, verdict: dict[int, bytes]) -> None:
        self.accepts |= as_be32(verdict[1]) == _ACCEPT
        self.target = as_text(verdict[2]) if 2 in verdict else self.target

    def _elements(self, set_name: str) -> Iterator[str]:
        family, table = self.table
        request = _request(_GETSETELEM, family, text(1, table) + text(2, set_name))
        for payload in self.socket.dump(request):
            for _, item in each(parse(payload[4:]).get(3, b"")):
                key = parse(item).get(1)
                if key is not None:
                    yield _link_name(parse(key)[1])


def _link_name(octets: bytes) -> str:
    """A whole name fills the register; the start of one (``virbr*``) does not end in NUL."""
    name = as_text(octets)
    return name if len(octets) == _LINK_BYTES or octets.endswith(b"\0") else f"{name}*"


def _request(kind: int, family: int, body: bytes = b"") -> Message:
    """A dump; family 0 asks all of them."""
    return Message(_NFTABLES | kind, 0, bytes([family, 0, 0, 0]) + body)
