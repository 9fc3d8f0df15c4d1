"""What the formats' attributes may hold: simple types, each with words for what it wants."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from pasarela.xml.scalars import parse_ip, parse_ipv4


@dataclass(frozen=True, slots=True)
class Type:
    """A test for a value, and what to write instead of one that fails it."""

    wanted: str
    accepts: Callable[[str], bool]


def words(*known: str) -> Type:
    return Type(" or ".join(f"'{word}'" for word in known), known.__contains__)


def pattern(wanted: str, expression: str) -> Type:
    compiled = re.compile(expression)
    return Type(wanted, lambda text: compiled.fullmatch(text) is not None)


def number(least: int, most: int, *, plus: bool = False) -> Type:
    """A decimal number; ``plus`` lets it have that sign."""

    def accepts(text: str) -> bool:
        return (plus or "+" not in text) and least <= _decimal(text) <= most

    return Type(f"a number from {least} to {most}", accepts)


def hexadecimal(most: int, prefix: str = "(0x)?") -> Type:
    """A number in decimal, or hexadecimal."""
    digits = re.compile(prefix + "[0-9a-fA-F]+")

    def accepts(text: str) -> bool:
        if digits.fullmatch(text):
            return int(text, 16) <= most
        return 0 <= _decimal(text) <= most

    return Type(f"a number up to {most:#x}", accepts)


def _decimal(text: str) -> int:
    stripped = text.strip()
    return int(stripped) if re.fullmatch(r"\+?[0-9]{1,20}", stripped) else -1


ANYTHING = Type("any text", lambda text: True)
SOMETHING = pattern("some text", r"[^\n\r]+")
YES_NO = words("yes", "no")
ON_OFF = words("on", "off")
COUNT = number(0, 2**32 - 1)
LONG = number(0, 2**64 - 1)
SHORT = number(0, 65535, plus=True)
PORT = number(1, 65535, plus=True)
POSITIVE = number(1, 2**32 - 1)
PREFIX = number(0, 128)
BYTE = hexadecimal(0xFF, "0x")
THREE_BYTES = hexadecimal(0xFFFFFF, "0x")
FAMILY = words("ipv4", "ipv6")
IP = Type("an IP address", lambda text: "%" not in text and _is_address(text))
IPV4 = Type("an IPv4 address", lambda text: text.count(".") == 3 and _is_address(text))
UUID = pattern("a UUID", "[a-fA-F0-9]{8}-?([a-fA-F0-9]{4}-?){3}[a-fA-F0-9]{12}")
UNICAST_MAC = pattern(
    "a MAC address as 52:54:00:12:34:56", "[a-fA-F0-9][02468aAcCeE](:[a-fA-F0-9]{2}){5}"
)
DUID = pattern("a DUID: octets with colons, type first", "0{1,2}:0?[1-4](:[a-fA-F0-9]{1,2}){5,128}")
DEVICE = pattern("a device's name", r"[a-zA-Z0-9_.\-\\:/]+")
ZONE = pattern("a firewalld zone's name", r"[a-zA-Z0-9_\-]+")
DNS_NAME = pattern("a DNS name", r"[a-zA-Z0-9.\-]+")
PROFILE = pattern("at most 39 letters", r".{0,39}")
PCI_SLOT = pattern("a number up to 0x1f", "(0x)?[01]?[0-9a-fA-F]|[0-9]+")
PCI_FUNCTION = pattern("a number up to 7", "(0x)?[0-7]")


def _is_address(text: str) -> bool:
    dotted = re.fullmatch(r"(0|[1-9][0-9]{0,2})(\.(0|[1-9][0-9]{0,2})){3}", text)
    return bool(dotted and parse_ipv4(text)) or (":" in text and parse_ip(text) is not None)
