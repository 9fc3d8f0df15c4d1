"""The network's ``<ip>`` elements."""

from __future__ import annotations

from dataclasses import replace

from pasarela.errors import ConfigUnsupported, PasarelaError, XmlContentError
from pasarela.model.network import Ip
from pasarela.model.values import IpAddress
from pasarela.xml.network_dhcp import read_bootp, read_host, read_range, write_dhcp
from pasarela.xml.node import Node
from pasarela.xml.scalars import format_ip, parse_ip
from pasarela.xml.writer import Writer, yes_no


def read_ip(node: Node, network: str) -> Ip:
    family = node.value("family")
    address = _address(node, network)
    netmask = _netmask(node, network)
    prefix = node.unsigned("prefix") or None
    local_ptr = node.yes_no("localPtr")
    _check_family(node, network, family, address, netmask, prefix)
    ip = Ip(address, family, netmask, prefix, local_ptr)
    dhcp = node.child("dhcp")
    return _with_tftp(node, network, _with_dhcp(dhcp, network, ip) if dhcp else ip)


def _address(node: Node, network: str) -> IpAddress:
    text = node.value("address")
    if text is None:
        detail = f"Missing required address attribute in network '{network}'"
        raise node.error(XmlContentError, detail, remedy="write <ip address='192.168.100.1' …>")
    address = parse_ip(text)
    if address is None:
        raise node.error(
            XmlContentError,
            f"Invalid address '{text}' in network '{network}'",
            remedy=_remedy_for_address(text),
        )
    return address


def _remedy_for_address(text: str) -> str:
    address, slash, prefix = text.partition("/")
    if slash and parse_ip(address) and prefix.isdigit():
        return f"write the prefix beside it: address='{address}' prefix='{prefix}'"
    return "write four numbers from 0 to 255, as 192.168.100.1, or an IPv6 address"


def _netmask(node: Node, network: str) -> IpAddress | None:
    text = node.value("netmask")
    if text is None:
        return None
    netmask = parse_ip(text)
    if netmask is None:
        raise node.error(
            XmlContentError,
            f"Invalid netmask '{text}' in network '{network}'",
            remedy="write netmask='255.255.255.0', or prefix='24' in its place",
        )
    return netmask


def _check_family(
    node: Node,
    network: str,
    family: str | None,
    address: IpAddress,
    netmask: IpAddress | None,
    prefix: int | None,
) -> None:
    if family in (None, "ipv4"):
        _check_ipv4(node, network, family, address, netmask, prefix)
    elif family == "ipv6":
        _check_ipv6(node, network, address, netmask, prefix)
    else:
        detail = f"Unrecognized family '{family}' in network '{network}'"
        remedy = "write family='ipv4' or family='ipv6'"
        raise node.error(XmlContentError, detail, remedy=remedy)


def _check_ipv4(
    node: Node,
    network: str,
    family: str | None,
    address: IpAddress,
    netmask: IpAddress | None,
    prefix: int | None,
) -> None:
    text, mask = node.value("address"), node.value("netmask")
    if address.version != 4:
        detail = f"{family or 'no'} family specified for non-IPv4 address '{text}'"
        raise _unsupported(node, f"{detail} in network '{network}'", "write family='ipv6'")
    if netmask is not None and netmask.version != 4:
        detail = f"Invalid netmask '{mask}' for address '{text}' in network '{network}'"
        raise _unsupported(node, f"{detail} (both must be IPv4)")
    if netmask is not None and prefix:
        detail = f"Network '{network}' IP address cannot have both a prefix and a netmask"
        raise _unsupported(node, detail, "remove one of the two")
    if prefix and prefix > 32:
        raise _unsupported(node, f"Invalid IPv4 prefix '{prefix}' in network '{network}'")


def _check_ipv6(
    node: Node,
    network: str,
    address: IpAddress,
    netmask: IpAddress | None,
    prefix: int | None,
) -> None:
    text = node.value("address")
    if address.version != 6:
        detail = f"Family 'ipv6' specified for non-IPv6 address '{text}' in network '{network}'"
        raise _unsupported(node, detail)
    if netmask is not None:
        detail = f"netmask not allowed for IPv6 address '{text}' in network '{network}'"
        raise _unsupported(node, detail, "write prefix='64'")
    if prefix and prefix > 128:
        raise _unsupported(node, f"Invalid IPv6 prefix '{prefix}' in network '{network}'")


def _unsupported(node: Node, detail: str, remedy: str | None = None) -> PasarelaError:
    return node.error(ConfigUnsupported, detail, remedy=remedy)


def _with_dhcp(node: Node, network: str, ip: Ip) -> Ip:
    prefix = effective_prefix(ip)
    ranges, hosts = [], []
    for child in node.children("range", "host"):
        if child.name == "range":
            ranges.append(read_range(child, network, ip.address, prefix))
        else:
            hosts.append(read_host(child, network, ip.address))
    bootp = node.child("bootp") if ip.address.version == 4 else None
    return replace(
        ip, ranges=tuple(ranges), hosts=tuple(hosts), bootp=read_bootp(bootp) if bootp else None
    )


def effective_prefix(ip: Ip) -> int | None:
    """The prefix in force; None where libvirt finds none: a mask with holes, class D and E."""
    if ip.prefix is None and ip.netmask is None and ip.address.version == 4:
        return ip.prefix_length if ip.address.packed[0] < 224 else None
    try:
        return ip.prefix_length
    except ValueError:
        return None


def _with_tftp(node: Node, network: str, ip: Ip) -> Ip:
    tftp = node.child("tftp")
    if tftp is None:
        return ip
    if ip.address.version != 4:
        detail = f"Unsupported <tftp> element in an IPv6 element in network '{network}'"
        raise _unsupported(tftp, detail, "move it into the <ip> of an IPv4 address")
    return replace(ip, tftp_root=tftp.value("root"))


def write_ip(writer: Writer, ip: Ip) -> None:
    attributes = {
        "family": ip.family,
        "address": format_ip(ip.address),
        "netmask": format_ip(ip.netmask) if ip.netmask else None,
        "prefix": ip.prefix or None,
        "localPtr": yes_no(ip.local_ptr),
    }
    with writer.element("ip", attributes):
        if ip.tftp_root is not None:
            writer.empty("tftp", {"root": ip.tftp_root})
        write_dhcp(writer, ip.ranges, ip.hosts, ip.bootp)
