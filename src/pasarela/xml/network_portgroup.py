"""The network's ``<portgroup>`` elements."""

from __future__ import annotations

from pasarela.errors import XmlContentError
from pasarela.model.network import PortGroup
from pasarela.xml.bandwidth import read_bandwidth, write_bandwidth
from pasarela.xml.node import Node
from pasarela.xml.virtualport import read_virtual_port, write_virtual_port
from pasarela.xml.vlan import read_vlan, write_vlan
from pasarela.xml.writer import Writer, yes_no


def read_portgroup(node: Node) -> PortGroup:
    name = node.value("name")
    if name is None:
        remedy = "write <portgroup name='…'>"
        raise node.error(
            XmlContentError, "Missing required name attribute in portgroup", remedy=remedy
        )
    trust = node.yes_no("trustGuestRxFilters")
    virtual_port = node.child("virtualport")
    port = read_virtual_port(virtual_port, require_type=False) if virtual_port else None
    bandwidth, vlan = node.child("bandwidth"), node.child("vlan")
    return PortGroup(
        name,
        default=(node.value("default") or "").lower() == "yes",
        bandwidth=read_bandwidth(bandwidth) if bandwidth else None,
        vlan=read_vlan(vlan) if vlan else None,
        virtual_port=port,
        trust_guest_rx_filters=trust,
    )


def write_portgroup(writer: Writer, group: PortGroup) -> None:
    attributes = {
        "name": group.name,
        "default": "yes" if group.default else None,
        "trustGuestRxFilters": yes_no(group.trust_guest_rx_filters),
    }
    with writer.element("portgroup", attributes):
        write_vlan(writer, group.vlan)
        write_virtual_port(writer, group.virtual_port)
        write_bandwidth(writer, group.bandwidth)
