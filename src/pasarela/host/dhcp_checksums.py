"""DHCP replies without a UDP checksum, for guests whose client does not know of checksum offload.

The kernel leaves the checksum of what it sends over a bridge to a card that will never come, and
tells the guest so in the packet's virtio header. A DHCP client reads raw packets, past that. Most
have learnt to ask (PACKET_AUXDATA); FreeBSD's until 2025 and older ones throw the offer away as
damaged. 0 means that there is no checksum (RFC 768), and every client takes that.

libvirt filled it in by an iptables target that nftables lacks, and does by tc's csum action now.
Clearing it in an nftables rule damages it for emulated cards, for which the kernel completes what
it finds there; ``ethtool -K virbr0 tx off`` ends segmentation offload for all traffic to guests.
"""

from __future__ import annotations

import socket

_DHCP_PORT = 67
_SO_NO_CHECK = 11


def leave_out(one: socket.socket) -> bool:
    """Have a dnsmasq send its DHCP replies without checksums.

    Args:
        one: a socket of that dnsmasq's.

    Returns:
        Whether it was the socket that sends them. Without this most guests get on, too.
    """
    if not _serves_dhcp(one):
        return False
    one.setsockopt(socket.SOL_SOCKET, _SO_NO_CHECK, 1)
    return True


def _serves_dhcp(one: socket.socket) -> bool:
    datagrams = (one.family, one.type) == (socket.AF_INET, socket.SOCK_DGRAM)
    return datagrams and one.getsockname()[1] == _DHCP_PORT
