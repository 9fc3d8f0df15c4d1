"""Asks for an address by DHCP until it is offered one; prints the milliseconds it took.

discover.py INTERFACE

Sends a DISCOVER every 100 ms (RFC 2131), from a raw socket, as a guest that has no address does.
"""

from __future__ import annotations

import socket
import struct
import sys
import time
from pathlib import Path

INTERVAL = 0.1
AT_MOST = 40.0
ETH_P_IP = 0x0800
MAGIC = b"\x63\x82\x53\x63"
DISCOVER, OFFER = 1, 2
XID = 0x70617361


def main() -> None:
    interface = sys.argv[1]
    mac = bytes.fromhex(Path(f"/sys/class/net/{interface}/address").read_text().replace(":", ""))
    print(f"{_ask(interface, mac) * 1000:.2f}")


def _ask(interface: str, mac: bytes) -> float:
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_IP)) as wire:
        wire.bind((interface, ETH_P_IP))
        begin = time.monotonic()
        while time.monotonic() < begin + AT_MOST:
            wire.send(_discover(mac))
            if _offered(wire, time.monotonic() + INTERVAL):
                return time.monotonic() - begin
    raise SystemExit(f"no offer within {AT_MOST:.0f} s")


def _offered(wire: socket.socket, until: float) -> bool:
    while (left := until - time.monotonic()) > 0:
        wire.settimeout(left)
        try:
            frame = wire.recv(2048)
        except TimeoutError:
            return False
        if _is_offer(frame):
            return True
    return False


def _is_offer(frame: bytes) -> bool:
    header = 14 + (frame[14] & 0x0F) * 4
    bootp = frame[header + 8 :]
    return bootp[4:8] == XID.to_bytes(4, "big") and bytes((53, 1, OFFER)) in bootp[240:]


def _discover(mac: bytes) -> bytes:
    broadcast = 0x8000
    bootp = struct.pack("!BBBBIHH", 1, 1, 6, 0, XID, 0, broadcast) + bytes(16)
    bootp += mac + bytes(10) + bytes(192) + MAGIC
    bootp += bytes((53, 1, DISCOVER, 55, 3, 1, 3, 6, 255))
    bootp = bootp.ljust(300, b"\0")
    udp = struct.pack("!HHHH", 68, 67, 8 + len(bootp), 0) + bootp
    ip = struct.pack(
        "!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, bytes(4), b"\xff" * 4
    )
    ip = ip[:10] + _checksum(ip).to_bytes(2, "big") + ip[12:]
    return b"\xff" * 6 + mac + ETH_P_IP.to_bytes(2, "big") + ip + udp


def _checksum(header: bytes) -> int:
    total = sum(struct.unpack(f"!{len(header) // 2}H", header))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


if __name__ == "__main__":
    main()
