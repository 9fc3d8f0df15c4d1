"""The ``<dhcp>`` element of an address: ranges, fixed hosts, leases, boot server.

A boot file or a TFTP root may hold a line break, as libvirt lets it; dnsmasq's configuration
cannot, and its writer refuses it.
"""

from __future__ import annotations

import re

from pasarela.errors import (
    ConfigUnsupported,
    SystemCallFailed,
    XmlContentError,
)
from pasarela.model.network import Bootp, DhcpHost, DhcpRange
from pasarela.model.values import IpAddress, LeaseTime, LeaseUnit, MacAddress
from pasarela.xml.address_range import check_range
from pasarela.xml.node import Node
from pasarela.xml.scalars import format_ip, parse_ip, parse_mac
from pasarela.xml.suggest import choose
from pasarela.xml.writer import Attributes, Writer

_NOT_IN_ID = re.compile("[^0-9a-fA-F:]")


def read_range(node: Node, network: str, address: IpAddress, prefix: int | None) -> DhcpRange:
    """A range of addresses to hand out within the network around ``address``."""
    start, end = (_end(node, name, network) for name in ("start", "end"))
    check_range(node, start, end, address, prefix)
    return DhcpRange(start, end, _lease(node))


def _end(node: Node, name: str, network: str) -> IpAddress:
    text = node.attribute(name)
    if text is None:
        detail = f"Missing '{name}' attribute in dhcp range for network '{network}'"
        raise node.error(XmlContentError, detail)
    return _socket_address(node, text)


def _socket_address(node: Node, text: str) -> IpAddress:
    address = parse_ip(text)
    if address is None:
        raise node.error(
            SystemCallFailed,
            f"Cannot parse socket address '{text}': Name or service not known",
            remedy="write an IP address",
        )
    return address


def _lease(parent: Node) -> LeaseTime | None:
    """The last of the leases, as in libvirt 9.0.0; newer ones take the first."""
    leases = [lease for node in parent.children("lease") if (lease := _read_lease(node))]
    return leases[-1] if leases else None


def _read_lease(node: Node) -> LeaseTime | None:
    expiry = node.unsigned("expiry", bits=64, base=0)
    if expiry is None:
        return None
    unit = _unit(node)
    least = {LeaseUnit.SECONDS: 120, LeaseUnit.MINUTES: 2, LeaseUnit.HOURS: 0}[unit]
    if 0 < expiry < least:
        raise node.error(
            ConfigUnsupported,
            "The minimum lease time should be greater than 2 minutes",
            remedy="write 2 minutes or more, or expiry='0' for ever",
        )
    return LeaseTime(expiry, unit if expiry else LeaseUnit.MINUTES)


def _unit(node: Node) -> LeaseUnit:
    text = node.attribute("unit")
    if text is None:
        return LeaseUnit.MINUTES
    known = {unit.value: unit for unit in LeaseUnit}
    if text not in known:
        raise node.bad_value("unit", remedy=choose(text, known))
    return known[text]


# hosts


def read_host(
    node: Node, network: str, address: IpAddress | None, *, partial: bool = False
) -> DhcpHost:
    """A host with a fixed address; ``partial`` lets a request to find one leave fields out."""
    ipv6 = address is not None and address.version == 6
    mac = _mac(node, network, ipv6=ipv6)
    identifier = _identifier(node, network)
    name = _host_name(node, network)
    ip = _host_address(node, network)
    given = DhcpHost(mac, identifier, name, ip, spelling=_spelling(node, mac))
    if partial:
        _check_partial(node, given, network)
    else:
        _check_complete(node, given, network, ipv6=ipv6)
    lease = _lease(node)
    return DhcpHost(mac, identifier, name, ip, lease, given.spelling)


def _mac(node: Node, network: str, *, ipv6: bool) -> MacAddress | None:
    text = node.attribute("mac")
    if text is None:
        return None
    if ipv6:
        raise node.error(
            XmlContentError,
            f"Invalid to specify MAC address '{text}' in network '{network}' "
            "IPv6 static host definition",
            remedy="DHCPv6 knows hosts by DUID: write id='…' or name='…'",
        )
    mac = parse_mac(text)
    if mac is None:
        detail = f"Cannot parse MAC address '{text}' in network '{network}'"
        raise node.error(XmlContentError, detail, remedy="write it as 52:54:00:12:34:56")
    if mac.is_multicast:
        raise node.error(
            XmlContentError,
            f"expected unicast mac address, found multicast '{text}' in network '{network}'",
        )
    return mac


def _spelling(node: Node, mac: MacAddress | None) -> str | None:
    text = node.attribute("mac")
    return text if text != mac else None


def _identifier(node: Node, network: str) -> str | None:
    text = node.attribute("id")
    if text is not None and (bad := _NOT_IN_ID.search(text)):
        raise node.error(
            XmlContentError,
            f"Invalid character '{bad[0]}' in id '{text}' of network '{network}'",
            remedy="write octets in hexadecimal with colons",
        )
    return text


def _host_name(node: Node, network: str) -> str | None:
    text = node.attribute("name")
    if text is not None and not re.match("[A-Za-z0-9]", text):
        raise node.error(
            XmlContentError,
            f"Cannot use host name '{text}' in network '{network}'",
            remedy="a name begins with a letter or a digit",
        )
    return text


def _host_address(node: Node, network: str) -> IpAddress | None:
    text = node.attribute("ip")
    if text is None:
        return None
    address = parse_ip(text)
    if address is None:
        raise node.error(
            XmlContentError,
            f"Invalid IP address in static host definition for network '{network}'",
        )
    return address


def _check_partial(node: Node, host: DhcpHost, network: str) -> None:
    if host.mac is None and host.name is None and host.ip is None:
        raise node.error(
            XmlContentError,
            "At least one of name, mac, or ip attribute must be specified for static host "
            f"definition in network '{network}' ",
        )


def _check_complete(node: Node, host: DhcpHost, network: str, *, ipv6: bool) -> None:
    family, key = ("IPv6", "id") if ipv6 else ("IPv4", "mac")
    if host.name is None and (host.id if ipv6 else host.mac) is None:
        raise node.error(
            XmlContentError,
            f"Static host definition in {family} network '{network}' must have "
            f"{key} or name attribute",
        )
    if host.ip is None:
        detail = f"Missing IP address in static host definition for network '{network}'"
        raise node.error(XmlContentError, detail, remedy="add ip='…'")


# boot server


def read_bootp(node: Node) -> Bootp:
    file = node.required("file")
    server = node.attribute("server")
    return Bootp(file, None if server is None else format_ip(_socket_address(node, server)))


# writing


def write_dhcp(
    writer: Writer,
    ranges: tuple[DhcpRange, ...],
    hosts: tuple[DhcpHost, ...],
    bootp: Bootp | None,
) -> None:
    if not ranges and not hosts:
        return
    with writer.element("dhcp"):
        for span in ranges:
            start, end = format_ip(span.start), format_ip(span.end)
            _write_leased(writer, "range", {"start": start, "end": end}, span.lease)
        for host in hosts:
            _write_leased(writer, "host", host_attributes(host), host.lease)
        if bootp:
            writer.empty("bootp", {"file": bootp.file, "server": bootp.server})


def host_attributes(host: DhcpHost) -> Attributes:
    return {
        "mac": host.spelling or host.mac,
        "id": host.id,
        "name": host.name,
        "ip": format_ip(host.ip) if host.ip else None,
    }


def _write_leased(
    writer: Writer, name: str, attributes: Attributes, lease: LeaseTime | None
) -> None:
    if lease is None:
        writer.empty(name, attributes)
        return
    with writer.element(name, attributes):
        unit = lease.unit.value if lease.expiry else None
        writer.empty("lease", {"expiry": lease.expiry, "unit": unit})
