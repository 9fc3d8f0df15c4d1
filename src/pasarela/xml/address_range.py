"""Whether two addresses make a range, and whether it fits its network."""

from __future__ import annotations

from ipaddress import IPv4Address, ip_network

from pasarela.errors import ErrorDomain, InternalError, PasarelaError
from pasarela.model.values import IpAddress
from pasarela.xml.node import Node
from pasarela.xml.scalars import format_ip


def check_range(
    node: Node,
    start: IpAddress,
    end: IpAddress,
    within: IpAddress | None = None,
    prefix: int | None = None,
) -> None:
    """Refuse a range that is reversed, too large, or not within the network around ``within``.

    Raises:
        InternalError: in libvirt's words; it gives these refusals its catch-all code.
    """
    text = f"{format_ip(start)} - {format_ip(end)}"
    if start.version != end.version:
        raise _error(node, f"mismatch of address family in range {text}")
    if within is not None:
        _check_within(node, start, end, within, prefix, text)
    _check_size(node, start, end, text)


def _check_within(
    node: Node,
    start: IpAddress,
    end: IpAddress,
    within: IpAddress,
    prefix: int | None,
    text: str,
) -> None:
    address = format_ip(within)
    if start.version != within.version:
        raise _error(node, f"mismatch of address family in range {text} for network {address}")
    if prefix is None:
        raise _error(node, f"bad prefix -1 for network {address} when  checking range {text}")
    hosts = (1 << within.max_prefixlen - prefix) - 1
    first = int(within) & ~hosts
    if not first <= int(start) <= first + hosts or not first <= int(end) <= first + hosts:
        remedy = f"the network is {ip_network((within, prefix), strict=False)}"
        detail = f"range {text} is not entirely within network {address}/{prefix}"
        raise _error(node, detail, remedy=remedy)
    if isinstance(start, IPv4Address):
        where = f"of range {text} in network {address}/{prefix} is the"
        if int(start) == first:
            remedy = f"begin at {start + 1} or later"
            raise _error(node, f"start {where} network address", remedy=remedy)
        if int(end) == first + hosts:
            raise _error(
                node, f"end {where} broadcast address", remedy=f"end at {end - 1} or before"
            )


def _check_size(node: Node, start: IpAddress, end: IpAddress, text: str) -> None:
    if int(start) >> 16 != int(end) >> 16:
        low, high = min(start, end), int(min(start, end)) | 0xFFFF
        remedy = f"leave the upper parts of the addresses equal, as {low} - {type(low)(high)}"
        raise _error(node, f"range {text} is too large (> 65535)", remedy=remedy)
    if int(end) < int(start):
        fault = "is reversed " if start.version == 4 else "start larger than end"
        raise _error(node, f"range {text} {fault}", remedy="exchange start and end")


def _error(node: Node, detail: str, *, remedy: str | None = None) -> PasarelaError:
    return node.error(InternalError, detail, domain=ErrorDomain.NONE, remedy=remedy)
