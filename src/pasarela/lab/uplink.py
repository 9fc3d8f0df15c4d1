"""The host's way to the LAN: its NIC, or a bridge over its NIC, with an address by DHCP."""

from __future__ import annotations

import sys

from pasarela.lab import addresses, dhcp, node
from pasarela.lab.faults import LabError, run

NIC = "enp3s0"
BRIDGE = "br0"
_HOST = node.HOST
_ADVERTISEMENT = 10.0  # seconds to wait for the router's


def configure() -> None:
    """Give the host its addresses, on its NIC."""
    _in_host(
        # The lab knows that nobody else has the host's addresses: no second to find that out.
        f"echo 0 > /proc/sys/net/ipv6/conf/{NIC}/accept_dad",
        f"echo 0 > /proc/sys/net/ipv6/conf/{NIC}/router_solicitation_delay",
        f"ip link set {NIC} up",
    )
    if dhcp.acquire(_HOST, NIC, _HOST) is None:
        raise LabError(f"the lab's host got no address by DHCP on {NIC}")
    if not addresses.await_ipv6(_HOST, NIC, _ADVERTISEMENT):
        raise LabError(f"the lab's host got no IPv6 address on {NIC}")


def is_bridged() -> bool:
    return addresses.exists(_HOST, BRIDGE)


def bridge() -> None:
    """Put the NIC into a new bridge br0 with the command that everybody has for it."""
    if is_bridged():
        raise LabError(f"the host has a bridge {BRIDGE} already")
    _host_bridge("create", BRIDGE, "--port", NIC)


def unbridge() -> None:
    """Give the NIC back what it had, and remove the bridge."""
    if not is_bridged():
        raise LabError(f"the host has no bridge {BRIDGE}")
    _host_bridge("delete", BRIDGE)


def _host_bridge(*words: str) -> None:
    """In a process of its own, for this one may be on another machine of the lab."""
    pasarela = [sys.executable, "-m", "pasarela.cli.main", "host-bridge", *words]
    run(node.inside(_HOST, pasarela))


def _in_host(*commands: str) -> None:
    script = "set -e\n" + "\n".join(commands)
    run(node.inside(_HOST, ["sh", "-c", script]))
