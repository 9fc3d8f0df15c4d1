"""What net-new was asked for, and what it chooses from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from ipaddress import (
    IPv4Interface,
    IPv4Network,
    IPv6Interface,
    IPv6Network,
    ip_address,
    ip_interface,
    ip_network,
)

from pasarela.errors import ConfigUnsupported, InvalidArgument
from pasarela.model.network import AddressRange, ForwardMode, Network
from pasarela.model.values import MacAddress
from pasarela.plan.facts import Facts
from pasarela.plan.nftables import IfName


class Kind(Enum):
    """The kinds of networks that people speak of; the values are their words."""

    NAT = "nat"
    ISOLATED = "isolated"
    VERY_ISOLATED = "very-isolated"
    ROUTE = "route"
    OPEN = "open"
    BRIDGE = "bridge"
    MACVTAP = "macvtap"

    @property
    def mode(self) -> ForwardMode:
        return _MODES.get(self, ForwardMode.NONE)

    @property
    def has_addresses(self) -> bool:
        return self not in (Kind.VERY_ISOLATED, Kind.BRIDGE, Kind.MACVTAP)


_MODES = {
    Kind.NAT: ForwardMode.NAT,
    Kind.ROUTE: ForwardMode.ROUTE,
    Kind.OPEN: ForwardMode.OPEN,
    Kind.BRIDGE: ForwardMode.BRIDGE,
    Kind.MACVTAP: ForwardMode.BRIDGE,
}

Subnet = IPv4Interface | IPv6Interface

_NOT_FOR_GUESTS = {
    ip_network(text): use
    for text, use in {
        "0.0.0.0/8": "this network",
        "127.0.0.0/8": "loopback",
        "169.254.0.0/16": "link-local addresses",
        "224.0.0.0/4": "multicast",
        "240.0.0.0/4": "the future",
        "::/8": "loopback and mapped addresses",
        "fe80::/10": "link-local addresses",
        "ff00::/8": "multicast",
    }.items()
}


@dataclass(frozen=True, slots=True)
class Request:
    """The words of a net-new; what is None is chosen. A ``dhcp`` of None hands out all.

    ``subnets`` have the address that the host takes in each.
    """

    name: str
    kind: Kind = Kind.NAT
    subnets: tuple[Subnet, ...] = ()
    bridge: str | None = None
    dev: str | None = None
    dhcp: AddressRange | None = None
    dhcp_off: bool = False
    domain: str | None = None
    host_access: tuple[Subnet, ...] = ()
    host_access_dhcp: bool = False
    host_access_guests: tuple[IPv4Network | IPv6Network, ...] = ()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is there already, and where chance comes from."""

    facts: Facts
    networks: tuple[Network, ...]
    random: Callable[[int], bytes] = field(repr=False)
    bridges: tuple[str, ...] = ()  # that the host has, where they were asked for

    def new_mac(self) -> MacAddress:
        """A MAC address with the prefix that libvirt uses for its bridges."""
        return MacAddress.from_bytes(b"\x52\x54\x00" + self.random(3))


def parse_link(option: str, name: str | None) -> str | None:
    """The name of a device that the kernel could have.

    Raises:
        InvalidArgument: it could not.
    """
    try:
        return None if name is None else str(IfName(name))
    except ConfigUnsupported:
        raise InvalidArgument(
            f"{option}: '{name}' cannot be a device's name",
            remedy="write 1 to 15 letters, digits or - _ . as in br0 or enp3s0",
        ) from None


def parse_kind(word: str) -> Kind:
    try:
        return Kind(word)
    except ValueError:
        from pasarela.xml.suggest import choose

        remedy = choose(word, (kind.value for kind in Kind))
        raise InvalidArgument(f"unknown kind '{word}'", remedy=remedy) from None


def parse_subnets(text: str) -> tuple[Subnet, ...]:
    """``192.168.6.0/24``, or several with commas. A host's address in it is the network's own.

    Raises:
        InvalidArgument: one is no subnet, or has no room for guests.
    """
    return tuple(_parse_subnet(part.strip()) for part in text.split(","))


def _parse_subnet(text: str) -> Subnet:
    example = "write address and prefix, as 192.168.6.0/24 or fd00:6::/64"
    try:
        interface = ip_interface(text)
    except ValueError:
        raise InvalidArgument(f"'{text}' is no subnet", remedy=example) from None
    network = interface.network
    if network.num_addresses < 4:
        raise InvalidArgument(f"'{text}' has no room for guests", remedy=example)
    for reserved, use in _NOT_FOR_GUESTS.items():
        if network.version == reserved.version and network.overlaps(reserved):
            raise InvalidArgument(
                f"'{text}' is reserved for {use} ({reserved})",
                remedy="choose from 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or fd00::/8, "
                "or leave --subnet out to get a free one",
            )
    if network.version == 4 and interface.ip == network.broadcast_address:
        raise InvalidArgument(
            f"{interface.ip} is the broadcast address of {network}",
            remedy="choose another address in it for the host, or write the subnet alone",
        )
    if interface.ip == network.network_address:
        return ip_interface(f"{network.network_address + 1}/{network.prefixlen}")
    return interface


def parse_dhcp(text: str | None) -> tuple[AddressRange | None, bool]:
    """The range to hand out, and whether DHCP is off.

    Raises:
        InvalidArgument: neither ``off``, nor ``START,END``, nor ``START-END`` (as many type).
    """
    if text is None:
        return None, False
    if text == "off":
        return None, True
    start, between, end = text.partition("," if "," in text else "-")
    try:
        if between:
            return AddressRange(ip_address(start.strip()), ip_address(end.strip())), False
    except ValueError:
        pass
    raise InvalidArgument(
        f"'{text}' is no range of addresses",
        remedy="write --dhcp 192.168.6.10,192.168.6.99 or --dhcp off",
    )


def parse_host_access(words: Sequence[str]) -> tuple[tuple[Subnet, ...], bool]:
    """The host's addresses beside its guests' macvtaps, and whether the LAN gives more.

    Raises:
        InvalidArgument: one is neither ``dhcp`` nor an address with the LAN's prefix.
    """
    return tuple(_on_lan(word) for word in words if word != "dhcp"), "dhcp" in words


def _on_lan(text: str) -> Subnet:
    try:
        address = ip_interface(text)
    except ValueError:
        address = None
    if address is None or address.network.num_addresses < 4 or address.is_link_local:
        raise InvalidArgument(
            f"'{text}' is no address on a LAN",
            remedy="write --host-access dhcp, or a free address of the LAN with its prefix, as "
            "--host-access 192.168.1.200/24 or --host-access 2001:db8:1::200/64",
        )
    return address


def parse_guests(words: Sequence[str]) -> tuple[IPv4Network | IPv6Network, ...]:
    """Raises:
    InvalidArgument: one is no subnet."""
    return tuple(map(_guests, words))


def _guests(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text)
    except ValueError:
        raise InvalidArgument(
            f"'{text}' is no subnet",
            remedy="write the guests' part of the LAN, as --host-access-guests 192.168.1.128/25",
        ) from None
