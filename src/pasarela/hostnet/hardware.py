"""The hardware addresses that files need and nobody is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pasarela.hostnet.manager import Bridging
from pasarela.model.interface_config import BridgeConfig
from pasarela.model.values import MacAddress

_TOLD = ("netplan", "networkd", "networkmanager")
"""ifupdown's scripts leave a bridge's address to the kernel, which takes the first port's."""


def with_hardware(manager: str, change: Bridging, hardware: Mapping[str, MacAddress]) -> Bridging:
    """The change with the addresses of the ports, and the first one's for the bridge.

    systemd-networkd gives a bridge that is told none an address of its own making (seen with 252):
    after the next boot the LAN's DHCP server would see a stranger. And some files name a card by
    its address alone.
    """
    bridge = change.bridge
    if manager not in _TOLD or not isinstance(bridge.details, BridgeConfig):
        return change
    ports = tuple(
        replace(port, mac=port.mac or hardware.get(port.name)) for port in bridge.details.ports
    )
    mac = bridge.mac or (ports[0].mac if ports else None)
    return replace(
        change, bridge=replace(bridge, mac=mac, details=replace(bridge.details, ports=ports))
    )
