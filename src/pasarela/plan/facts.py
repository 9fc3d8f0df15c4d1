"""What is true of the host, as far as planning a network depends on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from ipaddress import IPv4Interface, IPv4Network, IPv6Interface, IPv6Network

from pasarela.model.values import IpAddress, PciAddress
from pasarela.plan.foreign import ForeignTable


class ResolverPolicy(Enum):
    """Who keeps dnsmasq's upstream name servers in step with the host's resolver."""

    FOLLOWS = "dnsmasq follows the host's resolv.conf itself"  # one inotify instance each
    SERVED = "Pasarela writes a servers file and signals dnsmasq"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What this kernel can do; what is missing degrades with a warning that names the option."""

    ipv6: bool = True
    vlan_filtering: bool = True
    nft_bridge_meta: bool = True  # nftables' bridge family knows the bridge of a port
    bridged_ipv6_filtered: bool = True  # br_netfilter shows bridged IPv6 to the inet family
    shaping_htb: bool = True
    shaping_ifb: bool = True
    shaping_sfq: bool = True


@dataclass(frozen=True, slots=True)
class Services:
    """The programs on the host that are told of networks.

    ``zones`` are the names of firewalld's; None where it does not run.
    """

    zones: frozenset[str] | None = None
    resolved: bool = False


@dataclass(frozen=True, slots=True)
class RouteFact:
    destination: IPv4Network | IPv6Network
    link: str


@dataclass(frozen=True, slots=True)
class VirtualFunction:
    """What an SR-IOV card lends to one guest; without a name if no driver has it."""

    address: PciAddress
    dev: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """A snapshot of the host. An empty one describes a host with nothing in the way."""

    capabilities: Capabilities = field(default_factory=Capabilities)
    services: Services = field(default_factory=Services)
    links: frozenset[str] = frozenset()
    addresses: Mapping[str, tuple[IPv4Interface | IPv6Interface, ...]] = field(default_factory=dict)
    routes: tuple[RouteFact, ...] = ()
    name_servers: tuple[IpAddress, ...] = ()
    resolver: ResolverPolicy = ResolverPolicy.FOLLOWS
    lease_helper: str | None = None
    ra_uplinks: frozenset[str] = frozenset()  # would lose their IPv6 routes if the host forwarded
    wireless: frozenset[str] = frozenset()
    virtual_functions: Mapping[str, tuple[VirtualFunction, ...]] = field(default_factory=dict)
    foreign: tuple[ForeignTable, ...] = ()  # filters of others; looked at for a start and a repair
