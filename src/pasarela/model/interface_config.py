"""What a configuration says of one of the host's own interfaces.

Source: libvirt's interface document (formatstorage of the interface driver), which is about what
shall be there; model/interface.py is what the kernel has.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Interface, IPv4Network, IPv6Interface, IPv6Network

from pasarela.model.interface import ArpMonitor, InterfaceType, MiiMonitor
from pasarela.model.values import IpAddress, MacAddress


class StartMode(Enum):
    """When the interface comes up. NONE: by hand alone."""

    ONBOOT = "onboot"
    HOTPLUG = "hotplug"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ConfiguredRoute:
    """``gateway`` is None for what is reached on the link itself."""

    destination: IPv4Network | IPv6Network
    gateway: IpAddress | None = None
    metric: int | None = None


@dataclass(frozen=True, slots=True)
class IpConfig:
    """How an interface comes by its addresses of one family.

    ``autoconf`` is of IPv6 alone: router advertisements. ``peer_dns``: whether the DHCP server's
    name servers are taken; None leaves it to the manager.
    """

    dhcp: bool = False
    autoconf: bool = False
    peer_dns: bool | None = None
    addresses: tuple[IPv4Interface | IPv6Interface, ...] = ()
    gateway: IpAddress | None = None
    routes: tuple[ConfiguredRoute, ...] = ()


@dataclass(frozen=True, slots=True)
class DnsConfig:
    servers: tuple[IpAddress, ...] = ()
    search: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BridgeConfig:
    """``forward_delay`` is in seconds. ``ports`` are the members, each without addresses."""

    ports: tuple[InterfaceConfig, ...] = ()
    stp: bool | None = None
    forward_delay: float | None = None


@dataclass(frozen=True, slots=True)
class BondConfig:
    ports: tuple[InterfaceConfig, ...] = ()
    mode: str | None = None
    monitor: MiiMonitor | ArpMonitor | None = None


@dataclass(frozen=True, slots=True)
class VlanConfig:
    tag: int
    parent: str


@dataclass(frozen=True, slots=True)
class InterfaceConfig:
    """None means: not said. Without ``ipv4`` and ``ipv6`` it has no addresses of its own."""

    name: str
    type: InterfaceType = InterfaceType.ETHERNET
    start: StartMode = StartMode.ONBOOT
    mac: MacAddress | None = None
    mtu: int | None = None
    ipv4: IpConfig | None = None
    ipv6: IpConfig | None = None
    dns: DnsConfig = DnsConfig()
    details: BridgeConfig | BondConfig | VlanConfig | None = None

    @property
    def ports(self) -> tuple[str, ...]:
        """The names of the members of a bridge or bond."""
        match self.details:
            case BridgeConfig(ports=ports) | BondConfig(ports=ports):
                return tuple(port.name for port in ports)
            case _:
                return ()
