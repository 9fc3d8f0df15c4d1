"""What iptables-legacy made, which lies in a part of the kernel that nftables does not show.

The kernel hands out a table as one block (linux/netfilter_ipv4/ip_tables.h, ip6_tables.h). It has
a table once somebody has asked for it.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from struct import Struct

from pasarela.plan.foreign import FORWARD, INPUT, ForeignRule, ForeignTable

FILTER = "filter"
_INFO, _ENTRIES = 64, 65
_HEADER = Struct("=32sI5I5III")
_REQUEST = Struct("=32sIxxxx")
_CHAINS = {1: ("INPUT", INPUT), 2: ("FORWARD", FORWARD), 3: ("OUTPUT", "")}  # by their hooks
_NONE = 0xFFFFFFFF
_DROP, _ACCEPT = -1, -2  # as verdicts of targets
_OFFSETS = Struct("=HH")
_VERDICT = Struct("=i")
_TARGET_HEADER = 32
_ERROR = b"ERROR"


@dataclass(frozen=True, slots=True)
class _Family:
    """Where an entry has its parts; ``links`` is the first of four fields of 16 bytes."""

    name: str
    names: str
    address_family: int
    level: int
    links: int
    inverted: int
    offsets: int


_FAMILIES = (
    _Family("ip", "ip_tables_names", socket.AF_INET, socket.IPPROTO_IP, 16, 83, 88),
    _Family("ip6", "ip6_tables_names", socket.AF_INET6, socket.IPPROTO_IPV6, 64, 132, 140),
)
_INVERTED_ARRIVAL, _INVERTED_LEAVING = 1, 2


@dataclass(frozen=True, slots=True)
class _Entry:
    """A rule as the kernel has it, its match left out."""

    at: int
    end: int
    target: bytes
    data: bytes
    arrives: frozenset[str]
    leaves: frozenset[str]

    @property
    def chain(self) -> str | None:
        """The chain that begins here, if this is no rule but a chain's head."""
        return _text(self.data) if self.target == _ERROR else None

    @property
    def verdict(self) -> int | None:
        return None if self.target else _VERDICT.unpack_from(self.data)[0]


def legacy_tables() -> Iterator[ForeignTable]:
    """The filters that iptables-legacy and ip6tables-legacy made; only root may look."""
    for family in _FAMILIES:
        with suppress(OSError):
            if FILTER in Path("/proc/thread-self/net", family.names).read_text().split():
                yield _table(family, *_read(family))


def _read(family: _Family) -> tuple[dict[int, int], dict[int, int], bytes]:
    """Where each hook's chain begins and has its policy, and all entries.

    Raises:
        OSError: the kernel refused.
    """
    with socket.socket(family.address_family, socket.SOCK_RAW, socket.IPPROTO_RAW) as sock:
        asked = FILTER.encode()
        info = _ask(sock, family.level, _INFO, asked.ljust(_HEADER.size, b"\0"))
        _, _, *places, _, size = _HEADER.unpack(info)
        request = _REQUEST.pack(asked, size) + bytes(size)
        entries = _ask(sock, family.level, _ENTRIES, request)[_REQUEST.size :]
    begins, policies = dict(enumerate(places[:5])), dict(enumerate(places[5:]))
    return begins, policies, entries


def _ask(sock: socket.socket, level: int, option: int, request: bytes) -> bytes:
    """getsockopt with something in the buffer, which Python's own has no way to give."""
    from ctypes import CDLL, byref, c_uint, create_string_buffer, get_errno  # noqa: PLC0415  (rare)

    buffer, length = create_string_buffer(request, len(request)), c_uint(len(request))
    library = CDLL(None, use_errno=True)
    if library.getsockopt(sock.fileno(), level, option, buffer, byref(length)) != 0:
        number = get_errno()
        raise OSError(number, os.strerror(number))
    return buffer.raw


def _table(
    family: _Family, begins: dict[int, int], policies: dict[int, int], block: bytes
) -> ForeignTable:
    entries = {entry.at: entry for entry in _entries(family, block)}
    heads = {begins[hook]: name for hook, (name, _) in _CHAINS.items() if begins[hook] != _NONE}
    heads |= {one.end: one.chain for one in entries.values() if one.chain not in (None, "ERROR")}
    dropping = tuple(
        chain for hook, chain in _CHAINS.items() if chain[1] and _drops(entries, policies[hook])
    )
    return ForeignTable(
        family=family.name,
        name=FILTER,
        chains=frozenset(heads.values()),
        dropping=dropping,
        rules=tuple(_rules(entries, heads)),
        legacy=True,
    )


def _entries(family: _Family, block: bytes) -> Iterator[_Entry]:
    at = 0
    while at < len(block):
        target_at, end = _OFFSETS.unpack_from(block, at + family.offsets)
        target = block[at + target_at : at + end]
        inverted = block[at + family.inverted]
        links = block[at + family.links : at + family.links + 64]
        arrives, leaves = _link(links, 0), _link(links, 16)
        yield _Entry(
            at=at,
            end=at + end,
            target=_octets(target[2:31]),
            data=target[_TARGET_HEADER:],
            arrives=frozenset() if inverted & _INVERTED_ARRIVAL else arrives,
            leaves=frozenset() if inverted & _INVERTED_LEAVING else leaves,
        )
        at += end


def _rules(entries: dict[int, _Entry], heads: dict[int, str]) -> Iterator[ForeignRule]:
    """The rules by chain, numbered as iptables numbers them; a chain's policy is the last."""
    chain, number = "", 0
    for entry in entries.values():
        if entry.at in heads:
            chain, number = heads[entry.at], 0
        number += 1
        if entry.chain is None:
            verdict = entry.verdict
            jumps = verdict is not None and verdict >= 0 and verdict != entry.end
            yield ForeignRule(
                chain=chain,
                handle=number,
                arrives=entry.arrives,
                leaves=entry.leaves,
                accepts=verdict == _ACCEPT,
                target=heads.get(verdict) if jumps and verdict is not None else None,
            )


def _drops(entries: dict[int, _Entry], policy: int) -> bool:
    return policy in entries and entries[policy].verdict == _DROP


def _link(fields: bytes, at: int) -> frozenset[str]:
    """A link's name, or the start of one: then its mask ends before the NUL."""
    name, mask = _text(fields[at : at + 16]), fields[at + 32 : at + 48]
    if not name:
        return frozenset()
    whole = mask[len(_octets(fields[at : at + 16]))] != 0
    return frozenset({name if whole else f"{name.removesuffix('+')}*"})


def _octets(field: bytes) -> bytes:
    return field.split(b"\0", 1)[0]


def _text(field: bytes) -> str:
    return _octets(field).decode(errors="surrogateescape")
