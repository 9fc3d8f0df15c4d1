"""A small DHCPv6 client (RFC 8415): one address for a guest, by four messages.

busybox has none that gets an address, and the field's own is no part of Debian 12's base.
"""

from __future__ import annotations

import os
import select
import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv6Address

from pasarela.lab import netns
from pasarela.model.values import MacAddress

_SERVERS = "ff02::1:2"
_CLIENT_PORT, _SERVER_PORT = 546, 547
_SOLICIT, _ADVERTISE, _REQUEST, _REPLY = 1, 2, 3, 7
_CLIENT_ID, _SERVER_ID, _IA_NA, _IA_ADDRESS, _WANTED, _ELAPSED, _NAME_SERVERS = 1, 2, 3, 5, 6, 8, 23
_IAID = 1
_PAUSE = 0.5  # seconds between two tries

Options = dict[int, bytes]


@dataclass(frozen=True, slots=True)
class Lease6:
    address: IPv6Address
    name_servers: tuple[IPv6Address, ...]


def acquire(name: str, interface: str, mac: MacAddress, timeout: float) -> Lease6 | None:
    """Ask on a node's interface for an address; None if nobody gave one in ``timeout`` seconds.

    The interface needs a link-local address. Nothing is configured.
    """
    deadline = time.monotonic() + timeout
    index = netns.interface_index(name, interface)
    with netns.open_socket(name, socket.AF_INET6, socket.SOCK_DGRAM) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        client.bind(("::", _CLIENT_PORT, 0, index))
        exchange = _Exchange(client, index, mac, deadline)
        advertised = exchange.ask(_SOLICIT, _ADVERTISE, {_IA_NA: _identity()})
        if advertised is None:
            return None
        chosen = {code: advertised[code] for code in (_SERVER_ID, _IA_NA) if code in advertised}
        reply = exchange.ask(_REQUEST, _REPLY, chosen)
    return None if reply is None else _lease(reply)


@dataclass(frozen=True, slots=True)
class _Exchange:
    client: socket.socket
    index: int
    mac: MacAddress
    deadline: float

    def ask(self, kind: int, answer: int, options: Options) -> Options | None:
        """Send until the wanted answer, with an address in it, has come."""
        transaction = os.urandom(3)
        message = bytes([kind]) + transaction + _pack({**self._common(), **options})
        while (left := self.deadline - time.monotonic()) > 0:
            try:
                self.client.sendto(message, (_SERVERS, _SERVER_PORT, 0, self.index))
            except OSError:
                return None  # no link-local address: there is no IPv6 here
            found = self._receive(bytes([answer]) + transaction, min(left, _PAUSE))
            if found is not None:
                return found
        return None

    def _common(self) -> Options:
        duid = struct.pack(">HH", 3, 1) + self.mac.octets
        return {_CLIENT_ID: duid, _WANTED: struct.pack(">H", _NAME_SERVERS), _ELAPSED: b"\0\0"}

    def _receive(self, head: bytes, timeout: float) -> Options | None:
        until = time.monotonic() + timeout
        while (left := until - time.monotonic()) > 0:
            if not select.select([self.client], [], [], left)[0]:
                return None
            data = self.client.recv(2048)
            options = dict(_unpack(data[4:])) if data[:4] == head else {}
            if _address(options) is not None:
                return options
        return None


def _identity() -> bytes:
    return struct.pack(">III", _IAID, 0, 0)


def _pack(options: Options) -> bytes:
    return b"".join(struct.pack(">HH", code, len(data)) + data for code, data in options.items())


def _unpack(data: bytes) -> Iterator[tuple[int, bytes]]:
    while len(data) >= 4:
        code, length = struct.unpack_from(">HH", data)
        yield code, data[4 : 4 + length]
        data = data[4 + length :]


def _address(options: Options) -> IPv6Address | None:
    inner = dict(_unpack(options.get(_IA_NA, b"")[12:]))
    found = inner.get(_IA_ADDRESS, b"")
    return IPv6Address(found[:16]) if len(found) >= 16 else None


def _lease(options: Options) -> Lease6 | None:
    address = _address(options)
    servers = options.get(_NAME_SERVERS, b"")
    addresses = tuple(IPv6Address(servers[at : at + 16]) for at in range(0, len(servers), 16))
    return None if address is None else Lease6(address, addresses)
