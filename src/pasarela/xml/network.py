"""The network document, both ways, as libvirt 9.0.0 reads and writes it.

What libvirt's documentation added later is read and written too: forwarder ports, the register
attribute, driver models, open networks without an address, vlan on a plain host bridge.
"""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from pasarela.errors import (
    ErrorDomain,
    InternalError,
    MissingName,
    PasarelaError,
    XmlContentError,
    XmlSyntaxError,
)
from pasarela.model.network import ForwardMode, Network
from pasarela.model.values import VirtualPort
from pasarela.xml.bandwidth import read_bandwidth, write_bandwidth
from pasarela.xml.network_bridge import (
    check_bridge_for_mode,
    read_bridge,
    read_mac,
    read_mtu,
    write_bridge,
)
from pasarela.xml.network_dns import read_dns, read_domain, write_dns, write_domain
from pasarela.xml.network_forward import read_forward, write_forward
from pasarela.xml.network_ip import read_ip, write_ip
from pasarela.xml.network_portgroup import read_portgroup, write_portgroup
from pasarela.xml.network_route import read_routes, write_route
from pasarela.xml.node import Node
from pasarela.xml.reader import read
from pasarela.xml.scalars import parse_uuid
from pasarela.xml.schema import check_schema
from pasarela.xml.verbatim import keep, write_verbatim
from pasarela.xml.virtualport import read_virtual_port, write_virtual_port
from pasarela.xml.vlan import read_vlan, write_vlan
from pasarela.xml.writer import Writer, yes_no

DNSMASQ = "http://libvirt.org/schemas/network/dnsmasq/1.0"


def parse_network(text: str, *, validate: bool = False, source: str | None = None) -> Network:
    """Read a network document.

    Args:
        text: the document.
        validate: also refuse elements and attributes that the format does not know.
        source: the file it came from, for the location in errors.

    Raises:
        PasarelaError: in libvirt's words, with the line and the way out.
    """
    root = read(text, "network", source=source)
    if validate:
        check_schema(root)
    return read_network(root)


def read_network(root: Node) -> Network:
    """The network of a ``<network>`` element; refusals come in libvirt's order."""
    network = _read_known(root, _name(root))
    _check_mode(root, network)
    metadata, options = _metadata(root), _dnsmasq_options(root)
    return (
        replace(network, metadata=metadata, dnsmasq_options=options)
        if metadata or options
        else network
    )


def _read_known(root: Node, name: str) -> Network:
    """All that libvirt itself gives a meaning to, read in libvirt's order."""
    return Network(
        name,
        uuid=_uuid(root.child("uuid")),
        title=_title(root),
        description=root.child_text("description"),
        ipv6=_ipv6(root, name),
        trust_guest_rx_filters=root.yes_no("trustGuestRxFilters"),
        domain=read_domain(root.child("domain"), name),
        bandwidth=read_bandwidth(node) if (node := root.child("bandwidth")) else None,
        vlan=read_vlan(node) if (node := root.child("vlan")) else None,
        isolated_ports=node.yes_no("isolated") if (node := root.child("port")) else None,
        bridge=read_bridge(root.child("bridge"), name),
        mac=read_mac(root.child("mac"), name),
        mtu=read_mtu(list(root.children("mtu")), name),
        dns=read_dns(node, name) if (node := root.child("dns")) else None,
        virtual_port=_virtual_port(root),
        portgroups=tuple(read_portgroup(node) for node in root.children("portgroup")),
        ips=(ips := tuple(read_ip(node, name) for node in root.children("ip"))),
        routes=read_routes(list(root.children("route")), name, ips),
        forward=read_forward(root.child("forward"), name),
    )


def _virtual_port(root: Node) -> VirtualPort | None:
    node = root.child("virtualport")
    return read_virtual_port(node, require_type=True) if node else None


# identity


def _name(root: Node) -> str:
    node = root.child("name")
    name = node.text if node else None
    if node is None or name is None:
        raise root.error(MissingName, "", remedy=_name_remedy(root))
    if "/" in name:
        raise _bad_name(node, "invalid char in name: /")
    if "\r" in name:
        raise _bad_name(node, "invalid char in name: \r")
    if name in (".", ".."):
        raise _bad_name(node, f"invalid name: {name}")
    return name


def _name_remedy(root: Node) -> str:
    if root.namespace:
        return f"remove xmlns='{root.namespace}': libvirt's elements are in no namespace"
    return "write <name>…</name> within <network>"


def _bad_name(node: Node, detail: str) -> PasarelaError:
    remedy = "the network's file is called after it: choose a name that can be a file's"
    return node.error(XmlSyntaxError, detail, domain=ErrorDomain.XML, remedy=remedy)


def _uuid(node: Node | None) -> UUID | None:
    text = node.text if node else None
    if node is None or text is None:
        return None
    uuid = parse_uuid(text)
    if uuid is None:
        remedy = "leave <uuid> out, and one is made; or run uuidgen"
        raise node.error(InternalError, "malformed uuid element", remedy=remedy)
    return uuid


def _title(root: Node) -> str | None:
    title = root.child_text("title")
    if title and "\n" in title:
        raise root.error(
            XmlContentError,
            "Network title can't contain newlines",
            remedy="longer text belongs into <description>",
        )
    return title


def _ipv6(root: Node, name: str) -> bool | None:
    text = root.value("ipv6")
    if text not in (None, "yes", "no"):
        detail = f"Invalid ipv6 setting '{text}' in network '{name}'"
        raise root.error(XmlContentError, detail, remedy="write ipv6='yes' or ipv6='no'")
    return None if text is None else text == "yes"


# what the mode allows


def _check_mode(root: Node, network: Network) -> None:
    name, mode = network.name, network.forward.mode
    at = root.child("forward") or root
    if mode in (ForwardMode.NAT, ForwardMode.ROUTE, ForwardMode.OPEN):
        _check_routed(at, network)
    else:
        at_bridge = root.child("bridge") or at
        check_bridge_for_mode(at_bridge, network.bridge, network.forward, name)
    if network.mtu and not mode.owns_bridge:
        raise (root.child("mtu") or root).error(
            XmlContentError,
            "mtu size only allowed in open, route, nat, and isolated mode, "
            f"not in {mode.value} (network '{name}')",
            remedy="remove <mtu>: it is for the bridges that the network makes itself",
        )


def _check_routed(node: Node, network: Network) -> None:
    name, forward = network.name, network.forward
    mode = forward.mode.value
    if not network.ips and forward.mode is not ForwardMode.OPEN:
        raise node.error(
            XmlContentError,
            f"{mode} forwarding requested, but no IP address provided for network '{name}'",
            remedy="add <ip address='192.168.100.1' netmask='255.255.255.0'/>",
        )
    if len(forward.interfaces) > 1:
        raise node.error(
            XmlContentError,
            f"multiple forwarding interfaces specified for network '{name}', only one is supported",
        )
    if forward.mode is ForwardMode.OPEN and forward.interfaces:
        raise node.error(
            XmlContentError,
            f"forward dev not allowed for network '{name}' with forward mode='{mode}'",
            remedy="an open network has no firewall rules that could hold to a device: remove dev",
        )


# foreign elements


def _metadata(root: Node) -> str | None:
    node = root.child("metadata")
    return keep(node.element) if node else None


def _dnsmasq_options(root: Node) -> tuple[str, ...]:
    options = []
    for group in root.children(f"{{{DNSMASQ}}}options"):
        for option in group.children(f"{{{DNSMASQ}}}option"):
            value = option.attribute("value")
            if value is None:
                detail = "No dnsmasq options value specified"
                raise option.error(InternalError, detail, remedy="add value='…'")
            options.append(value)
    return tuple(options)


# writing


def format_network(network: Network, *, inactive: bool = True, connections: int = 0) -> str:
    """The document as libvirt dumps it.

    Args:
        network: what to write.
        inactive: the persistent form, without counts of guests and devices found by their pf.
        connections: guests on the network, written in the live form.
    """
    writer = Writer()
    write_network(writer, network, inactive=inactive, connections=connections)
    return str(writer)


def write_network(
    writer: Writer, network: Network, *, inactive: bool = True, connections: int = 0
) -> None:
    attributes = {
        "xmlns:dnsmasq": DNSMASQ if network.dnsmasq_options else None,
        "connections": (connections or None) if not inactive else None,
        "ipv6": "yes" if network.ipv6 else None,
        "trustGuestRxFilters": yes_no(network.trust_guest_rx_filters),
    }
    with writer.element("network", attributes):
        _write_head(writer, network)
        write_forward(writer, network.forward, inactive=inactive)
        _write_link(writer, network)
        _write_inside(writer, network)


def _write_head(writer: Writer, network: Network) -> None:
    writer.text("name", network.name)
    writer.text("uuid", str(network.uuid) if network.uuid else None)
    writer.text("title", network.title)
    writer.text("description", network.description)
    write_verbatim(writer, network.metadata)


def _write_link(writer: Writer, network: Network) -> None:
    write_bridge(writer, network)
    if network.mtu:
        writer.empty("mtu", {"size": network.mtu})
    if network.mac:
        writer.empty("mac", {"address": network.mac})


def _write_inside(writer: Writer, network: Network) -> None:
    write_domain(writer, network.domain)
    write_dns(writer, network.dns)
    write_vlan(writer, network.vlan)
    write_bandwidth(writer, network.bandwidth)
    if network.isolated_ports is not None:
        writer.empty("port", {"isolated": yes_no(network.isolated_ports)})
    for ip in network.ips:
        write_ip(writer, ip)
    for route in network.routes:
        write_route(writer, route)
    write_virtual_port(writer, network.virtual_port)
    for group in network.portgroups:
        write_portgroup(writer, group)
    if network.dnsmasq_options:
        with writer.element("dnsmasq:options"):
            for option in network.dnsmasq_options:
                writer.empty("dnsmasq:option", {"value": option})
