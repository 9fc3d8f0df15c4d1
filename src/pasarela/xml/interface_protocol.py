"""The elements <protocol> of a configured interface: its addresses, by family."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface

from pasarela.errors import ErrorDomain, XmlContentError
from pasarela.model.interface_config import InterfaceConfig, IpConfig
from pasarela.model.values import IpAddress, format_ip
from pasarela.xml.interface_refusal import refuse
from pasarela.xml.node import Node
from pasarela.xml.scalars import parse_ip, parse_unsigned
from pasarela.xml.writer import Writer, yes_no

FAMILIES: dict[str, type[IPv4Address] | type[IPv6Address]] = {
    "ipv4": IPv4Address,
    "ipv6": IPv6Address,
}


def read_protocols(node: Node) -> tuple[IpConfig | None, IpConfig | None]:
    """What is said of IPv4, and of IPv6; None where nothing is."""
    found: dict[str, IpConfig] = {}
    for protocol in node.children("protocol"):
        family = protocol.attribute("family")
        if family is None:
            refuse(protocol, "protocol misses the family attribute", "write family='ipv4'")
        if family not in FAMILIES:
            refuse(protocol, f"unsupported protocol family '{family}'", "known are ipv4 and ipv6")
        if family in found:
            refuse(
                protocol,
                f"there is more than one protocol of family '{family}'",
                "write all addresses of a family into one <protocol>",
            )
        found[family] = _read_protocol(protocol, family)
    return found.get("ipv4"), found.get("ipv6")


def _read_protocol(node: Node, family: str) -> IpConfig:
    dhcp, route = node.child("dhcp"), node.child("route")
    gateway = route.value("gateway") if route else None
    return IpConfig(
        dhcp=dhcp is not None,
        autoconf=family == "ipv6" and node.child("autoconf") is not None,
        peer_dns=dhcp.yes_no("peerdns") if dhcp else None,
        addresses=tuple(
            _interface(each, family)
            for each in node.children("ip")
            if each.attribute("address") is not None
        ),
        gateway=_address(route, gateway, family) if route and gateway else None,
    )


def _interface(node: Node, family: str) -> IPv4Interface | IPv6Interface:
    address = _address(node, node.attribute("address") or "", family)
    prefix = _prefix(node, address.max_prefixlen)
    if isinstance(address, IPv4Address):
        return IPv4Interface((address, prefix))
    return IPv6Interface((address, prefix))


def _prefix(node: Node, most: int) -> int:
    """The length; 0 and nothing are a single address, as they are to whoever applies it."""
    text = node.attribute("prefix")
    if text is None:
        return most
    length = parse_unsigned(text, base=0)
    if length is None:
        raise node.error(
            XmlContentError,
            f"Invalid value for attribute 'prefix' in element 'ip': '{text}'. "
            "Expected integer value",
            domain=ErrorDomain.XML,
            remedy=f"write a number from 1 to {most}",
        )
    if length > most:
        refuse(node, f"prefix '{text}' is too long", f"write a number from 1 to {most}")
    return length or most


def _address(node: Node, text: str, family: str) -> IpAddress:
    address = parse_ip(text)
    if not isinstance(address, FAMILIES[family]):
        refuse(
            node,
            f"'{text}' is no address of family '{family}'",
            f"write the address alone, as {'192.0.2.1' if family == 'ipv4' else '2001:db8::1'}",
        )
    return address


# writing


def write_protocols(writer: Writer, interface: InterfaceConfig) -> None:
    for family, ip in (("ipv4", interface.ipv4), ("ipv6", interface.ipv6)):
        if ip is not None:
            with writer.element("protocol", {"family": family}):
                _write_ip(writer, ip)


def _write_ip(writer: Writer, ip: IpConfig) -> None:
    if ip.autoconf:
        writer.empty("autoconf")
    if ip.dhcp:
        writer.empty("dhcp", {"peerdns": yes_no(ip.peer_dns)})
    for each in ip.addresses:
        prefix = each.network.prefixlen
        writer.empty("ip", {"address": format_ip(each.ip), "prefix": prefix})
    if ip.gateway is not None:
        writer.empty("route", {"gateway": format_ip(ip.gateway)})
