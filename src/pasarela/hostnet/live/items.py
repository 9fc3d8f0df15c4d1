"""What hangs on a link, kept as the kernel tells it: nothing that it knows is lost in a copy.

Each item holds the attributes of its rtnetlink message as they came, but for those that name a
link (by index or by name) or tell of time. So an item is the same on whatever link it is, and
what this program has never heard of goes along.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Interface, IPv6Interface, ip_address, ip_interface
from socket import AF_INET, AF_INET6
from sys import byteorder

from pasarela.model.values import IpAddress

FOREVER = 0xFFFFFFFF
IFA_F_TEMPORARY = 0x01  # of IPv6; IPv4's secondary addresses have the same bit
IFA_F_NODAD = 0x02
IFA_F_MANAGETEMPADDR = 0x100
IFA_F_NOPREFIXROUTE = 0x200
IFA_LOCAL, IFA_ADDRESS = 2, 1
RTA_DST, RTA_GATEWAY, RTA_PRIORITY, RTA_PREFSRC = 1, 5, 6, 7
RT_TABLE_MAIN, RT_TABLE_LOCAL = 254, 255
RTPROT_KERNEL, RTPROT_RA = 2, 9
NUD_PERMANENT = 0x80
_PROTO_KERNEL_RA = 2
_IFA_PROTO = 11

Attributes = tuple[tuple[int, bytes], ...]
Rename = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Address:
    """``preferred`` and ``valid`` are seconds that are left, FOREVER without an end.

    ``label`` is IPv4's name for the address, the link's own or one that begins with it.
    """

    link: str
    family: int
    prefix: int
    scope: int
    flags: int
    preferred: int
    valid: int
    label: str | None
    attributes: Attributes

    @property
    def key(self) -> tuple[object, ...]:
        """What makes it this address and no other."""
        return ("address", self.link, self.family, self.prefix, self._get(IFA_LOCAL, IFA_ADDRESS))

    @property
    def interface(self) -> IPv4Interface | IPv6Interface:
        return ip_interface((ip_address(self._get(IFA_LOCAL, IFA_ADDRESS)), self.prefix))

    @property
    def is_link_local(self) -> bool:
        return self.family == AF_INET6 and self.interface.ip.is_link_local

    @property
    def is_temporary(self) -> bool:
        """Whether the kernel made it to hide behind (RFC 8981), as it alone can."""
        return self.family == AF_INET6 and bool(self.flags & IFA_F_TEMPORARY)

    @property
    def begets_temporaries(self) -> bool:
        """Whether the kernel makes temporary addresses beside it, where the link wants them."""
        return self.family == AF_INET6 and bool(self.flags & IFA_F_MANAGETEMPADDR)

    @property
    def is_advertised(self) -> bool:
        """Whether the kernel made it from a router's advertisement; so it may come and go."""
        return dict(self.attributes).get(_IFA_PROTO) == bytes([_PROTO_KERNEL_RA])

    def on(self, link: str) -> Address:
        label = self.label and link + self.label.removeprefix(self.link)
        return replace(self, link=link, label=label)

    def _get(self, *kinds: int) -> bytes:
        found = dict(self.attributes)
        return next(found[kind] for kind in kinds if kind in found)


@dataclass(frozen=True, slots=True)
class Hop:
    """One way of a route that has several."""

    link: str
    flags: int
    weight: int
    attributes: Attributes


@dataclass(frozen=True, slots=True)
class Route:
    """``link`` is None where ``hops`` say which links. ``expires`` are the seconds left."""

    link: str | None
    family: int
    header: bytes  # rtmsg: lengths, tos, table, protocol, scope, type; without flags of state
    table: int
    attributes: Attributes
    hops: tuple[Hop, ...] = ()
    expires: int = FOREVER

    @property
    def protocol(self) -> int:
        return self.header[5]

    @property
    def type(self) -> int:
        return self.header[7]

    @property
    def length(self) -> int:
        return self.header[1]

    @property
    def links(self) -> frozenset[str]:
        return frozenset(hop.link for hop in self.hops) | ({self.link} if self.link else set())

    @property
    def key(self) -> tuple[object, ...]:
        return ("route", self.link, self.header, self.table, self.attributes, self.hops)

    @property
    def gateway(self) -> IpAddress | None:
        packed = dict(self.attributes).get(RTA_GATEWAY)
        return ip_address(packed) if packed else None

    @property
    def destination(self) -> IPv4Interface | IPv6Interface:
        empty = bytes(4 if self.family == AF_INET else 16)
        packed = dict(self.attributes).get(RTA_DST, empty)
        return ip_interface((ip_address(packed), self.length))

    @property
    def has_gateway(self) -> bool:
        return bool(self.hops) or self.gateway is not None

    def apart(self) -> Iterator[Route]:
        """IPv6's way by way, as the kernel keeps them: each comes and goes by itself there.

        A whole one cannot be added beside another that has some of its ways (ip6_route_add).
        """
        if self.family != AF_INET6 or not self.hops:
            yield self
            return
        for hop in self.hops:
            yield self._by(hop)

    def _by(self, hop: Hop) -> Route:
        """The same by one way; as plain as it can be, which is how the kernel tells of it alone."""
        if hop.weight:
            return replace(self, hops=(hop,))
        flags = int.from_bytes(self.header[8:], byteorder) | hop.flags
        header = self.header[:8] + flags.to_bytes(4, byteorder)
        values = tuple(sorted((*self.attributes, *hop.attributes)))
        return replace(self, link=hop.link, header=header, attributes=values, hops=())

    def on(self, rename: Rename) -> Route:
        hops = tuple(replace(hop, link=rename(hop.link)) for hop in self.hops)
        return replace(self, link=self.link and rename(self.link), hops=hops)


@dataclass(frozen=True, slots=True)
class Rule:
    """``incoming`` and ``outgoing`` are the links that a routing rule names."""

    header: bytes
    incoming: str | None
    outgoing: str | None
    attributes: Attributes

    @property
    def links(self) -> frozenset[str]:
        return frozenset(name for name in (self.incoming, self.outgoing) if name)

    @property
    def key(self) -> tuple[object, ...]:
        return ("rule", self.header, self.incoming, self.outgoing, self.attributes)

    def on(self, rename: Rename) -> Rule:
        return replace(
            self,
            incoming=self.incoming and rename(self.incoming),
            outgoing=self.outgoing and rename(self.outgoing),
        )


@dataclass(frozen=True, slots=True)
class Neighbour:
    """``state`` is the kernel's (NUD_…), ``flags`` say whether it is a proxy entry."""

    link: str
    family: int
    state: int
    flags: int
    attributes: Attributes

    @property
    def key(self) -> tuple[object, ...]:
        return ("neighbour", self.link, self.family, self.flags, self.attributes[:1])

    @property
    def lasts(self) -> bool:
        """Whether somebody set it; all others come and go with the traffic."""
        return bool(self.state & NUD_PERMANENT or self.flags)

    def on(self, link: str) -> Neighbour:
        return replace(self, link=link)


Item = Address | Route | Rule | Neighbour


@dataclass(frozen=True, slots=True)
class Link:
    """``options`` are a bridge's own (IFLA_INFO_DATA); ``sysctls`` are by path below /proc/sys/net
    with ``{}`` in the place of the link's name."""

    name: str
    kind: str
    mac: bytes
    mtu: int
    up: bool
    master: str | None
    options: Attributes
    sysctls: Mapping[str, str]


def describe(item: Item) -> str:
    """An item in a few words, for a person."""
    match item:
        case Address():
            return f"address {item.interface} on {item.link}"
        case Route():
            where = " and ".join(sorted(item.links))
            via = f" via {item.gateway}" if item.gateway else ""
            table = "" if item.table == RT_TABLE_MAIN else f" in table {item.table}"
            what = "default" if not item.length else str(item.destination)
            return f"route {what}{via} on {where}{table}"
        case Rule():
            return f"routing rule for {' and '.join(sorted(item.links))}"
        case Neighbour():
            return f"neighbour {ip_address(item.attributes[0][1])} on {item.link}"
