#!/usr/bin/python3 -IS
"""Addresses of a LAN's IPv6 on the host's own macvlan, as its routers advertise them (RFC 4862).

Called as ``autoconf.py LINK PID-FILE [DHCP CLIENT AND ITS ARGUMENTS...]`` with PASARELA_TABLE and
PASARELA_GUESTS in the environment. The kernel could listen itself, but would add a route to the LAN
and a default route over the macvlan beside those over the NIC. So this does: the address has a
prefix of 128 bits, what is on the LAN is in a table of its own, and a rule leads there what is sent
from the address. Where a router says that addresses come by DHCP, the client is started, which does
the same for its own (dhcp_client.sh). It stands alone, so that it starts without the rest.
"""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from ipaddress import IPv6Address, IPv6Network
from math import inf
from pathlib import Path
from struct import Struct
from typing import NamedTuple

_SOLICITATION, _ADVERTISEMENT = 133, 134
_ICMP6_FILTER, _FILTER = 1, Struct("=8I")
_IPV6_RECVHOPLIMIT, _IPV6_HOPLIMIT = 51, 52
_SO_BINDTODEVICE = 25
_ROUTERS = "ff02::2"
_PREFIX_INFORMATION = 3
_ON_LINK, _AUTONOMOUS = 0x80, 0x40
_MANAGED = 0x80
_HEADER, _PREFIX = Struct(">BBHBBHII"), Struct(">BBBBII4x16s")
_RTMGRP_LINK, _RTM_NEWLINK, _IFF_LOWER_UP = 1, 16, 1 << 16
_LINK_NEWS = Struct("=4xH10xxx2xiI")  # of nlmsghdr and ifinfomsg: type; index and flags
_RETRY = 1.0  # seconds until the second question, and between looks at what has to come soon
_SELDOM = 3600.0  # seconds between questions that nobody has answered for long (RFC 7559)
_LOOK = 60.0  # seconds between looks for rules whose addresses have gone
_TENTATIVE = 0x40  # IFA_F_TENTATIVE: nobody may send from it yet
_LEAST = 7200  # seconds that one forged advertisement may not shorten an address's life below
_FOREVER = 0xFFFFFFFF


class Prefix(NamedTuple):
    """What an advertisement says of a prefix; lifetimes in seconds."""

    network: IPv6Network
    on_link: bool
    autonomous: bool
    valid: int
    preferred: int


class Advertisement(NamedTuple):
    managed: bool
    prefixes: tuple[Prefix, ...]


def read(message: bytes) -> Advertisement | None:
    """What a router says; None for what is no advertisement."""
    if len(message) < _HEADER.size or message[0] != _ADVERTISEMENT or message[1] != 0:
        return None
    flags = _HEADER.unpack_from(message)[4]
    return Advertisement(bool(flags & _MANAGED), tuple(_prefixes(message[_HEADER.size :])))


def _prefixes(options: bytes) -> Iterator[Prefix]:
    while len(options) >= 8 and options[1]:
        kind, size = options[0], options[1] * 8
        if kind == _PREFIX_INFORMATION and size == 32 and len(options) >= size:
            _, _, length, flags, valid, preferred, octets = _PREFIX.unpack_from(options)
            if length <= 128 and preferred <= valid:
                network = IPv6Network((octets, length), strict=False)
                if not network.is_link_local and not network.is_multicast:
                    yield Prefix(
                        network,
                        bool(flags & _ON_LINK),
                        bool(flags & _AUTONOMOUS) and length == 64,
                        valid,
                        preferred,
                    )
        options = options[size:]


def lifetime(said: int, left: int) -> int:
    """How long an address is valid from now on (RFC 4862, 5.5.3 e)."""
    return said if said > _LEAST or said >= left else min(left, _LEAST)


class Questions:
    """When to ask for routers: at once, then ever more seldom until one has answered (RFC 7559).

    Times are of the monotonic clock, in seconds.
    """

    def __init__(self, now: float) -> None:
        self._next, self._pause = now, _RETRY

    def due(self, now: float) -> bool:
        return now >= self._next

    def left(self, now: float) -> float:
        return max(0.0, self._next - now)

    def asked(self, now: float, *, sent: bool) -> None:
        self._next = now + self._pause
        if sent:
            self._pause = min(self._pause * 2, _SELDOM)

    def answered(self) -> None:
        self._next = inf


class Carrier:
    """Tells when a link comes up again: its cable may lead to other routers by now."""

    def __init__(self, link: str) -> None:
        self._index = socket.if_nametoindex(link)
        self._up = True
        self._socket = socket.socket(
            socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.NETLINK_ROUTE
        )
        self._socket.bind((0, _RTMGRP_LINK))

    def fileno(self) -> int:
        return self._socket.fileno()

    def has_come(self) -> bool:
        """Take in all that the kernel has told; whether the link has come up meanwhile."""
        came = False
        while True:
            try:
                message = self._socket.recv(1 << 16)
            except BlockingIOError:
                return came
            except OSError:  # ENOBUFS: more news than room for them
                came = True
                continue
            kind, index, flags = _LINK_NEWS.unpack_from(message)
            if kind == _RTM_NEWLINK and index == self._index:
                up = bool(flags & _IFF_LOWER_UP)
                came = came or (up and not self._up)
                self._up = up


class Listener:
    """One link's, with what it has been told so far."""

    def __init__(self, link: str, table: str, guests: Sequence[str], asking: Sequence[str]) -> None:
        self._link, self._table, self._guests = link, table, guests
        self._asking = asking
        self._client: subprocess.Popen[bytes] | None = None
        self._managed = False
        self._until: dict[IPv6Address, float] = {}
        self._questions = Questions(time.monotonic())
        self._socket = _open(link)
        self._carrier = Carrier(link)

    def run(self) -> None:
        """For ever."""
        last = time.monotonic()
        watched: list[socket.socket | Carrier] = [self._socket, self._carrier]
        while True:
            if self._questions.due(time.monotonic()):
                self._questions.asked(time.monotonic(), sent=self._ask())
            ready = select.select(watched, [], [], self._wait())[0]
            if self._carrier in ready and self._carrier.has_come():
                self._questions = Questions(time.monotonic())
            if self._socket in ready:
                found = self._receive()
                if found is not None and self._obey(found):
                    self._questions.answered()
            self._look_after_client()
            if time.monotonic() - last > _LOOK:
                last = time.monotonic()
                self._forget_expired()

    def _wait(self) -> float:
        soon = _RETRY if self._lacks_client() else _LOOK
        return min(soon, self._questions.left(time.monotonic()))

    def _ask(self) -> bool:
        """Whether it could be sent: not from a link that is down or has no address."""
        message = Struct(">BBHI").pack(_SOLICITATION, 0, 0, 0)
        try:
            self._socket.sendto(message, (_ROUTERS, 0, 0, socket.if_nametoindex(self._link)))
        except OSError:
            return False
        return True

    def _receive(self) -> Advertisement | None:
        """What one of the link's own routers says: nobody else's message arrives with 255 hops."""
        try:
            message, extras, _, source = self._socket.recvmsg(65536, socket.CMSG_SPACE(4))
        except OSError:
            return None
        hops = [
            int.from_bytes(data[:4], sys.byteorder)
            for _, kind, data in extras
            if kind == _IPV6_HOPLIMIT
        ]
        near = IPv6Address(source[0].partition("%")[0]).is_link_local
        return read(message) if hops == [255] and near else None

    def _obey(self, said: Advertisement) -> bool:
        """Whether all of it could be done: not on a link that has no address of its own yet."""
        kept = True
        for prefix in said.prefixes:
            if prefix.on_link:
                self._lead(prefix)
            if prefix.autonomous:
                kept = self._keep(prefix) and kept
        self._managed = said.managed
        for guests in self._guests:
            kept = _ip("route", "replace", guests, "dev", self._link) and kept
        return kept

    def _lacks_client(self) -> bool:
        running = self._client is not None and self._client.poll() is None
        return self._managed and bool(self._asking) and not running

    def _look_after_client(self) -> None:
        """dhclient gives up at once on a link from which nothing can be sent yet."""
        if self._lacks_client() and interface_identifier(self._link, sure=True) is not None:
            self._client = subprocess.Popen(self._asking, stdin=subprocess.DEVNULL)

    def _lead(self, prefix: Prefix) -> None:
        where = [str(prefix.network), "dev", self._link, "table", self._table]
        if prefix.valid == 0:
            _ip("route", "del", *where)
        elif prefix.valid == _FOREVER:
            _ip("route", "replace", *where)
        else:
            _ip("route", "replace", *where, "expires", str(prefix.valid))

    def _keep(self, prefix: Prefix) -> bool:
        own = interface_identifier(self._link)
        if own is None:
            return False
        address = IPv6Address(int(prefix.network.network_address) | own)
        left = int(self._until.get(address, 0.0) - time.monotonic())
        if prefix.valid == 0 and left <= 0:
            return True
        valid = lifetime(prefix.valid, left)
        self._until[address] = time.monotonic() + valid
        kept = _ip(
            "address", "replace", f"{address}/128", "dev", self._link,
            "valid_lft", _said(valid), "preferred_lft", _said(min(prefix.preferred, valid)),
        )  # fmt: skip
        _ip("rule", "add", "from", str(address), "table", self._table)  # there already: refused
        return kept

    def _forget_expired(self) -> None:
        """The kernel takes the address away, but no rule with it."""
        for address, until in list(self._until.items()):
            if until < time.monotonic():
                del self._until[address]
                _ip("rule", "del", "from", str(address), "table", self._table)


def _said(seconds: int) -> str:
    return "forever" if seconds == _FOREVER else str(seconds)


def interface_identifier(link: str, *, sure: bool = False) -> int | None:
    """The lower half of the link-local address; only once that is the link's, if to be ``sure``."""
    for line in Path("/proc/net/if_inet6").read_text().splitlines():
        octets, _, _, scope, flags, name = line.split()
        if name == link and scope == "20" and not (sure and int(flags, 16) & _TENTATIVE):
            return int(octets[16:], 16)
    return None


def _open(link: str) -> socket.socket:
    found = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    blocked = [_FOREVER] * 8
    blocked[_ADVERTISEMENT // 32] &= ~(1 << _ADVERTISEMENT % 32)
    found.setsockopt(socket.IPPROTO_ICMPV6, _ICMP6_FILTER, _FILTER.pack(*blocked))
    found.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVHOPLIMIT, 1)
    found.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
    found.setsockopt(socket.SOL_SOCKET, _SO_BINDTODEVICE, link.encode() + b"\0")
    found.setblocking(False)
    return found


def _ip(*words: str) -> bool:
    """Whether the kernel took it; what it refuses comes again with the next advertisement."""
    return subprocess.run(["ip", "-6", *words], capture_output=True, check=False).returncode == 0


def main(arguments: Sequence[str]) -> None:
    link, _, *asking = arguments
    guests = os.environ.get("PASARELA_GUESTS", "").split()
    Listener(link, os.environ["PASARELA_TABLE"], guests, asking).run()


if __name__ == "__main__":
    main(sys.argv[1:])
