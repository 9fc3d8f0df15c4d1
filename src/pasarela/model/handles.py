"""What a caller holds and gets back: handles, leases, events, and the numbers of the API.

The numbers are libvirt's own (libvirt-network.h), so that they go over its wire unchanged.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag
from uuid import UUID


@dataclass(frozen=True, slots=True)
class NetworkRef:
    """A network; only the uuid identifies it, the name is for people."""

    name: str
    uuid: UUID


@dataclass(frozen=True, slots=True)
class PortRef:
    network: NetworkRef
    uuid: UUID


@dataclass(frozen=True, slots=True)
class InterfaceRef:
    name: str
    mac: str


class LeaseType(IntEnum):
    IPV4 = 0
    IPV6 = 1


@dataclass(frozen=True, slots=True)
class Lease:
    """A DHCP lease; expiry is in seconds since 1970, 0 is never."""

    interface: str
    expiry: int
    type: LeaseType
    mac: str | None
    iaid: str | None
    address: str
    prefix: int
    hostname: str | None
    client_id: str | None


class NetworkFilter(IntFlag):
    """virConnectListAllNetworksFlags; a group without a bit does not filter."""

    ALL = 0
    INACTIVE = 1
    ACTIVE = 2
    PERSISTENT = 4
    TRANSIENT = 8
    AUTOSTART = 16
    NO_AUTOSTART = 32


class InterfaceFilter(IntFlag):
    ALL = 0
    INACTIVE = 1
    ACTIVE = 2


class UpdateCommand(IntEnum):
    NONE = 0
    MODIFY = 1
    DELETE = 2
    ADD_LAST = 3
    ADD_FIRST = 4


class UpdateSection(IntEnum):
    NONE = 0
    BRIDGE = 1
    DOMAIN = 2
    IP = 3
    IP_DHCP_HOST = 4
    IP_DHCP_RANGE = 5
    FORWARD = 6
    FORWARD_INTERFACE = 7
    FORWARD_PF = 8
    PORTGROUP = 9
    DNS_HOST = 10
    DNS_TXT = 11
    DNS_SRV = 12


class Affect(IntFlag):
    """Which definition a change is for; CURRENT is the live one if active, else the config."""

    CURRENT = 0
    LIVE = 1
    CONFIG = 2


class MetadataType(IntEnum):
    DESCRIPTION = 0
    TITLE = 1
    ELEMENT = 2


class Lifecycle(IntEnum):
    DEFINED = 0
    UNDEFINED = 1
    STARTED = 2
    STOPPED = 3


@dataclass(frozen=True, slots=True)
class LifecycleEvent:
    network: NetworkRef
    event: Lifecycle


@dataclass(frozen=True, slots=True)
class MetadataEvent:
    network: NetworkRef
    type: MetadataType
    uri: str | None = None


NetworkEvent = LifecycleEvent | MetadataEvent
