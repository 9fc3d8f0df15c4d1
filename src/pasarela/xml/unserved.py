"""Addresses of a network document that no guest will ever get.

libvirt takes them without a word, and dnsmasq passes over them; who wrote them wants to know.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from ipaddress import IPv4Network, IPv6Network

from pasarela.model.network import Ip
from pasarela.model.values import IpAddress
from pasarela.xml.node import Node
from pasarela.xml.reader import read
from pasarela.xml.scalars import format_ip, parse_ip

_Subnet = IPv4Network | IPv6Network


def unserved(
    text: str, source: str | None = None, only: Collection[IpAddress] | None = None
) -> Iterator[str]:
    """A sentence for each ``<host>`` whose address is not the network's to give.

    ``only`` are the addresses to look at; without it, all.

    Raises:
        PasarelaError: the text is no network document.
    """
    for node in read(text, "network", source=source).children("ip"):
        own, subnet = parse_ip(node.value("address") or ""), _subnet(node)
        for host in (host for dhcp in node.children("dhcp") for host in dhcp.children("host")):
            address = parse_ip(host.value("ip") or "")
            if address is None or (only is not None and address not in only):
                continue
            why = _why_not(address, own, subnet)
            if why:
                yield f"{_place(host)}no guest will get {format_ip(address)}: {why}"


def address_of(fragment: str) -> IpAddress | None:
    """The address of a ``<host>`` element on its own.

    Raises:
        PasarelaError: the text is no such element.
    """
    return parse_ip(read(fragment, "host").value("ip") or "")


def _subnet(node: Node) -> _Subnet | None:
    """None where the element says nothing usable."""
    address, netmask = (parse_ip(node.value(name) or "") for name in ("address", "netmask"))
    if address is None:
        return None
    try:
        return Ip(address, None, netmask, node.unsigned("prefix") or None).network
    except ValueError:  # a netmask with holes
        return None


def _why_not(address: IpAddress, own: IpAddress | None, subnet: _Subnet | None) -> str | None:
    if subnet is not None and address not in subnet:
        return f"it is not in {subnet}"
    return "it is the host's own in this network" if address == own else None


def _place(node: Node) -> str:
    file, line = node.location.file, node.location.line
    return f"{file}:{line}: " if file else ""
