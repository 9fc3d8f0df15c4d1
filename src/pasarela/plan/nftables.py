"""nftables as typed values: fields, matches, statements, rules, chains, maps.

A rule can only be made of these, so nothing that a user writes becomes part of a rule but as a
value: an address, a port, or an interface name that IfName has checked. ``str()`` of each is its
text for nft(8); host/nftables/ makes the kernel's bytes of the same values.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import Enum, IntFlag
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network

from pasarela.errors import ConfigUnsupported
from pasarela.model.values import IpAddress, PortRange

TABLE_NAME = "pasarela"
_IFNAME_BYTES = 15  # linux/if.h: IFNAMSIZ, less the NUL


class IfName(str):
    """The name of a link that the kernel could have and nft(8) could show.

    Raises:
        ConfigUnsupported: it is empty, longer than 15 bytes, or holds a slash, a colon, a blank,
            a control character or a double quote.
    """

    __slots__ = ()

    def __new__(cls, name: str) -> IfName:
        if not 0 < len(name.encode(errors="replace")) <= _IFNAME_BYTES or name in (".", ".."):
            raise _bad_name(name)
        if any(char in '/:"' or char.isspace() or not char.isprintable() for char in name):
            raise _bad_name(name)
        return super().__new__(cls, name)

    def quoted(self) -> str:
        """As nft(8) wants it; an asterisk at the end would be its wildcard."""
        return f'"{self[:-1]}\\*"' if self.endswith("*") else f'"{self}"'

    def identifier(self) -> str:
        """As a part of a chain's name; other signs than nft's own become a slash and their code."""
        return "".join(_identifier_part(char) for char in self)


class Table(Enum):
    """The tables of ours: nft's word for the family, and its number (linux/netfilter.h)."""

    INET = ("inet", 1)
    BRIDGE = ("bridge", 7)

    def __init__(self, family: str, number: int) -> None:
        self.family = family
        self.number = number

    def __str__(self) -> str:
        return f"{self.family} {TABLE_NAME}"


class Field(Enum):
    """What a packet can be asked for: nft's words, the data type, its length in bytes."""

    IIFNAME = ("iifname", "ifname", 16)
    OIFNAME = ("oifname", "ifname", 16)
    IBRNAME = ("meta ibrname", "ifname", 16)  # the bridge whose port it came in by
    ETHERTYPE = ("meta protocol", "ether_type", 2)
    IP_SADDR = ("ip saddr", "ipv4_addr", 4)
    IP_DADDR = ("ip daddr", "ipv4_addr", 4)
    IP6_SADDR = ("ip6 saddr", "ipv6_addr", 16)
    IP6_DADDR = ("ip6 daddr", "ipv6_addr", 16)
    NFPROTO = ("meta nfproto", "nf_proto", 1)
    L4PROTO = ("meta l4proto", "inet_proto", 1)
    DPORT = ("th dport", "inet_service", 2)

    def __init__(self, words: str, datatype: str, size: int) -> None:
        self.words = words
        self.datatype = datatype
        self.size = size

    @classmethod
    def source(cls, network: IPv4Network | IPv6Network | IpAddress) -> Field:
        return cls.IP_SADDR if network.version == 4 else cls.IP6_SADDR

    @classmethod
    def destination(cls, network: IPv4Network | IPv6Network | IpAddress) -> Field:
        return cls.IP_DADDR if network.version == 4 else cls.IP6_DADDR


class Family(Enum):
    """Versions of IP by the kernel's number (linux/netfilter.h: NFPROTO_…)."""

    IPV4 = 2
    IPV6 = 10

    def __str__(self) -> str:
        return self.name.lower()


class EtherType(Enum):
    """What a frame carries, by number (IEEE 802)."""

    IP6 = 0x86DD

    def __str__(self) -> str:
        return self.name.lower()


class Protocol(Enum):
    """Transport protocols by number (IANA)."""

    TCP = 6
    UDP = 17

    def __str__(self) -> str:
        return self.name.lower()


Value = IfName | IPv4Network | IPv6Network | IpAddress | Family | EtherType | Protocol | int


class CtState(IntFlag):
    """Bits of ``ct state`` (linux/netfilter/nf_tables.h: NF_CT_STATE_BIT)."""

    INVALID = 1
    ESTABLISHED = 2
    RELATED = 4
    NEW = 8
    UNTRACKED = 64


class CtStatus(IntFlag):
    """Bits of ``ct status`` (linux/netfilter/nf_conntrack_common.h: IPS_…)."""

    CONFIRMED = 1 << 3
    SNAT = 1 << 4
    DNAT = 1 << 5


@dataclass(frozen=True, slots=True)
class Match:
    """The field is this value, or lies in this network."""

    field: Field
    value: Value

    def __str__(self) -> str:
        return f"{self.field.words} {value_text(self.value)}"


@dataclass(frozen=True, slots=True)
class State:
    """The connection is in one of these states."""

    states: CtState

    def __str__(self) -> str:
        return f"ct state {_flags(self.states)}"


@dataclass(frozen=True, slots=True)
class Direction:
    """The packet goes the way of the connection's first one (original), or back (reply)."""

    reply: bool

    def __str__(self) -> str:
        return f"ct direction {'reply' if self.reply else 'original'}"


@dataclass(frozen=True, slots=True)
class Status:
    """Of the connection's status bits ``among``, just these are set; without it, any of them."""

    flags: CtStatus
    among: CtStatus | None = None

    def __str__(self) -> str:
        if self.among is None:
            return f"ct status {_flags(self.flags)}"
        mask = _flags(self.among).replace(",", " | ")
        return f"ct status & ({mask}) == {_flags(self.flags)}"


@dataclass(frozen=True, slots=True)
class Lookup:
    """The fields together are in the set; a map of verdicts gives its verdict."""

    fields: tuple[Field, ...]
    set: str
    verdicts: bool = False

    def __str__(self) -> str:
        fields = " . ".join(item.words for item in self.fields)
        return f"{fields} {'vmap ' if self.verdicts else ''}@{self.set}"


class VerdictKind(Enum):
    ACCEPT = "accept"
    DROP = "drop"
    RETURN = "return"
    JUMP = "jump"
    GOTO = "goto"


@dataclass(frozen=True, slots=True)
class Verdict:
    kind: VerdictKind
    chain: str | None = None

    def __str__(self) -> str:
        return f"{self.kind.value} {self.chain}" if self.chain else self.kind.value


ACCEPT = Verdict(VerdictKind.ACCEPT)
DROP = Verdict(VerdictKind.DROP)
RETURN = Verdict(VerdictKind.RETURN)


def jump(chain: str) -> Verdict:
    return Verdict(VerdictKind.JUMP, chain)


def goto(chain: str) -> Verdict:
    return Verdict(VerdictKind.GOTO, chain)


@dataclass(frozen=True, slots=True)
class Reject:
    """ICMP or ICMPv6 port unreachable back to the sender, as libvirt does."""

    def __str__(self) -> str:
        return "reject with icmpx port-unreachable"


@dataclass(frozen=True, slots=True)
class SourceNat:
    """The source becomes one of ``addresses``, or the outgoing link's own without them."""

    ports: PortRange | None = None
    addresses: tuple[IpAddress, IpAddress] | None = None

    def __str__(self) -> str:
        ports = f":{_span(self.ports.start, self.ports.end)}" if self.ports else ""
        if not self.addresses:
            return f"masquerade{' to ' if ports else ''}{ports}"
        family = "ip" if self.addresses[0].version == 4 else "ip6"
        return f"snat {family} to {self._address_text(bool(ports))}{ports}"

    def _address_text(self, ports_follow: bool) -> str:
        assert self.addresses
        ends = [str(address) for address in self.addresses]
        if ports_follow and self.addresses[0].version == 6:
            ends = [f"[{end}]" for end in ends]
        return _span(*ends)


Expression = Match | State | Direction | Status | Lookup | Verdict | Reject | SourceNat


@dataclass(frozen=True)
class Rule:
    expressions: tuple[Expression, ...]

    def __str__(self) -> str:
        return self._text

    @cached_property
    def _text(self) -> str:
        return " ".join(map(str, self.expressions))

    @cached_property
    def tag(self) -> bytes:
        """Eight bytes that the kernel keeps with the rule, by which it is known again."""
        return hashlib.sha256(str(self).encode()).digest()[:8]


def rule(*expressions: Expression) -> Rule:
    return Rule(expressions)


class Hook(Enum):
    """Where a base chain sits: its type, nft's words, the hook's number and the priority."""

    INPUT = ("filter", "input", 1, "filter", 0)
    FORWARD = ("filter", "forward", 2, "filter", 0)
    OUTPUT = ("filter", "output", 3, "filter", 0)
    POSTROUTING = ("nat", "postrouting", 4, "srcnat", 100)
    # Among the ports of a bridge; the same words mean another number in that family.
    BRIDGE_FORWARD = ("filter", "forward", 2, "filter", -200)

    def __init__(self, type_: str, words: str, number: int, level: str, priority: int) -> None:
        self.type = type_
        self.words = words
        self.number = number
        self.level = level
        self.priority = priority

    def __str__(self) -> str:
        return f"type {self.type} hook {self.words} priority {self.level}; policy accept;"


@dataclass(frozen=True, slots=True)
class Chain:
    name: str
    rules: tuple[Rule, ...]
    hook: Hook | None = None
    table: Table = Table.INET

    def __str__(self) -> str:
        lines = [str(self.hook)] if self.hook else []
        return _block(f"chain {self.name}", [*lines, *map(str, self.rules)])


@dataclass(frozen=True, slots=True)
class Element:
    """One key of a named set, or of a map with its verdict."""

    set: str
    key: tuple[Value, ...]
    verdict: Verdict | None = None
    table: Table = Table.INET

    def __str__(self) -> str:
        return f"add element {self.table} {self.set} {{ {self.item()} }}"

    def item(self) -> str:
        key = " . ".join(map(value_text, self.key))
        return f"{key} : {self.verdict}" if self.verdict else key


@dataclass(frozen=True, slots=True)
class NamedSet:
    """A set, or a map of verdicts, with the elements that it always has."""

    name: str
    fields: tuple[Field, ...]
    verdicts: bool = False
    elements: tuple[Element, ...] = field(default=())
    table: Table = Table.INET

    def __str__(self) -> str:
        key = " . ".join(item.datatype for item in self.fields)
        lines = [f"type {key}{' : verdict' if self.verdicts else ''};"]
        if self.elements:
            lines.append(f"elements = {{ {', '.join(e.item() for e in self.elements)} }}")
        return _block(f"{'map' if self.verdicts else 'set'} {self.name}", lines)


def table_text(parts: list[str], table: Table = Table.INET) -> str:
    """The table with these blocks inside, for ``nft -f``."""
    inner = "\n\n".join(parts).replace("\n", "\n\t").replace("\n\t\n", "\n\n")
    return f"table {table} {{\n\t{inner}\n}}\n"


def value_text(value: Value) -> str:
    """A value as nft(8) reads it."""
    if isinstance(value, IfName):
        return value.quoted()
    if isinstance(value, (IPv4Network, IPv6Network)) and value.prefixlen == value.max_prefixlen:
        return str(value.network_address)
    return str(value)


def _block(head: str, lines: list[str]) -> str:
    return "\n".join([f"{head} {{", *(f"\t{line}" for line in lines), "}"])


def _flags(flags: IntFlag) -> str:
    return ",".join(str(flag.name).lower() for flag in type(flags) if flag in flags)


def _span(start: object, end: object) -> str:
    return str(start) if start == end else f"{start}-{end}"


def _identifier_part(char: str) -> str:
    if char.isascii() and (char.isalnum() or char in "_.-"):
        return char
    return "".join(f"/{octet:02x}" for octet in char.encode())


def _bad_name(name: str) -> ConfigUnsupported:
    return ConfigUnsupported(
        f"interface name {name!r} cannot be in a firewall rule",
        remedy="use 1 to 15 letters, digits, dots, dashes or underscores",
    )
