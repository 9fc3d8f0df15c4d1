"""Counts packets that should not be there, until it is told to end; prints how many.

watch.py from NETWORK     IPv4 packets whose source lies in NETWORK
watch.py udp-from ADDRESS UDP packets from ADDRESS
"""

from __future__ import annotations

import signal
import socket
import sys
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network

ETH_P_IP = 0x0800
UDP = 17


def main() -> None:
    wanted = _predicate(sys.argv[1], sys.argv[2])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    seen = 0
    try:
        with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP)) as wire:
            print("ready", flush=True)
            while True:
                packet, sender = wire.recvfrom(65536)
                outgoing = sender[2] == socket.PACKET_OUTGOING
                seen += not outgoing and wanted(packet)
    finally:
        print(seen)


def _predicate(kind: str, value: str) -> Callable[[bytes], bool]:
    if kind == "from":
        network = IPv4Network(value)
        return lambda packet: IPv4Address(packet[12:16]) in network
    source = IPv4Address(value).packed
    return lambda packet: packet[9] == UDP and packet[12:16] == source


if __name__ == "__main__":
    main()
