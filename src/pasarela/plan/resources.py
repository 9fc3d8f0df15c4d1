"""The things on a host that make up a network: one shape for desired and observed.

A host's state is a set of resources. Two states are compared key by key, and the difference is a
list of actions (plan/actions.py). Each adapter of host/ observes and applies some of the classes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from ipaddress import IPv4Interface, IPv4Network, IPv6Interface, IPv6Network
from pathlib import Path
from typing import ClassVar, Protocol, runtime_checkable

from pasarela.model.values import IpAddress, MacAddress

Key = tuple[str, ...]

_ALL_LINKS = ("all", "default")  # the kernel's words, which no link can be called by


class Rank(IntEnum):
    """The order in which resources come up; they go down in reverse.

    The firewall comes before the link that it guards and leaves after it, so that no packet ever
    finds the one without the other.
    """

    FIREWALL = 0
    LINK = 1
    LINK_SYSCTL = 2
    ADDRESS = 3
    LINK_UP = 4
    ROUTE = 5
    FORWARDING = 6
    FILE = 7
    PROCESS = 8
    SHAPING = 9
    SERVICE = 10


@runtime_checkable
class Resource(Protocol):
    """A thing on the host. Equal keys mean the same thing, equal values mean nothing to do."""

    @property
    def rank(self) -> Rank: ...

    @property
    def key(self) -> Key: ...

    def describe(self) -> str:
        """One line for people, without a verb: ``bridge virbr0 (52:54:00:…, stp on)``."""
        ...


@dataclass(frozen=True, slots=True)
class BridgeLink:
    """A bridge device of ours. It is ours if it bears the network's MAC.

    ``mtu`` is None where the kernel may choose (the least of the ports'). ``forward_delay`` is in
    hundredths of a second, as the kernel has it once STP is on.
    """

    rank: ClassVar[Rank] = Rank.LINK
    name: str
    mac: MacAddress
    mtu: int | None = None
    stp: bool = True
    forward_delay: int = 0
    vlan_filtering: bool = False

    @property
    def key(self) -> Key:
        return ("link", self.name)

    def describe(self) -> str:
        stp = "on" if self.stp else "off"
        mtu = "" if self.mtu is None else f", mtu {self.mtu}"
        return f"bridge {self.name} ({self.mac}{mtu}, stp {stp})"


@dataclass(frozen=True, slots=True)
class MacvlanLink:
    """A macvlan of ours in bridge mode on a NIC. It is ours if it bears the MAC."""

    rank: ClassVar[Rank] = Rank.LINK
    name: str
    parent: str
    mac: MacAddress

    @property
    def key(self) -> Key:
        return ("link", self.name)

    def describe(self) -> str:
        return f"macvlan {self.name} on {self.parent} ({self.mac})"


@dataclass(frozen=True, slots=True)
class LinkUp:
    rank: ClassVar[Rank] = Rank.LINK_UP
    name: str

    @property
    def key(self) -> Key:
        return ("up", self.name)

    def describe(self) -> str:
        return f"link {self.name} up"


@dataclass(frozen=True, slots=True)
class Sysctl:
    """A kernel setting below /proc/sys, as path parts with slashes: ``net/ipv4/ip_forward``.

    Removing one is nothing: those of a link go with it, the others stay as they are.
    """

    path: str
    value: str
    rank: Rank = field(default=Rank.LINK_SYSCTL, compare=False)

    @property
    def key(self) -> Key:
        return ("sysctl", self.path)

    @property
    def link(self) -> str | None:
        """The link that it belongs to: NAME in ``net/ipv4/conf/NAME/forwarding``, if it does."""
        _, _, setting = self.path.partition("/conf/")
        link, slash, _ = setting.rpartition("/")
        return link if slash and link not in _ALL_LINKS else None

    def describe(self) -> str:
        return f"sysctl {self.path.replace('/', '.')} = {self.value}"


@dataclass(frozen=True, slots=True)
class LinkAddress:
    rank: ClassVar[Rank] = Rank.ADDRESS
    link: str
    address: IPv4Interface | IPv6Interface

    @property
    def key(self) -> Key:
        return ("address", self.link, str(self.address))

    def describe(self) -> str:
        return f"address {self.address} on {self.link}"


@dataclass(frozen=True, slots=True)
class LinkRoute:
    rank: ClassVar[Rank] = Rank.ROUTE
    link: str
    destination: IPv4Network | IPv6Network
    gateway: IpAddress
    metric: int = 1

    @property
    def key(self) -> Key:
        return ("route", self.link, str(self.destination), str(self.gateway))

    def describe(self) -> str:
        return f"route {self.destination} via {self.gateway} on {self.link} metric {self.metric}"


@dataclass(frozen=True, slots=True)
class OnLinkRoute:
    """What is reached on the link itself, from ``source``; in a table other than the main's too."""

    rank: ClassVar[Rank] = Rank.ROUTE
    link: str
    destination: IPv4Network | IPv6Network
    source: IpAddress
    table: int

    @property
    def key(self) -> Key:
        return ("route", self.link, str(self.destination), str(self.table))

    def describe(self) -> str:
        return f"route {self.destination} on {self.link} from {self.source} in table {self.table}"


@dataclass(frozen=True, slots=True)
class SourceRule:
    """What the host sends from this address is routed by this table."""

    rank: ClassVar[Rank] = Rank.ROUTE
    source: IpAddress
    table: int

    @property
    def key(self) -> Key:
        return ("rule", str(self.source), str(self.table))

    def describe(self) -> str:
        return f"rule: from {self.source} by table {self.table}"


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file that is ours as a whole; ``reader`` is the network whose dnsmasq re-reads it."""

    rank: ClassVar[Rank] = Rank.FILE
    path: Path
    content: str
    mode: int = 0o644
    reader: str | None = field(default=None, compare=False)

    @property
    def key(self) -> Key:
        return ("file", str(self.path))

    def describe(self) -> str:
        return f"file {self.path} ({len(self.content.splitlines())} lines)"


@dataclass(frozen=True, slots=True)
class DnsmasqProcess:
    """A running dnsmasq. Another digest means that it runs with another configuration.

    ``follows`` are the IP versions of which each new address of the host is its business.
    """

    rank: ClassVar[Rank] = Rank.PROCESS
    network: str
    bridge: str
    conf: Path
    pid_file: Path
    digest: str
    follows: frozenset[int] = frozenset((4, 6))

    @property
    def key(self) -> Key:
        return ("dnsmasq", self.network)

    def describe(self) -> str:
        return f"dnsmasq for {self.network} on {self.bridge}"


@dataclass(frozen=True, slots=True)
class DhcpClient:
    """What keeps addresses of the LAN's on a link, with the routes and rules that they need.

    Of IPv6 it listens to routers, and asks by DHCP where these say so.
    """

    rank: ClassVar[Rank] = Rank.PROCESS
    network: str
    link: str
    table: int
    guests: tuple[IPv4Network | IPv6Network, ...]
    pid_file: Path
    leases: Path
    version: int = 4

    @property
    def key(self) -> Key:
        return ("dhcp-client", self.link, str(self.version))

    def describe(self) -> str:
        what = "DHCP client" if self.version == 4 else "IPv6 autoconfiguration"
        return f"{what} on {self.link}"


HostState = frozenset[Resource]


@dataclass(frozen=True, slots=True)
class Scope:
    """Which resources to look at: those of the same keys as ``expected``, and no others.

    Looking costs the same however many other networks there are. ``expected`` is what the network
    would have; a resource that can only be recognised (a firewall section by its digest) comes
    back as the very value that was expected where it matches.
    """

    expected: HostState
