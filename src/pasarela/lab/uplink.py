"""The host's way to the LAN: its NIC, or a bridge over its NIC, with an address by DHCP."""

from __future__ import annotations

from pasarela.lab import addresses, dhcp, node
from pasarela.lab.faults import LabError, run

NIC = "enp3s0"
BRIDGE = "br0"
_HOST = node.HOST
_ADVERTISEMENT = 10.0  # seconds to wait for the router's


def configure(interface: str) -> None:
    """Give the host its address on this interface."""
    _in_host(
        # The lab knows that nobody else has the host's addresses: no second to find that out.
        f"echo 0 > /proc/sys/net/ipv6/conf/{interface}/accept_dad",
        f"echo 0 > /proc/sys/net/ipv6/conf/{interface}/router_solicitation_delay",
        f"ip link set {interface} up",
    )
    if dhcp.acquire(_HOST, interface, _HOST) is None:
        raise LabError(f"the lab's host got no address by DHCP on {interface}")
    if not addresses.await_ipv6(_HOST, interface, _ADVERTISEMENT):
        raise LabError(f"the lab's host got no IPv6 address on {interface}")


def is_bridged() -> bool:
    return addresses.exists(_HOST, BRIDGE)


def bridge() -> None:
    """Put the NIC into a new bridge br0, which takes over its MAC address and so its lease."""
    if is_bridged():
        raise LabError(f"the host has a bridge {BRIDGE} already")
    mac = run(node.inside(_HOST, ["cat", f"/sys/class/net/{NIC}/address"])).strip()
    _in_host(
        f"ip link add {BRIDGE} address {mac} type bridge stp_state 0 forward_delay 0",
        f"ip addr flush dev {NIC}",
        f"echo 1 > /proc/sys/net/ipv6/conf/{NIC}/disable_ipv6",
        f"ip link set {NIC} master {BRIDGE}",
        f"ip link set {NIC} up",
    )
    configure(BRIDGE)


def unbridge() -> None:
    """Give the NIC back its address, and remove the bridge."""
    if not is_bridged():
        raise LabError(f"the host has no bridge {BRIDGE}")
    _in_host(f"ip link del {BRIDGE}", f"echo 0 > /proc/sys/net/ipv6/conf/{NIC}/disable_ipv6")
    configure(NIC)


def _in_host(*commands: str) -> None:
    script = "set -e\n" + "\n".join(commands)
    run(node.inside(_HOST, ["sh", "-c", script]))
