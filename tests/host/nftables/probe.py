"""One packet's way from one namespace to another: did it arrive, and from whom."""

from __future__ import annotations

import os
import select
import socket
import struct
from contextlib import suppress
from ipaddress import ip_address

from host.nftables.topology import Namespace

PORT = 5353
WAIT = 0.2  # seconds; a refusal or an answer takes microseconds here
REFUSED, SILENCE = "refused", "silence"
PROTOCOLS = ("tcp", "udp", "icmp")


def reach(
    client: Namespace,
    server: Namespace,
    to: str,
    protocol: str,
    *,
    port: int = PORT,
    source: tuple[str, int] | None = None,
    source_port: bool = False,
) -> str:
    """The source address that the server saw (for ICMP that the client's own reply came to).

    REFUSED where an ICMP error came back, SILENCE where nothing did.
    """
    try:
        if protocol == "icmp":
            return _ping(client, to, source)
        connect = _tcp if protocol == "tcp" else _udp
        seen = connect(client, server, to, port, source)
    except (ConnectionRefusedError, PermissionError):
        return REFUSED
    except OSError as error:
        if error.errno in (101, 113):  # ENETUNREACH, EHOSTUNREACH
            return REFUSED
        raise
    if seen is None:
        return SILENCE
    return f"{seen[0]}:{seen[1]}" if source_port else seen[0]


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET if ip_address(address).version == 4 else socket.AF_INET6


def _socket(
    namespace: Namespace, family: int, kind: int, bound: tuple[str, int] | None
) -> socket.socket:
    with namespace.inside():
        made = socket.socket(family, kind)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if bound:
        made.bind(bound)
    made.settimeout(WAIT)
    return made


def _listening(namespace: Namespace, family: int, at: tuple[str, int]) -> socket.socket:
    """A UDP socket at that address, so that the answer comes from it; at any, if it is not here."""
    try:
        return _socket(namespace, family, socket.SOCK_DGRAM, at)
    except OSError:
        return _socket(namespace, family, socket.SOCK_DGRAM, ("", at[1]))


def _tcp(
    client: Namespace, server: Namespace, to: str, port: int, source: tuple[str, int] | None
) -> tuple[str, int] | None:
    family = _family(to)
    with (
        _socket(server, family, socket.SOCK_STREAM, ("", port)) as listening,
        _socket(client, family, socket.SOCK_STREAM, source) as calling,
        _icmp(client, family) as errors,
    ):
        listening.listen(1)
        try:
            calling.connect((to, port))
        except TimeoutError:
            # A veth is so fast that the refusal comes while connect() still holds the socket's
            # lock, and TCP over IPv6 then heeds only the next one, a second later.
            _raise_refusal(errors)
            return None
        accepted, peer = listening.accept()
        accepted.close()
        return peer[0], peer[1]


def _udp(
    client: Namespace, server: Namespace, to: str, port: int, source: tuple[str, int] | None
) -> tuple[str, int] | None:
    family = _family(to)
    with (
        _listening(server, family, (to, port)) as listening,
        _socket(client, family, socket.SOCK_DGRAM, source) as calling,
    ):
        calling.connect((to, port))
        calling.send(b"ask")
        ready, _, _ = select.select([listening, calling], [], [], WAIT)
        if calling in ready:
            calling.recv(100)  # raises what ICMP said
        if listening not in ready:
            return None
        _, peer = listening.recvfrom(100)
        with suppress(OSError):
            listening.sendto(b"answer", peer)
        assert calling.recv(100) == b"answer"
        return peer[0], peer[1]


def _ping(client: Namespace, to: str, source: tuple[str, int] | None) -> str:
    """An echo request; the answer's destination is the client's own address."""
    four = _family(to) is socket.AF_INET
    with _icmp(client, _family(to)) as raw:
        if source:
            raw.bind((source[0], 0))
        token = os.urandom(4)
        raw.sendto(_echo_request(four, token), (to, 0))
        while select.select([raw], [], [], WAIT)[0]:
            kind, body, peer = _read(raw)
            if kind == (0 if four else 129) and body[4:8] == token:
                return peer
            if kind == (3 if four else 1):
                return REFUSED
    return SILENCE


def _icmp(namespace: Namespace, family: int) -> socket.socket:
    four = family == socket.AF_INET
    protocol = socket.IPPROTO_ICMP if four else socket.IPPROTO_ICMPV6
    with namespace.inside():
        return socket.socket(family, socket.SOCK_RAW, protocol)


def _read(raw: socket.socket) -> tuple[int, bytes, str]:
    """An ICMP message's type, the whole of it, and its sender."""
    data, peer = raw.recvfrom(2000)
    body = data[20:] if raw.family == socket.AF_INET else data
    return body[0], body, str(peer[0])


def _raise_refusal(raw: socket.socket) -> None:
    unreachable = 3 if raw.family == socket.AF_INET else 1
    while select.select([raw], [], [], 0)[0]:
        if _read(raw)[0] == unreachable:
            raise ConnectionRefusedError


def _echo_request(four: bool, token: bytes) -> bytes:
    head = struct.pack("!BBH", 8 if four else 128, 0, 0) + token
    if not four:
        return head  # the kernel fills in ICMPv6's checksum
    total = sum(struct.unpack("!4H", head))
    return head[:2] + struct.pack("!H", ~(total + (total >> 16)) & 0xFFFF) + token
