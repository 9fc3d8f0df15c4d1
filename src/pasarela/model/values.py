"""Value types that several documents share."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Address, IPv6Address

IpAddress = IPv4Address | IPv6Address


def format_ip(address: IpAddress) -> str:
    """The address as glibc's inet_ntop writes it: IPv4 within IPv6 stays dotted."""
    if isinstance(address, IPv4Address):
        return str(address)
    high, low = address.packed[:12], address.packed[12:]
    embedded = high == bytes(12) and any(low[:2])
    mapped = high == bytes(10) + b"\xff\xff"
    if address.scope_id or not (embedded or mapped):
        return str(address)
    return f"::{'ffff:' if mapped else ''}{IPv4Address(low)}"


class MacAddress(str):
    """A MAC address in the form that libvirt prints: six lower-case octets with colons.

    Raises:
        ValueError: the text is no MAC address. Octets of one digit are accepted, as libvirt does.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> MacAddress:
        if not re.fullmatch(r"[0-9A-Fa-f]{1,2}(:[0-9A-Fa-f]{1,2}){5}", text):
            raise ValueError(f"not a MAC address: {text!r}")
        return super().__new__(cls, ":".join(f"{int(octet, 16):02x}" for octet in text.split(":")))

    @classmethod
    def from_bytes(cls, octets: bytes) -> MacAddress:
        return cls(octets.hex(":"))

    @property
    def octets(self) -> bytes:
        return bytes.fromhex(self.replace(":", ""))

    @property
    def is_multicast(self) -> bool:
        return bool(self.octets[0] & 1)


class LeaseUnit(Enum):
    SECONDS = "seconds"
    MINUTES = "minutes"
    HOURS = "hours"


@dataclass(frozen=True, slots=True)
class LeaseTime:
    """How long a DHCP lease lasts; expiry 0 is for ever."""

    expiry: int
    unit: LeaseUnit = LeaseUnit.MINUTES


@dataclass(frozen=True, slots=True)
class PortRange:
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class PciAddress:
    domain: int
    bus: int
    slot: int
    function: int

    def __str__(self) -> str:
        return f"{self.domain:04x}:{self.bus:02x}:{self.slot:02x}.{self.function:x}"


class VirtualPortType(Enum):
    IEEE_802_1QBG = "802.1Qbg"
    IEEE_802_1QBH = "802.1Qbh"
    OPENVSWITCH = "openvswitch"
    MIDONET = "midonet"


@dataclass(frozen=True, slots=True)
class VirtualPort:
    """The switch's parameters for a guest's port; which of them count depends on the type."""

    type: VirtualPortType | None = None
    manager_id: int | None = None
    type_id: int | None = None
    type_id_version: int | None = None
    instance_id: str | None = None
    interface_id: str | None = None
    profile_id: str | None = None


@dataclass(frozen=True, slots=True)
class VlanTag:
    id: int
    native_mode: str | None = None  # "tagged" or "untagged"


@dataclass(frozen=True, slots=True)
class Vlan:
    tags: tuple[VlanTag, ...]
    trunk: bool = False


@dataclass(frozen=True, slots=True)
class Rate:
    """One direction of a bandwidth: kilobytes a second, burst in kilobytes."""

    average: int = 0
    peak: int = 0
    floor: int = 0
    burst: int = 0


@dataclass(frozen=True, slots=True)
class Bandwidth:
    """inbound is towards the guest, outbound is from it."""

    inbound: Rate | None = None
    outbound: Rate | None = None
    class_id: int | None = None
