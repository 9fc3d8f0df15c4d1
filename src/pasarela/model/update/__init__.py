"""net-update: one item of a network's definition added, modified or deleted.

Which command a section takes, what makes two items the same, and in which order the checks come
are libvirt's (virNetworkDefUpdateSection), so that a refusal has the same code and text.
"""

from __future__ import annotations

from pasarela.errors import OperationUnsupported
from pasarela.model.handles import UpdateSection
from pasarela.model.network import Network
from pasarela.model.update import dhcp, dns, forward
from pasarela.model.update.items import Change, Fragment

__all__ = ["Fragment", "apply_update", "change_of"]


def apply_update(
    network: Network, command: int, section: int, parent_index: int, item: Fragment
) -> Network:
    """The network with one item of a section changed; the network given stays as it is.

    Args:
        parent_index: which <ip> element a DHCP item belongs to; -1 picks the fitting one.

    Raises:
        OperationUnsupported: the section or command is unknown, or they do not go together.
        OperationInvalid: what should be there is not, or what should not is.
        XmlError: the item is not one of the section.
    """
    return change_of(section)(network, command, parent_index, item)


def change_of(section: int) -> Change:
    """How a section is changed; for one that cannot be, a function that says so."""
    return _CHANGES.get(section, _unknown)


def _fixed(words: str) -> Change:
    def refuse(network: Network, _command: int, _index: int, _item: Fragment) -> Network:
        raise OperationUnsupported(
            f"can't update '{words}' section of network '{network.name}'",
            remedy="change the whole definition with net-edit, then restart the network",
        )

    return refuse


def _unknown(_network: Network, _command: int, _index: int, _item: Fragment) -> Network:
    raise OperationUnsupported("can't update unrecognized section of network")


_CHANGES: dict[int, Change] = {
    UpdateSection.BRIDGE: _fixed("bridge"),
    UpdateSection.DOMAIN: _fixed("domain"),
    UpdateSection.IP: _fixed("ip"),
    UpdateSection.IP_DHCP_HOST: dhcp.change_host,
    UpdateSection.IP_DHCP_RANGE: dhcp.change_range,
    UpdateSection.FORWARD: _fixed("forward"),
    UpdateSection.FORWARD_INTERFACE: forward.change_interface,
    UpdateSection.FORWARD_PF: _fixed("forward pf"),
    UpdateSection.PORTGROUP: forward.change_portgroup,
    UpdateSection.DNS_HOST: dns.change_host,
    UpdateSection.DNS_TXT: dns.change_txt,
    UpdateSection.DNS_SRV: dns.change_srv,
}
