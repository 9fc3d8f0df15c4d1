"""rtnetlink's messages for addresses (linux/if_addr.h)."""

from __future__ import annotations

from ipaddress import IPv4Interface, IPv6Interface, ip_address, ip_interface
from socket import AF_INET, AF_INET6, AF_UNSPEC
from struct import Struct

from pasarela.host.netlink import attributes as nla
from pasarela.host.netlink.socket import NLM_F_CREATE, NLM_F_REPLACE, Message
from pasarela.model.values import IpAddress

RTM_NEWADDR = 20
RTM_DELADDR = 21
RTM_GETADDR = 22

_IFA_ADDRESS = 1
_IFA_LOCAL = 2
_IFA_BROADCAST = 4
_IFA_FLAGS = 8
_IFA_F_NODAD = 2

_HEADER = Struct("=BBBBi")

Interface = IPv4Interface | IPv6Interface


def add(index: int, link: str, address: Interface, *, at_once: bool = True) -> Message:
    """Adds the address, or leaves it as it is.

    Args:
        at_once: use an IPv6 address without looking for duplicates first: a bridge without guests
            has no carrier, so the search would not end, and dnsmasq cannot bind what is tentative.
    """
    payload = _header(index, address) + _local(address)
    if isinstance(address, IPv4Interface):
        if address.network.prefixlen < 31:
            payload += nla.attribute(_IFA_BROADCAST, address.network.broadcast_address.packed)
    elif at_once:
        payload += nla.u32(_IFA_FLAGS, _IFA_F_NODAD)
    flags = NLM_F_CREATE | NLM_F_REPLACE
    return Message(RTM_NEWADDR, flags, payload, f"Error adding IP address {address} to {link}")


def remove(index: int, link: str, address: Interface) -> Message:
    payload = _header(index, address) + _local(address)
    return Message(RTM_DELADDR, 0, payload, f"Error removing IP address {address} from {link}")


def get_all(index: int = 0) -> Message:
    """Asks for the addresses of a link, or of all."""
    return Message(RTM_GETADDR, 0, _HEADER.pack(AF_UNSPEC, 0, 0, 0, index), "cannot list addresses")


def parse(payload: bytes) -> tuple[int, Interface]:
    """The link's index and the address that a dump gave."""
    _, prefix, _, _, index = _HEADER.unpack_from(payload)
    found = nla.parse(payload[_HEADER.size :])
    local = found.get(_IFA_LOCAL) or found[_IFA_ADDRESS]
    return index, ip_interface((ip_address(local), prefix))


def family(address: IpAddress) -> int:
    return AF_INET if address.version == 4 else AF_INET6


def _header(index: int, address: Interface) -> bytes:
    return _HEADER.pack(family(address.ip), address.network.prefixlen, 0, 0, index)


def _local(address: Interface) -> bytes:
    packed = address.ip.packed
    return nla.attribute(_IFA_LOCAL, packed) + nla.attribute(_IFA_ADDRESS, packed)
