"""Numbers, addresses and identifiers in all the spellings that libvirt takes.

Each function gives None for what is not one, and leaves the words of the refusal to its caller.
"""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from socket import inet_aton
from uuid import UUID

from pasarela.model.values import IpAddress, MacAddress
from pasarela.model.values import format_ip as format_ip  # noqa: PLC0414  (for its readers)

_UNSIGNED = re.compile(r"[ \t\n\v\f\r]*([+-]?)(0[xX][0-9a-fA-F]+|[0-9]+)")
_INTERFACE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,14}")
_IPV4 = re.compile(r"[0-9a-fA-FxX.]+")
_UUID = re.compile(r"[ \t\n\v\f\r]*((?:-*[0-9A-Fa-f]{2}){16})[ \t\n\v\f\r]*")


def parse_unsigned(text: str, *, bits: int = 32, base: int = 10, wrap: bool = False) -> int | None:
    """A number as C's strtoul reads it; ``wrap`` lets a negative one count from the top.

    ``base`` 0 takes the prefixes 0x (16) and 0 (8).
    """
    match = _UNSIGNED.fullmatch(text)
    if match is None or (match[1] == "-" and not wrap):
        return None
    number = _digits(match[2], base)
    if number is None or number >= 1 << bits:
        return None
    return -number % (1 << bits) if match[1] == "-" else number


def _digits(text: str, base: int) -> int | None:
    prefix = text[:2].lower()
    if base == 0:
        base = 16 if prefix == "0x" else 8 if text[0] == "0" else 10
    if prefix == "0x" and base == 16:
        text = text[2:]
    try:
        return int(text, base)
    except ValueError:
        return None


def parse_ip(text: str, *, zone: bool = False) -> IpAddress | None:
    """An address as getaddrinfo reads it with AI_NUMERICHOST.

    ``zone`` lets a link-local one name its interface, as in ``fe80::1%eth0``.
    """
    if ":" not in text:
        return parse_ipv4(text)
    try:
        address = IPv6Address(text)
    except AddressValueError:
        return None
    return address if address.scope_id is None or (zone and _is_zone(address)) else None


def _is_zone(address: IPv6Address) -> bool:
    return address.is_link_local and _INTERFACE.fullmatch(address.scope_id or "") is not None


def parse_ipv4(text: str) -> IPv4Address | None:
    """An address of one to four parts in decimal, octal or hexadecimal, and nothing else."""
    if not _IPV4.fullmatch(text):  # inet_aton minds nothing that stands behind a space
        return None
    try:
        return IPv4Address(inet_aton(text))
    except OSError:
        return None


def parse_mac(text: str) -> MacAddress | None:
    try:
        return MacAddress(text)
    except ValueError:
        return None


def parse_uuid(text: str) -> UUID | None:
    """A UUID with hyphens anywhere between its octets, or none."""
    match = _UUID.fullmatch(text)
    return UUID(match[1].replace("-", "")) if match else None
