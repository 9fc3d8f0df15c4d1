"""A virtual network, as libvirt's network document describes it.

Source: https://libvirt.org/formatnetwork.html (through 12.x). A field that the document leaves
out is None (or empty), so that the document can be written again as it was read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_network
from uuid import UUID

from pasarela.model.values import (
    Bandwidth,
    IpAddress,
    LeaseTime,
    MacAddress,
    PciAddress,
    PortRange,
    VirtualPort,
    Vlan,
)


class ForwardMode(Enum):
    """How a network reaches the outside; the values are the document's words."""

    NONE = "none"
    NAT = "nat"
    ROUTE = "route"
    OPEN = "open"
    BRIDGE = "bridge"
    PRIVATE = "private"
    VEPA = "vepa"
    PASSTHROUGH = "passthrough"
    HOSTDEV = "hostdev"

    @property
    def owns_bridge(self) -> bool:
        """Whether a network of this mode has a bridge that we make and take away."""
        return self in (ForwardMode.NONE, ForwardMode.NAT, ForwardMode.ROUTE, ForwardMode.OPEN)


@dataclass(frozen=True, slots=True)
class AddressRange:
    start: IpAddress
    end: IpAddress


@dataclass(frozen=True, slots=True)
class Nat:
    addresses: AddressRange | None = None
    ports: PortRange | None = None
    ipv6: bool | None = None


@dataclass(frozen=True, slots=True)
class ForwardInterface:
    """A host interface in the network's pool: a device by name, or a PCI function."""

    dev: str | None = None
    address: PciAddress | None = None
    connections: int = 0


@dataclass(frozen=True, slots=True)
class Forward:
    mode: ForwardMode = ForwardMode.NONE
    interfaces: tuple[ForwardInterface, ...] = ()
    pf: str | None = None
    managed: bool | None = None
    driver_name: str | None = None
    driver_model: str | None = None
    nat: Nat | None = None

    @property
    def dev(self) -> str | None:
        """The device that the document's ``dev`` attribute names: the first of the pool."""
        return self.interfaces[0].dev if self.interfaces else None


class MacTableManager(Enum):
    KERNEL = "kernel"
    LIBVIRT = "libvirt"


@dataclass(frozen=True, slots=True)
class Bridge:
    """The network's bridge; stp and delay (seconds) are None where the document is silent."""

    name: str | None = None
    stp: bool | None = None
    delay: int | None = None
    zone: str | None = None
    mac_table_manager: MacTableManager | None = None


@dataclass(frozen=True, slots=True)
class DnsDomain:
    name: str
    local_only: bool | None = None
    register: bool | None = None


@dataclass(frozen=True, slots=True)
class Forwarder:
    domain: str | None = None
    address: IpAddress | None = None
    port: int | None = None


@dataclass(frozen=True, slots=True)
class TxtRecord:
    name: str
    value: str | None = None


@dataclass(frozen=True, slots=True)
class SrvRecord:
    """An SRV record (RFC 2782); a delete request may leave any of the fields out."""

    service: str | None = None
    protocol: str | None = None
    domain: str | None = None
    target: str | None = None
    port: int | None = None
    priority: int | None = None
    weight: int | None = None


@dataclass(frozen=True, slots=True)
class DnsHost:
    address: IpAddress | None
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Dns:
    enable: bool | None = None
    forward_plain_names: bool | None = None
    forwarders: tuple[Forwarder, ...] = ()
    txts: tuple[TxtRecord, ...] = ()
    srvs: tuple[SrvRecord, ...] = ()
    hosts: tuple[DnsHost, ...] = ()


@dataclass(frozen=True, slots=True)
class DhcpRange:
    start: IpAddress
    end: IpAddress
    lease: LeaseTime | None = None


@dataclass(frozen=True, slots=True)
class DhcpHost:
    """A host with a fixed address; ``spelling`` is the MAC as written, where that differs."""

    mac: MacAddress | None = None
    id: str | None = None
    name: str | None = None
    ip: IpAddress | None = None
    lease: LeaseTime | None = None
    spelling: str | None = None


@dataclass(frozen=True, slots=True)
class Bootp:
    file: str
    server: str | None = None


@dataclass(frozen=True, slots=True)
class Ip:
    """One address of the network's bridge, and what is served there.

    ``netmask`` and ``prefix`` keep the form that the document used; at most one is set.
    """

    address: IpAddress
    family: str | None = None
    netmask: IpAddress | None = None
    prefix: int | None = None
    local_ptr: bool | None = None
    tftp_root: str | None = None
    ranges: tuple[DhcpRange, ...] = ()
    hosts: tuple[DhcpHost, ...] = ()
    bootp: Bootp | None = None

    @property
    def has_dhcp(self) -> bool:
        return bool(self.ranges or self.hosts)

    @property
    def prefix_length(self) -> int:
        """The prefix in force: as given, from the netmask, or libvirt's default for the class.

        Raises:
            ValueError: the netmask is not contiguous.
        """
        if self.prefix is not None:
            return self.prefix
        if self.netmask is not None:
            return _bits_of(self.netmask)
        if isinstance(self.address, IPv4Address):
            first = self.address.packed[0]
            return 8 if first < 128 else 16 if first < 192 else 24
        return 64

    @property
    def network(self) -> IPv4Network | IPv6Network:
        return ip_network((self.address, self.prefix_length), strict=False)


@dataclass(frozen=True, slots=True)
class Route:
    address: IpAddress
    gateway: IpAddress
    family: str | None = None
    netmask: IpAddress | None = None
    prefix: int | None = None
    metric: int | None = None


@dataclass(frozen=True, slots=True)
class PortGroup:
    name: str
    default: bool = False
    vlan: Vlan | None = None
    bandwidth: Bandwidth | None = None
    virtual_port: VirtualPort | None = None
    trust_guest_rx_filters: bool | None = None


@dataclass(frozen=True, slots=True)
class Network:
    """A network's definition.

    ``metadata`` is the ``<metadata>`` element as text, kept verbatim. uuid, mac and the bridge's
    name are None only between reading a document and filling in what it leaves out.
    """

    name: str
    uuid: UUID | None = None
    title: str | None = None
    description: str | None = None
    metadata: str | None = None
    forward: Forward = field(default_factory=Forward)
    bridge: Bridge = field(default_factory=Bridge)
    mtu: int | None = None
    mac: MacAddress | None = None
    domain: DnsDomain | None = None
    dns: Dns | None = None
    vlan: Vlan | None = None
    bandwidth: Bandwidth | None = None
    isolated_ports: bool | None = None
    ips: tuple[Ip, ...] = ()
    routes: tuple[Route, ...] = ()
    virtual_port: VirtualPort | None = None
    portgroups: tuple[PortGroup, ...] = ()
    dnsmasq_options: tuple[str, ...] = ()
    ipv6: bool | None = None
    trust_guest_rx_filters: bool | None = None


def _bits_of(netmask: IpAddress) -> int:
    """
    Raises:
        ValueError: the netmask has holes.
    """
    rest = int(netmask) ^ ((1 << netmask.max_prefixlen) - 1)
    if rest & (rest + 1):
        raise ValueError(f"{netmask} is no netmask")
    return netmask.max_prefixlen - rest.bit_length()
