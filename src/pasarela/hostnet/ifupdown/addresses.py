"""The address of a stanza, as ifupdown understands ``address``, ``netmask`` and ``gateway``."""

from __future__ import annotations

from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv6Interface,
    ip_address,
    ip_interface,
    ip_network,
)

from pasarela.model.values import IpAddress

IpInterface = IPv4Interface | IPv6Interface


def clean(value: str | None) -> str | None:
    """A value without a comment behind it and without the lines that repeat its key."""
    if value is None:
        return None
    bare = value.partition(" #")[0].partition("\t#")[0].strip()
    return bare or None


def interface_of(address: str | None, netmask: str | None) -> IpInterface | None:
    """The address with its prefix; None where there is none that could be one.

    Source: ifupdown 0.8.41: the prefix in ``address`` wins over ``netmask``; without either an
    IPv4 address has the mask of its class, an IPv6 address is alone in its network.
    """
    if address is None:
        return None
    try:
        plain, slash, prefix = address.partition("/")
        mask = prefix if slash else netmask or _mask_of_class(plain)
        return ip_interface(f"{plain}/{mask}")
    except ValueError:
        return None


def _mask_of_class(address: str) -> str:
    parsed = ip_address(address)
    if not isinstance(parsed, IPv4Address):
        return "128"
    first = parsed.packed[0]
    return "8" if first <= 127 else "16" if first <= 191 else "24" if first <= 223 else "32"


def ip_of(text: str | None) -> IpAddress | None:
    if text is None:
        return None
    try:
        return ip_address(text)
    except ValueError:
        return None


def is_mask(text: str, *, ipv6: bool) -> bool:
    """Whether ``text`` is a prefix length, or ones and then zeros in dotted form."""
    if text.isdecimal():
        return int(text) <= (128 if ipv6 else 32)
    try:
        return not ipv6 and ip_network(f"0.0.0.0/{text}").netmask == ip_address(text)
    except ValueError:
        return False
