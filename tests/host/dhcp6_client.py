"""A DHCPv6 client in one file: takes an address on a device and prints it.

Usage: dhcp6_client.py DEVICE MAC. The device must have a link-local address that is usable.
"""

from __future__ import annotations

import socket
import struct
import sys

_SOLICIT, _ADVERTISE, _REQUEST, _REPLY = 1, 2, 3, 7
_CLIENT_ID, _SERVER_ID, _IA_NA, _IA_ADDRESS = 1, 2, 3, 5
_EVERY_SERVER = "ff02::1:2"
_TRANSACTION = b"\x01\x02\x03"


def main(device: str, mac: str) -> None:
    identity = _option(_CLIENT_ID, b"\0\x03\0\x01" + bytes.fromhex(mac.replace(":", "")))
    scope = socket.if_nametoindex(device)
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as udp:
        udp.bind(("::", 546, 0, scope))
        udp.settimeout(5)
        target = (_EVERY_SERVER, 547, 0, scope)
        wanted = identity + _option(_IA_NA, struct.pack("!III", 1, 0, 0))
        udp.sendto(bytes([_SOLICIT]) + _TRANSACTION + wanted, target)
        offered = _answer(udp, _ADVERTISE)
        chosen = identity + _option(_SERVER_ID, offered[_SERVER_ID])
        chosen += _option(_IA_NA, offered[_IA_NA])
        udp.sendto(bytes([_REQUEST]) + _TRANSACTION + chosen, target)
        given = _answer(udp, _REPLY)
    address = _options(given[_IA_NA][12:])[_IA_ADDRESS][:16]
    print(socket.inet_ntop(socket.AF_INET6, address))


def _option(kind: int, payload: bytes) -> bytes:
    return struct.pack("!HH", kind, len(payload)) + payload


def _answer(udp: socket.socket, kind: int) -> dict[int, bytes]:
    while True:
        data = udp.recv(2048)
        if data[0] == kind and data[1:4] == _TRANSACTION:
            return _options(data[4:])


def _options(data: bytes) -> dict[int, bytes]:
    found = {}
    while data:
        kind, length = struct.unpack_from("!HH", data)
        found[kind] = data[4 : 4 + length]
        data = data[4 + length :]
    return found


if __name__ == "__main__":
    main(*sys.argv[1:])
