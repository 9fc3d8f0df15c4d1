"""Counts packets that should not be there, until it is told to end; prints how many.

watch.py from NETWORK     IPv4 packets whose source lies in NETWORK
watch.py udp-from NETWORK UDP packets among them
"""

from __future__ import annotations

import select
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv4Network

ETH_P_IP = 0x0800
UDP = 17
SO_RCVBUFFORCE = 33
ROOM = 1 << 23  # bytes that may wait while this process does


def main() -> None:
    wanted = _predicate(sys.argv[1], sys.argv[2])
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP)) as wire:
        wire.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, ROOM)
        told = _readable_on_sigterm()
        print("ready", flush=True)
        print(sum(wanted(packet) for packet in _packets(wire, told)))


def _readable_on_sigterm() -> socket.socket:
    told, tell = socket.socketpair()
    tell.setblocking(False)
    signal.set_wakeup_fd(tell.detach())
    signal.signal(signal.SIGTERM, lambda *_: None)
    return told


def _packets(wire: socket.socket, told: socket.socket) -> Iterator[bytes]:
    """What comes in until the end is told, and what has come by then."""
    while True:
        readable = select.select([wire, told], [], [])[0]
        if wire in readable:
            packet, sender = wire.recvfrom(65536)
            if sender[2] != socket.PACKET_OUTGOING:
                yield packet
        elif told in readable:
            return


def _predicate(kind: str, value: str) -> Callable[[bytes], bool]:
    network = IPv4Network(value)
    any_protocol = kind == "from"
    return lambda packet: (
        (any_protocol or packet[9] == UDP) and IPv4Address(packet[12:16]) in network
    )


if __name__ == "__main__":
    main()
