"""A DHCP client in one file: asks for an address on a device and prints how long the offer took.

Usage: dhcp_client.py DEVICE MAC [HOSTNAME [strict]]. Prints ``MILLISECONDS ADDRESS OPTIONS`` of
the offer, and takes the address (REQUEST, ACK) without configuring it. OPTIONS are the numbers of
those that the server sent. A strict one throws away what has a wrong UDP checksum, whatever the
kernel says about offload.
"""

from __future__ import annotations

import socket
import struct
import sys
import time

_COOKIE = b"\x63\x82\x53\x63"
_DISCOVER, _OFFER, _REQUEST, _ACK = 1, 2, 3, 5
_SECONDS = 10.0


def main(device: str, mac: str, hostname: str = "", strict: str = "") -> None:
    client = bytes.fromhex(mac.replace(":", ""))
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800)) as link:
        link.bind((device, 0))
        link.settimeout(_SECONDS)
        begun = time.monotonic()
        link.send(_frame(client, _message(client, _DISCOVER, hostname)))
        offer = _answer(link, client, _OFFER, strict=bool(strict))
        took = (time.monotonic() - begun) * 1000
        address, options = offer[16:20], _options(offer)
        chosen = bytes([50, 4]) + address + bytes([54, 4]) + options[54]
        link.send(_frame(client, _message(client, _REQUEST, hostname, chosen)))
        _answer(link, client, _ACK, strict=bool(strict))
    print(f"{took:.2f} {socket.inet_ntoa(address)} {','.join(map(str, sorted(options)))}")


def _message(client: bytes, kind: int, hostname: str, more: bytes = b"") -> bytes:
    fixed = struct.pack("!BBBBIHH16x16s192x", 1, 1, 6, 0, 0x12345678, 0, 0x8000, client)
    named = bytes([12, len(hostname)]) + hostname.encode() if hostname else b""
    asked = bytes([55, 4, 1, 3, 6, 26])
    return fixed + _COOKIE + bytes([53, 1, kind]) + named + asked + more + b"\xff"


def _frame(client: bytes, message: bytes) -> bytes:
    udp = struct.pack("!HHHH", 68, 67, 8 + len(message), 0) + message
    head = struct.pack(
        "!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, bytes(4), b"\xff" * 4
    )
    head = head[:10] + struct.pack("!H", _checksum(head)) + head[12:]
    return b"\xff" * 6 + client + b"\x08\x00" + head + udp


def _checksum(data: bytes) -> int:
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def _answer(link: socket.socket, client: bytes, kind: int, *, strict: bool) -> bytes:
    """The first BOOTP reply to us of this kind, from its first byte on."""
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        frame = link.recv(2048)
        reply = frame[14 + 20 + 8 :]
        if frame[23] != 17 or frame[36:38] != b"\x00\x44" or reply[28:34] != client:
            continue
        if strict and not _is_whole(frame[14:]):
            continue
        if _options(reply).get(53) == bytes([kind]):
            return reply
    raise SystemExit("no answer")


def _is_whole(packet: bytes) -> bool:
    """Whether the UDP checksum is right, or left out."""
    (length, found) = struct.unpack("!HH", packet[24:28])
    udp = packet[20:26] + b"\0\0" + packet[28 : 20 + length] + bytes(length % 2)
    pseudo = packet[12:20] + struct.pack("!HH", 17, length)
    return found in (0, _checksum(pseudo + udp))


def _options(reply: bytes) -> dict[int, bytes]:
    found, rest = {}, reply[240:]
    while rest and rest[0] != 255:
        if rest[0] == 0:
            rest = rest[1:]
            continue
        found[rest[0]] = rest[2 : 2 + rest[1]]
        rest = rest[2 + rest[1] :]
    return found


if __name__ == "__main__":
    main(*sys.argv[1:])
