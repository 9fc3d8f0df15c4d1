"""A guest's port on a network, as libvirt's network port document describes it.

Source: https://libvirt.org/formatnetworkport.html.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from uuid import UUID

from pasarela.model.network import MacTableManager
from pasarela.model.values import Bandwidth, MacAddress, PciAddress, VirtualPort, Vlan


class PlugType(Enum):
    NONE = "none"
    NETWORK = "network"
    BRIDGE = "bridge"
    DIRECT = "direct"
    HOSTDEV_PCI = "hostdev-pci"


@dataclass(frozen=True, slots=True)
class Plug:
    """How the guest's interface is joined to the host; which fields count depends on the type."""

    type: PlugType
    bridge: str | None = None
    mac_table_manager: MacTableManager | None = None
    dev: str | None = None
    mode: str | None = None
    managed: bool | None = None
    driver_name: str | None = None
    driver_model: str | None = None
    address: PciAddress | None = None


@dataclass(frozen=True, slots=True)
class Port:
    uuid: UUID
    owner_name: str
    owner_uuid: UUID
    mac: MacAddress
    group: str | None = None
    virtual_port: VirtualPort | None = None
    bandwidth: Bandwidth | None = None
    vlan: Vlan | None = None
    isolated: bool | None = None
    trust_guest_rx_filters: bool | None = None
    plug: Plug | None = None

    def plugged(self, plug: Plug) -> Port:
        return replace(self, plug=plug)
