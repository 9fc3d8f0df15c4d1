"""Asking with packets: does a ping come back, does TCP connect, what does a name resolve to.

Each probe's socket is made in a machine's network namespace; the code runs where it is called.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import socket
import struct
import time
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from pasarela.lab import netns

Address = IPv4Address | IPv6Address
_REPEAT = 0.2  # seconds between two pings
_ECHO = {4: (8, 0), 6: (128, 129)}  # request, reply
_ICMP = {4: socket.IPPROTO_ICMP, 6: socket.IPPROTO_ICMPV6}
_FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}
_DNS_PORT = 53
_RECORD = {4: 1, 6: 28}  # A, AAAA


@dataclass(frozen=True, slots=True)
class Caller:
    """Whom a server saw."""

    address: Address
    port: int


def ping(name: str, target: Address, timeout: float, interface: str = "eth0") -> bool:
    """Whether an echo request from a node is answered within ``timeout`` seconds."""
    version = target.version
    request, reply = _ECHO[version]
    token = os.urandom(2)
    with netns.open_socket(name, _FAMILY[version], socket.SOCK_RAW, _ICMP[version]) as pinger:
        deadline = time.monotonic() + timeout
        while (left := deadline - time.monotonic()) > 0:
            try:
                pinger.sendto(_echo(request, token), _place(name, target, 0, interface))
            except OSError:
                return False  # no route, or a firewall of its own
            if _answered(pinger, version, reply, token, min(left, _REPEAT)):
                return True
    return False


def connect(
    name: str, target: Address, port: int, timeout: float, interface: str = "eth0"
) -> Caller | None:
    """Connect to a server that tells whom it saw, the web server or one of ``echo``."""
    with netns.open_socket(name, _FAMILY[target.version], socket.SOCK_STREAM) as client:
        client.settimeout(timeout)
        try:
            client.connect(_place(name, target, port, interface))
            client.sendall(b"GET / HTTP/1.0\r\n\r\n")
            said = b"".join(iter(lambda: client.recv(4096), b"")).decode(errors="replace")
        except OSError:
            return None
    return caller_in(said)


def caller_in(said: str) -> Caller | None:
    """Whom a server of the lab says that it saw."""
    # busybox's web server writes IPv4 callers as [::ffff:a.b.c.d].
    found = re.search(r"You come from (?:\[?::ffff:)?([^\s\]]+)\]? port (\d+)", said)
    return Caller(ip_address(found[1]), int(found[2])) if found else None


def resolve(name: str, server: Address, wanted: str, version: int, timeout: float) -> bool:
    """Whether a name server gives a node an address of this IP version for a name."""
    query = os.urandom(2) + struct.pack(">HHHHH", 0x0100, 1, 0, 0, 0)
    labels = b"".join(bytes([len(part)]) + part.encode() for part in wanted.split("."))
    query += labels + b"\0" + struct.pack(">HH", _RECORD[version], 1)
    with netns.open_socket(name, _FAMILY[server.version], socket.SOCK_DGRAM) as client:
        client.settimeout(timeout)
        try:
            client.sendto(query, _place(name, server, _DNS_PORT, "eth0"))
            answer = client.recv(4096)
        except OSError:
            return False
    answers = struct.unpack_from(">H", answer, 6)[0]
    return answer[:2] == query[:2] and answers > 0


def _place(name: str, target: Address, port: int, interface: str) -> tuple[str | int, ...]:
    """The socket address; a link-local one only means something on an interface."""
    if isinstance(target, IPv6Address) and target.is_link_local:
        return (str(target), port, 0, netns.interface_index(name, interface))
    return (str(target), port)


def _echo(kind: int, token: bytes) -> bytes:
    """An echo request; the kernel fills in ICMPv6's checksum."""
    message = struct.pack(">BBH", kind, 0, 0) + token + b"\0\1pasarela"
    return message[:2] + struct.pack(">H", _checksum(message)) + message[4:]


def _checksum(data: bytes) -> int:
    total: int = sum(struct.unpack(f">{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def _answered(pinger: socket.socket, version: int, reply: int, token: bytes, wait: float) -> bool:
    until = time.monotonic() + wait
    while (left := until - time.monotonic()) > 0:
        if not select.select([pinger], [], [], left)[0]:
            return False
        with contextlib.suppress(OSError):  # an earlier ping's error
            data = pinger.recv(2048)
            body = data[(data[0] & 0xF) * 4 :] if version == 4 else data
            if body[0] == reply and body[4:6] == token:
                return True
    return False
