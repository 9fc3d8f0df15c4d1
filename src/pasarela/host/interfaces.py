"""The host's own network interfaces, read from /sys/class/net.

What counts as which type, what is listed and what is hidden is libvirt's (udev backend).
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from pasarela.errors import InterfaceNotFound, MultipleInterfaces
from pasarela.model.interface import (
    ArpMonitor,
    BondDetails,
    BridgeDetails,
    HostInterface,
    InterfaceType,
    MiiMonitor,
    VlanDetails,
)

# The device went away, or the name is a file's (bonding_masters lies among the devices).
_GONE = frozenset({errno.ENOENT, errno.ENODEV, errno.ENOTDIR})

_GUEST_TAP = re.compile("vnet[0-9]")
_VALIDATE = {1: "active", 2: "backup", 3: "all"}


class HostInterfaces:
    """Reads the interfaces of a network namespace.

    Args:
        sysfs: its /sys/class/net.
        proc: its /proc/net, where VLAN devices tell their tag.
    """

    def __init__(
        self, sysfs: Path = Path("/sys/class/net"), proc: Path = Path("/proc/net")
    ) -> None:
        self._sysfs = sysfs
        self._proc = proc

    def listed(self) -> tuple[HostInterface, ...]:
        """All that listing shows, by name: no members of a bridge, no tun or tap devices."""
        return tuple(interface for interface in self._all() if not interface.hidden)

    def by_name(self, name: str) -> HostInterface:
        """Any interface, also a hidden one.

        Raises:
            InterfaceNotFound: there is none of that name.
        """
        interface = self._read(name) if _is_name(name) else None
        if interface is None:
            raise InterfaceNotFound(
                f"couldn't find interface named '{name}'",
                remedy="pasarela iface-list --all shows which there are",
            )
        return interface

    def by_mac(self, mac: str) -> HostInterface:
        """The one listed interface with that MAC address, spelled as the kernel does.

        Raises:
            InterfaceNotFound: there is none.
            MultipleInterfaces: there are several.
        """
        found = [interface for interface in self.listed() if interface.mac == mac]
        if not found:
            raise InterfaceNotFound(f"couldn't find interface with MAC address '{mac}'")
        if len(found) > 1:
            names = ", ".join(interface.name for interface in found)
            raise MultipleInterfaces(
                f"the MAC address '{mac}' matches multiple interfaces",
                remedy=f"name one of them: {names}",
            )
        return found[0]

    def _all(self) -> Iterator[HostInterface]:
        for path in sorted(self._sysfs.iterdir()):
            interface = self._read(path.name)
            if interface is not None:
                yield interface

    def _read(self, name: str) -> HostInterface | None:
        """The interface; None if it is not there, or went while it was read."""
        path = self._sysfs / name
        try:
            kind = self._type(path)
            state = _text(path / "operstate")
            return HostInterface(
                name=name,
                type=kind,
                mac=_text(path / "address"),
                mtu=int(_text(path / "mtu")),
                state=state,
                speed=_speed(path) if state == "up" else None,
                hidden=(path / "brport/state").exists() or (path / "tun_flags").exists(),
                details=self._details(path, kind),
            )
        except OSError as error:
            if error.errno in _GONE:
                return None
            raise

    def _type(self, path: Path) -> InterfaceType:
        """By the kernel's word; libvirt also takes any name with a dot for a VLAN and then fails
        to read it, which helps nobody."""
        match _device_type(path):
            case "bridge":
                return InterfaceType.BRIDGE
            case "bond":
                return InterfaceType.BOND
            case "vlan" if (self._proc / "vlan" / path.name).exists():
                return InterfaceType.VLAN
            case _:
                return InterfaceType.ETHERNET

    def _details(
        self, path: Path, kind: InterfaceType
    ) -> BridgeDetails | BondDetails | VlanDetails | None:
        match kind:
            case InterfaceType.BRIDGE:
                return self._bridge(path)
            case InterfaceType.BOND:
                return self._bond(path)
            case InterfaceType.VLAN:
                return _vlan((self._proc / "vlan" / path.name).read_text())
            case InterfaceType.ETHERNET:
                return None

    def _bridge(self, path: Path) -> BridgeDetails:
        names = sorted(member.name for member in (path / "brif").iterdir())
        return BridgeDetails(
            stp=_number(path / "bridge/stp_state") != 0,
            delay=_number(path / "bridge/forward_delay"),
            members=self._members(name for name in names if not _GUEST_TAP.match(name)),
        )

    def _bond(self, path: Path) -> BondDetails:
        return BondDetails(
            mode=_text(path / "bonding/mode").split()[0],
            monitor=_monitor(path / "bonding"),
            members=self._members(iter(sorted(_text(path / "bonding/slaves").split()))),
        )

    def _members(self, names: Iterator[str]) -> tuple[HostInterface, ...]:
        members = (self._read(name) for name in names)
        return tuple(member for member in members if member is not None)


def _monitor(bonding: Path) -> MiiMonitor | ArpMonitor | None:
    interval, frequency = _number(bonding / "arp_interval"), _number(bonding / "miimon")
    if interval > 0:
        validate = int(_text(bonding / "arp_validate").split()[-1])
        return ArpMonitor(interval, _text(bonding / "arp_ip_target"), _VALIDATE.get(validate))
    if frequency > 0:
        return MiiMonitor(
            frequency,
            down_delay=_number(bonding / "downdelay"),
            up_delay=_number(bonding / "updelay"),
            carrier="netif" if _number(bonding / "use_carrier") else "ioctl",
        )
    return None


def _vlan(text: str) -> VlanDetails:
    """From /proc/net/vlan/NAME: ``… VID: 5  REORDER_HDR: …``, and ``Device: eth0``."""
    tag = re.search(r"VID:\s*(\d+)", text)
    parent = re.search(r"^Device:\s*(\S+)", text, re.MULTILINE)
    return VlanDetails(int(tag[1]) if tag else 0, parent[1] if parent else "")


def _device_type(path: Path) -> str | None:
    found = re.search(r"^DEVTYPE=(.*)$", (path / "uevent").read_text(), re.MULTILINE)
    return found[1] if found else None


def _speed(path: Path) -> int | None:
    """Mbit/s; None where the driver does not say (the kernel then refuses, or gives -1)."""
    with suppress(OSError, ValueError):
        speed = _number(path / "speed")
        return speed if speed > 0 else None
    return None


def _is_name(name: str) -> bool:
    return bool(name) and "/" not in name and name not in (".", "..") and "\0" not in name


def _number(path: Path) -> int:
    return int(_text(path))


def _text(path: Path) -> str:
    return path.read_text().strip()
