"""The kernel's bytes for a rule's expressions (linux/netfilter/nf_tables.h).

A match loads a field into a register and compares it; registers are of four bytes each, and a
key of several fields lies in registers side by side, each field padded to four bytes. The same
instructions come out as nft 1.0.6 makes of the same text, so both are listed alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache, singledispatch
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from sys import byteorder

from pasarela.host.netlink.attributes import attribute, be32, nested, text
from pasarela.model.values import IpAddress, PortRange
from pasarela.plan.nftables import (
    Direction,
    EtherType,
    Expression,
    Family,
    Field,
    IfName,
    Lookup,
    Match,
    Protocol,
    Reject,
    Rule,
    SourceNat,
    State,
    Status,
    Value,
    Verdict,
    VerdictKind,
)

Span = tuple[int, int]  # the registers of a range's ends

_LIST_ELEM = 1
_EXPR_NAME, _EXPR_DATA = 1, 2
_DATA_VALUE, _DATA_VERDICT = 1, 2
_VERDICT_CODE, _VERDICT_CHAIN = 1, 2
_REG_VERDICT, _REG_FIRST = 0, 8  # NFT_REG_VERDICT, NFT_REG32_00
_REGISTER_BYTES = 4
_CMP_EQ, _CMP_NEQ = 0, 1
_META_PROTOCOL, _META_IIFNAME, _META_OIFNAME = 1, 6, 7
_META_NFPROTO, _META_L4PROTO, _META_IBRNAME = 15, 16, 17
_CT_STATE, _CT_DIRECTION, _CT_STATUS = 0, 1, 2
_NETWORK_HEADER, _TRANSPORT_HEADER = 1, 2
_NFPROTO = {4: 2, 6: 10}
_META = {
    Field.IIFNAME: _META_IIFNAME,
    Field.OIFNAME: _META_OIFNAME,
    Field.IBRNAME: _META_IBRNAME,
    Field.ETHERTYPE: _META_PROTOCOL,
    Field.NFPROTO: _META_NFPROTO,
    Field.L4PROTO: _META_L4PROTO,
}
_PAYLOAD = {  # header and offset (RFC 791, RFC 8200, RFC 768)
    Field.IP_SADDR: (_NETWORK_HEADER, 12),
    Field.IP_DADDR: (_NETWORK_HEADER, 16),
    Field.IP6_SADDR: (_NETWORK_HEADER, 8),
    Field.IP6_DADDR: (_NETWORK_HEADER, 24),
    Field.DPORT: (_TRANSPORT_HEADER, 2),
}
_VERSION = {
    Field.IP_SADDR: 4,
    Field.IP_DADDR: 4,
    Field.IP6_SADDR: 6,
    Field.IP6_DADDR: 6,
}
_NAT_SOURCE = 0
_PROTO_SPECIFIED = 2  # NF_NAT_RANGE_PROTO_SPECIFIED
_REJECT_ICMPX, _ICMPX_PORT_UNREACHABLE = 2, 1

_VERDICT_CODES = {
    VerdictKind.DROP: 0,
    VerdictKind.ACCEPT: 1,
    VerdictKind.JUMP: -3,
    VerdictKind.GOTO: -4,
    VerdictKind.RETURN: -5,
}


def encode_rule(rule: Rule) -> bytes:
    """The list that goes into NFTA_RULE_EXPRESSIONS."""
    return b"".join(map(_instructions, rule.expressions))


def encode_verdict(verdict: Verdict) -> bytes:
    """NFTA_DATA_VERDICT with a verdict's code and, for a jump, its chain."""
    code = be32(_VERDICT_CODE, _VERDICT_CODES[verdict.kind] & 0xFFFFFFFF)
    chain = text(_VERDICT_CHAIN, verdict.chain) if verdict.chain else b""
    return nested(_DATA_VERDICT, code, chain)


def encode_key(values: tuple[Value, ...]) -> bytes:
    """The fields of a set's key side by side, padded as they lie in the registers."""
    if len(values) == 1:
        return _octets(values[0])
    return b"".join(_padded(_octets(value)) for value in values)


def key_size(fields: tuple[Field, ...]) -> int:
    """Bytes of a set's key."""
    if len(fields) == 1:
        return fields[0].size
    return sum((field.size + 3) & ~3 for field in fields)


def data_value(octets: bytes) -> bytes:
    return attribute(_DATA_VALUE, octets)


@lru_cache(maxsize=512)  # most expressions are the same in every network
def _instructions(expression: Expression) -> bytes:
    return b"".join(_encode(expression))


@singledispatch
def _encode(expression: Expression) -> Iterator[bytes]:
    raise TypeError(f"no encoding for {expression!r}")


@_encode.register
def _(match: Match) -> Iterator[bytes]:
    if isinstance(match.value, (IPv4Network, IPv6Network)):
        yield from _in_network(match.field, match.value)
    else:
        yield from _load(match.field)
        yield _compare(_octets(match.value))


@_encode.register
def _(state: State) -> Iterator[bytes]:
    yield _load_ct(_CT_STATE)
    yield from _any_bit(state.states)


@_encode.register
def _(direction: Direction) -> Iterator[bytes]:
    yield _load_ct(_CT_DIRECTION)
    yield _compare(bytes([direction.reply]))


@_encode.register
def _(status: Status) -> Iterator[bytes]:
    yield _load_ct(_CT_STATUS)
    if status.among is None:
        yield from _any_bit(status.flags)
    else:
        yield _mask(_native(status.among))
        yield _compare(_native(status.flags))


@_encode.register
def _(lookup: Lookup) -> Iterator[bytes]:
    yield from _version_check(lookup.fields)
    register = _REG_FIRST
    for field in lookup.fields:
        yield _load_field(field, register)
        register += (field.size + 3) // _REGISTER_BYTES
    target = be32(3, _REG_VERDICT) if lookup.verdicts else b""
    yield _expression("lookup", text(1, lookup.set), be32(2, _REG_FIRST), target)


@_encode.register
def _(verdict: Verdict) -> Iterator[bytes]:
    yield _immediate(_REG_VERDICT, encode_verdict(verdict))


@_encode.register
def _(_reject: Reject) -> Iterator[bytes]:
    code = attribute(2, bytes([_ICMPX_PORT_UNREACHABLE]))
    yield _expression("reject", be32(1, _REJECT_ICMPX), code)


@_encode.register
def _(nat: SourceNat) -> Iterator[bytes]:
    addresses = [address.packed for address in dict.fromkeys(nat.addresses or ())]
    ports = [port.to_bytes(2, "big") for port in _unique_ends(nat.ports)]
    for register, octets in enumerate([*addresses, *ports], start=1):
        yield _immediate(register, data_value(octets))
    port_span = (len(addresses) + 1, len(addresses) + len(ports)) if ports else None
    if not nat.addresses:
        yield _expression("masq", *_masquerade(port_span))
    else:
        family = _NFPROTO[nat.addresses[0].version]
        yield _expression("nat", *_source_nat(family, (1, len(addresses)), port_span))


def _unique_ends(ports: PortRange | None) -> list[int]:
    return list(dict.fromkeys((ports.start, ports.end))) if ports else []


def _masquerade(ports: Span | None) -> Iterator[bytes]:
    if ports:
        yield be32(1, _PROTO_SPECIFIED)
        yield be32(2, ports[0]) + be32(3, ports[1])


def _source_nat(family: int, addresses: Span, ports: Span | None) -> Iterator[bytes]:
    yield be32(1, _NAT_SOURCE) + be32(2, family)
    yield be32(3, addresses[0]) + be32(4, addresses[1])
    if ports:
        yield be32(5, ports[0]) + be32(6, ports[1])
        yield be32(7, _PROTO_SPECIFIED)


def _in_network(field: Field, network: IPv4Network | IPv6Network) -> Iterator[bytes]:
    """Whole octets of the prefix are compared as they are; a prefix between octets is masked."""
    yield from _version_check((field,))
    octets, rest = divmod(network.prefixlen, 8)
    address = network.network_address.packed
    if rest or not octets:
        yield _load_field(field, _REG_FIRST)
        yield _mask(network.netmask.packed)
        yield _compare(address)
    else:
        yield _load_field(field, _REG_FIRST, octets)
        yield _compare(address[:octets])


def _load(field: Field) -> Iterator[bytes]:
    yield from _version_check((field,))
    yield _load_field(field, _REG_FIRST)


def _version_check(fields: tuple[Field, ...]) -> Iterator[bytes]:
    """An address lies elsewhere in the other version's header, so the version is asked first."""
    versions = {_VERSION[field] for field in fields if field in _VERSION}
    for version in versions:
        yield _load_meta(_META_NFPROTO, _REG_FIRST)
        yield _compare(bytes([_NFPROTO[version]]))


def _load_field(field: Field, register: int, size: int | None = None) -> bytes:
    if field in _META:
        return _load_meta(_META[field], register)
    header, offset = _PAYLOAD[field]
    place = be32(2, header) + be32(3, offset)
    return _expression("payload", be32(1, register), place, be32(4, size or field.size))


def _load_meta(key: int, register: int) -> bytes:
    return _expression("meta", be32(2, key), be32(1, register))


def _load_ct(key: int) -> bytes:
    return _expression("ct", be32(2, key), be32(1, _REG_FIRST))


def _any_bit(bits: int) -> Iterator[bytes]:
    yield _mask(_native(bits))
    yield _compare(_native(0), _CMP_NEQ)


def _mask(mask: bytes) -> bytes:
    registers = be32(1, _REG_FIRST) + be32(2, _REG_FIRST)
    nothing = data_value(bytes(len(mask)))
    return _expression(
        "bitwise", registers, be32(3, len(mask)), nested(4, data_value(mask)), nested(5, nothing)
    )


def _compare(octets: bytes, operator: int = _CMP_EQ) -> bytes:
    return _expression("cmp", be32(1, _REG_FIRST), be32(2, operator), nested(3, data_value(octets)))


def _immediate(register: int, data: bytes) -> bytes:
    return _expression("immediate", be32(1, register), nested(2, data))


def _expression(name: str, *attributes: bytes) -> bytes:
    return nested(_LIST_ELEM, text(_EXPR_NAME, name), nested(_EXPR_DATA, *attributes))


@singledispatch
def _octets(value: Value) -> bytes:
    """A value as it lies in a register."""
    raise TypeError(f"no encoding for {value!r}")


@_octets.register
def _(value: IfName) -> bytes:
    return value.encode().ljust(Field.IIFNAME.size, b"\0")


@_octets.register(IPv4Address)
@_octets.register(IPv6Address)
def _(value: IpAddress) -> bytes:
    return value.packed


@_octets.register(Family)
@_octets.register(Protocol)
def _(value: Family | Protocol) -> bytes:
    return bytes([value.value])


@_octets.register
def _(value: EtherType) -> bytes:
    return value.value.to_bytes(2, "big")


@_octets.register
def _(value: int) -> bytes:
    return value.to_bytes(2, "big")  # a port


def _padded(octets: bytes) -> bytes:
    return octets + bytes(-len(octets) % _REGISTER_BYTES)


def _native(bits: int) -> bytes:
    """A register of 32 bits as the kernel's own code fills it."""
    return bits.to_bytes(4, byteorder)
