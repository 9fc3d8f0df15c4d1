"""A network interface of the host, as libvirt's interface document describes it.

Source: libvirt's udev backend of the interface driver: what is shown is what the kernel has, not
what a configuration file says.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class InterfaceType(Enum):
    ETHERNET = "ethernet"
    BRIDGE = "bridge"
    BOND = "bond"
    VLAN = "vlan"


@dataclass(frozen=True, slots=True)
class BridgeDetails:
    """``delay`` is the forward delay as the kernel has it, in hundredths of a second."""

    stp: bool
    delay: int
    members: tuple[HostInterface, ...] = ()


@dataclass(frozen=True, slots=True)
class MiiMonitor:
    """Times in milliseconds; ``carrier`` is "netif" or "ioctl"."""

    frequency: int
    down_delay: int = 0
    up_delay: int = 0
    carrier: str = "netif"


@dataclass(frozen=True, slots=True)
class ArpMonitor:
    """``validate`` is "active", "backup", "all" or None."""

    interval: int
    target: str
    validate: str | None = None


@dataclass(frozen=True, slots=True)
class BondDetails:
    mode: str
    monitor: MiiMonitor | ArpMonitor | None = None
    members: tuple[HostInterface, ...] = ()


@dataclass(frozen=True, slots=True)
class VlanDetails:
    tag: int
    parent: str


@dataclass(frozen=True, slots=True)
class HostInterface:
    """``state`` is the kernel's operstate; ``speed`` (Mbit/s) is known only while that is up.

    ``hidden`` marks what listing leaves out: members of a bridge, and tun and tap devices.
    """

    name: str
    type: InterfaceType
    mac: str
    mtu: int
    state: str
    speed: int | None = None
    hidden: bool = False
    details: BridgeDetails | BondDetails | VlanDetails | None = None

    @property
    def active(self) -> bool:
        """libvirt's notion: exactly "up", so that lo ("unknown") is not."""
        return self.state == "up"
