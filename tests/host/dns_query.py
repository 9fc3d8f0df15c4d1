"""A DNS question in one file: dns_query.py SERVER NAME TYPE prints each answer on a line.

Knows A (1), TXT (16) and SRV (33). Exits with 3 where the server says that there is no such name,
and with 4 where nobody answers.
"""

from __future__ import annotations

import socket
import struct
import sys

_TYPES = {"A": 1, "TXT": 16, "SRV": 33}


def main(server: str, name: str, kind: str) -> int:
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    question = labels + b"\0" + struct.pack("!HH", _TYPES[kind], 1)
    family, *_, address = socket.getaddrinfo(server, 53, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, socket.SOCK_DGRAM) as udp:
        udp.settimeout(3)
        udp.connect(address)
        udp.send(struct.pack("!HHHHHH", 7, 0x0100, 1, 0, 0, 0) + question)
        try:
            reply = udp.recv(4096)
        except (TimeoutError, ConnectionRefusedError):
            return 4
    flags, _, answers = struct.unpack_from("!HHH", reply, 2)
    rest = reply[12 + len(question) :]
    for _ in range(answers):
        rest = rest[2 if rest[0] & 0xC0 else rest.index(0) + 1 :]
        size = struct.unpack_from("!H", rest, 8)[0]
        print(_shown(_TYPES[kind], rest[10 : 10 + size]))
        rest = rest[10 + size :]
    return int(flags & 15)


def _shown(kind: int, data: bytes) -> str:
    if kind == 1:
        return socket.inet_ntoa(data)
    if kind == 33:
        return " ".join(map(str, struct.unpack_from("!HHH", data)))
    parts = []
    while data:
        parts.append(data[1 : 1 + data[0]].decode())
        data = data[1 + data[0] :]
    return "|".join(parts)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
