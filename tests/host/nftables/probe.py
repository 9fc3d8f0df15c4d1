"""One packet's way from one namespace to another: did it arrive, and from whom."""

from __future__ import annotations

import errno
import os
import select
import socket
import struct
import time
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address

from host.nftables.topology import Namespace

PORT = 5353
PATIENCE = 5.0  # seconds for what should come; mostly that takes microseconds here
SHORT = 0.6  # for what should not come
REFUSED, SILENCE = "refused", "silence"
PROTOCOLS = ("tcp", "udp", "icmp")

Bound = tuple[str, int]
_REFUSALS = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ECONNREFUSED, errno.EPERM)


def reach(
    client: Namespace,
    server: Namespace,
    to: str,
    protocol: str,
    *,
    port: int = PORT,
    source: Bound | None = None,
    source_port: bool = False,
    patience: float = PATIENCE,
) -> str:
    """The source address (and port) that the server saw, once the client has its answer.

    REFUSED where an ICMP error came back, SILENCE where nothing did.
    """
    probe = {"tcp": _tcp, "udp": _udp, "icmp": _ping}[protocol]
    try:
        seen = probe(client, server, (to, port), source, patience)
    except OSError as error:
        if error.errno in _REFUSALS:
            return REFUSED
        raise
    if seen is None:
        return SILENCE
    return f"{seen[0]}:{seen[1]}" if source_port else seen[0]


def all_ways(
    client: Namespace, server: Namespace, to: str, *, patience: float = PATIENCE
) -> set[str]:
    """What became of TCP, UDP and ICMP, tried at once; one value where all fared alike."""

    def one(protocol: str) -> str:
        return reach(client, server, to, protocol, patience=patience)

    with ThreadPoolExecutor() as pool:
        return set(pool.map(one, PROTOCOLS))


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET if ip_address(address).version == 4 else socket.AF_INET6


def _socket(namespace: Namespace, family: int, kind: int, bound: Bound | None) -> socket.socket:
    with namespace.inside():
        made = socket.socket(family, kind)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if bound:
        made.bind(bound)
    made.settimeout(PATIENCE)
    return made


def _listening(namespace: Namespace, family: int, at: Bound) -> socket.socket:
    """A UDP socket at that address, so that the answer comes from it; at any, if it is not here."""
    try:
        return _socket(namespace, family, socket.SOCK_DGRAM, at)
    except OSError:
        return _socket(namespace, family, socket.SOCK_DGRAM, ("", at[1]))


def _tcp(
    client: Namespace, server: Namespace, to: Bound, source: Bound | None, patience: float
) -> Bound | None:
    family = _family(to[0])
    with (
        _socket(server, family, socket.SOCK_STREAM, ("", to[1])) as listening,
        _socket(client, family, socket.SOCK_STREAM, source) as calling,
        _icmp(client, family) as errors,
    ):
        listening.listen(1)
        calling.setblocking(False)
        calling.connect_ex(to)
        if not _is_connected(calling, errors, time.monotonic() + patience):
            return None
        accepted, peer = listening.accept()
        accepted.close()
        return peer[0], peer[1]


def _is_connected(calling: socket.socket, errors: socket.socket, deadline: float) -> bool:
    """Whether the connection stands before the deadline.

    A veth is so fast that a refusal comes while connect() still holds the socket's lock, and TCP
    over IPv6 then heeds only the next one, a second later: so ICMP is read as well.
    """
    while (left := deadline - time.monotonic()) > 0:
        _, done, _ = select.select([errors], [calling], [], left)
        if done:
            if error := calling.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                raise OSError(error, os.strerror(error))
            return True
        _raise_refusal(errors)
    return False


def _udp(
    client: Namespace, server: Namespace, to: Bound, source: Bound | None, patience: float
) -> Bound | None:
    family = _family(to[0])
    with (
        _listening(server, family, to) as listening,
        _socket(client, family, socket.SOCK_DGRAM, source) as calling,
    ):
        calling.connect(to)
        calling.send(b"ask")
        ready, _, _ = select.select([listening, calling], [], [], patience)
        if calling in ready:
            calling.recv(100)  # raises what ICMP said
        if listening not in ready:
            return None
        _, peer = listening.recvfrom(100)
        listening.sendto(b"answer", peer)
        assert calling.recv(100) == b"answer"
        return peer[0], peer[1]


def _ping(
    client: Namespace, server: Namespace, to: Bound, source: Bound | None, patience: float
) -> Bound | None:
    """An echo request: the server sees the request's source, the client must see the reply."""
    family = _family(to[0])
    four = family is socket.AF_INET
    request, reply, unreachable = (8, 0, 3) if four else (128, 129, 1)
    with _icmp(server, family) as serving, _icmp(client, family) as asking:
        if source:
            asking.bind((source[0], 0))
        token = os.urandom(4)
        asking.sendto(_echo_request(four, token), (to[0], 0))
        answer = _await(asking, token, patience, reply, unreachable)
        if answer is None:
            return None
        seen = _await(serving, token, patience, request)
        assert seen, "an answer to a request that the server did not see"
        return seen, 0


def _await(
    raw: socket.socket, token: bytes, patience: float, kind: int, unreachable: int = -1
) -> str | None:
    """The sender of the ICMP message with that token."""
    deadline = time.monotonic() + patience
    while select.select([raw], [], [], max(0, deadline - time.monotonic()))[0]:
        found, body, peer = _read(raw)
        if found == kind and body[4:8] == token:
            return peer
        if found == unreachable and token in body:
            raise ConnectionRefusedError(errno.ECONNREFUSED, "ICMP")
    return None


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
    """Raise what an ICMP error about a TCP packet says, if there is one."""
    unreachable, protocol = (3, 9) if raw.family == socket.AF_INET else (1, 6)
    while select.select([raw], [], [], 0)[0]:
        found, body, _ = _read(raw)
        if found == unreachable and body[8 + protocol] == socket.IPPROTO_TCP:
            raise ConnectionRefusedError(errno.ECONNREFUSED, "ICMP")


def _echo_request(four: bool, token: bytes) -> bytes:
    head = struct.pack("!BBH", 8 if four else 128, 0, 0) + token
    if not four:
        return head  # the kernel fills in ICMPv6's checksum
    total = sum(struct.unpack("!4H", head))
    return head[:2] + struct.pack("!H", ~(total + (total >> 16)) & 0xFFFF) + token
