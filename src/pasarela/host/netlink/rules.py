"""rtnetlink's messages for policy routing rules (linux/fib_rules.h)."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from socket import AF_INET, AF_INET6
from struct import Struct

from pasarela.host.netlink import attributes as nla
from pasarela.host.netlink.addresses import family
from pasarela.host.netlink.socket import NLM_F_CREATE, NLM_F_EXCL, Message
from pasarela.model.values import IpAddress
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
    """``source`` is None where the rule is for more than one address."""

    source: IpAddress | None
    table: int


def add(rule: SourceRule) -> Message:
    flags = NLM_F_CREATE | NLM_F_EXCL
    return Message(RTM_NEWRULE, flags, _payload(rule), f"cannot add {rule.describe()}")


def remove(rule: SourceRule) -> Message:
    return Message(RTM_DELRULE, 0, _payload(rule), f"cannot remove {rule.describe()}")


def get_all(version: int) -> Message:
    """Asks for the rules of IPv4 or IPv6."""
    payload = _HEADER.pack(AF_INET if version == 4 else AF_INET6, 0, 0, 0, 0, 0, 0)
    return Message(RTM_GETRULE, 0, payload, "cannot list rules")


def parse(payload: bytes) -> RuleInfo:
    _, _, length, _, table, _, _ = _HEADER.unpack_from(payload)
    found = nla.parse(payload[_HEADER.size :])
    octets = found.get(_FRA_SRC, b"")
    source = ip_address(octets) if octets and length == len(octets) * 8 else None
    return RuleInfo(source, nla.as_u32(found[_FRA_TABLE]) if _FRA_TABLE in found else table)


def _payload(rule: SourceRule) -> bytes:
    return (
        _HEADER.pack(family(rule.source), 0, rule.source.max_prefixlen, 0, 0, _TO_TABLE, 0)
        + nla.attribute(_FRA_SRC, rule.source.packed)
        + nla.u32(_FRA_TABLE, rule.table)
    )
