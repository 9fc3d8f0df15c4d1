"""The one element that a net-update brings, and the whole of a net-update on a definition."""

from __future__ import annotations

from dataclasses import dataclass

from pasarela.errors import XmlContentError
from pasarela.model.network import (
    DhcpHost,
    DhcpRange,
    DnsHost,
    ForwardInterface,
    Ip,
    Network,
    PortGroup,
    SrvRecord,
    TxtRecord,
)
from pasarela.model.update import apply_update
from pasarela.xml.network import format_network, parse_network
from pasarela.xml.network_dhcp import read_host, read_range
from pasarela.xml.network_dns import read_dns_host, read_srv, read_txt
from pasarela.xml.network_ip import effective_prefix
from pasarela.xml.network_portgroup import read_portgroup
from pasarela.xml.node import Node
from pasarela.xml.reader import parse

LABEL = "network_update_xml"


@dataclass(frozen=True, slots=True)
class Item:
    """A net-update's element; it satisfies :class:`pasarela.model.update.Fragment`."""

    node: Node
    network_name: str

    def expect(self, tag: str) -> None:
        if self.node.name != tag:
            raise self.node.error(
                XmlContentError,
                f"unexpected element <{self.node.name}>, expecting <{tag}>, while updating "
                f"network '{self.network_name}'",
                remedy=f"give one <{tag}> element, without those around it",
            )

    def dhcp_host(self, ip: Ip, *, partial: bool) -> DhcpHost:
        return read_host(self.node, self.network_name, ip.address, partial=partial)

    def dhcp_range(self, ip: Ip) -> DhcpRange:
        return read_range(self.node, self.network_name, ip.address, effective_prefix(ip))

    def interface(self) -> ForwardInterface:
        dev = self.node.attribute("dev")
        if dev is None:
            raise self.node.error(
                XmlContentError,
                "missing dev attribute in <interface> element",
                remedy="write <interface dev='eth0'/>",
            )
        return ForwardInterface(dev=dev)

    def portgroup(self) -> PortGroup:
        return read_portgroup(self.node)

    def dns_host(self, *, partial: bool) -> DnsHost:
        return read_dns_host(self.node, self.network_name, partial=partial)

    def txt(self, *, partial: bool) -> TxtRecord:
        return read_txt(self.node, self.network_name, partial=partial)

    def srv(self, *, partial: bool) -> SrvRecord:
        return read_srv(self.node, self.network_name, partial=partial)


def parse_item(section: int, text: str, network_name: str, *, source: str | None = None) -> Item:
    """The item of a net-update, for :func:`pasarela.model.update.apply_update`.

    That it is an item of ``section`` shows only there: an unknown section is refused first.

    Raises:
        XmlSyntaxError: the text is not one element.
    """
    del section  # well-formed comes before everything else, whatever the section
    return Item(parse(text, label=LABEL, source=source), network_name)


def update_network(
    network: Network,
    command: int,
    section: int,
    parent_index: int,
    text: str,
    *,
    live: bool = False,
    source: str | None = None,
) -> Network:
    """A definition after a net-update, with every check that libvirt makes of it.

    Args:
        live: whether this is the live definition, whose connection counters are kept (libvirt
            loses them here).

    Raises:
        PasarelaError: as :func:`pasarela.model.update.apply_update`, or as parsing the whole
            document would, where the item makes it impossible.
    """
    item = parse_item(section, text, network.name, source=source)
    changed = apply_update(network, command, section, parent_index, item)
    parse_network(format_network(changed, inactive=not live))
    return changed
