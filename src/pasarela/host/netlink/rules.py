"""rtnetlink's messages for policy routing rules (linux/fib_rules.h)."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address
from socket import AF_INET
from struct import Struct

from pasarela.host.netlink import attributes as nla
from pasarela.host.netlink.socket import NLM_F_CREATE, NLM_F_EXCL, Message
from pasarela.plan.resources import SourceRule

RTM_NEWRULE = 32
RTM_DELRULE = 33
RTM_GETRULE = 34

_FRA_SRC = 2
_FRA_TABLE = 15
_TO_TABLE = 1  # FR_ACT_TO_TBL
_HEADER = Struct("=BBBBBxxBI")


@dataclass(frozen=True, slots=True)
class RuleInfo:
    """A rule of IPv4; ``source`` is None where it is for more than one address."""

    source: IPv4Address | None
    table: int


def add(rule: SourceRule) -> Message:
    flags = NLM_F_CREATE | NLM_F_EXCL
    return Message(RTM_NEWRULE, flags, _payload(rule), f"cannot add {rule.describe()}")


def remove(rule: SourceRule) -> Message:
    return Message(RTM_DELRULE, 0, _payload(rule), f"cannot remove {rule.describe()}")


def get_all() -> Message:
    payload = _HEADER.pack(AF_INET, 0, 0, 0, 0, 0, 0)
    return Message(RTM_GETRULE, 0, payload, "cannot list rules")


def parse(payload: bytes) -> RuleInfo:
    _, _, length, _, table, _, _ = _HEADER.unpack_from(payload)
    found = nla.parse(payload[_HEADER.size :])
    source = IPv4Address(found[_FRA_SRC]) if length == 32 and _FRA_SRC in found else None
    return RuleInfo(source, nla.as_u32(found[_FRA_TABLE]) if _FRA_TABLE in found else table)


def _payload(rule: SourceRule) -> bytes:
    return (
        _HEADER.pack(AF_INET, 0, 32, 0, 0, _TO_TABLE, 0)
        + nla.attribute(_FRA_SRC, rule.source.packed)
        + nla.u32(_FRA_TABLE, rule.table)
    )
