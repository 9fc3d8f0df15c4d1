"""Guests, a host and an outside, each a network namespace; the host is the test's own.

::

    guest a ─┐
    guest b ─┴─ bridge ─ host (203.0.113.1) ─ up0 ── out0 (203.0.113.9) outside

The outside sends whatever it has for anybody to the host, so only the host's rules keep it out of
the guests' subnets.
"""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)

HOST4, OUTSIDE4 = "203.0.113.1", "203.0.113.9"
HOST6, OUTSIDE6 = "2001:db8:ffff::1", "2001:db8:ffff::9"


class Namespace:
    """A network namespace that lives as long as its descriptor is open."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def current(cls) -> Namespace:
        return cls(os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC))

    @classmethod
    def new(cls) -> Namespace:
        host = cls.current()
        try:
            _check(_libc.unshare(_CLONE_NEWNET))
            made = cls.current()
            made.ip("link set lo up")
            return made
        finally:
            host._enter()
            host.close()

    @contextmanager
    def inside(self) -> Iterator[None]:
        """This thread in the namespace; a socket made meanwhile stays there."""
        before = Namespace.current()
        self._enter()
        try:
            yield
        finally:
            before._enter()
            before.close()

    def ip(self, *commands: str) -> None:
        with self.inside():
            subprocess.run(["ip", "-batch", "-"], input="\n".join(commands), text=True, check=True)

    def sysctl(self, path: str, value: str) -> None:
        with self.inside():
            Path("/proc/sys/net", path).write_text(value)

    def show(self, link: str) -> dict[str, Any]:
        """What ip(8) shows of a link."""
        with self.inside():
            command = ["ip", "-j", "-d", "link", "show", link]
            done = subprocess.run(command, capture_output=True, check=True)
        (found,) = json.loads(done.stdout)
        return dict(found)

    def close(self) -> None:
        os.close(self._descriptor)

    def _enter(self) -> None:
        _check(_libc.setns(self._descriptor, _CLONE_NEWNET))


class Topology:
    """The host with its outside; bridges and guests are added by the test."""

    def __init__(self) -> None:
        self.host = Namespace.current()
        self.outside = Namespace.new()
        self._all = [self.host, self.outside]
        for path in ("ipv4/ip_forward", "ipv6/conf/all/forwarding"):
            self.host.sysctl(path, "1")
        for path in ("ipv4/icmp_ratelimit", "ipv6/icmp/ratelimit"):
            self.host.sysctl(path, "0")  # else only the first few refusals are told
        for namespace in self._all:
            _without_dad(namespace)
        self._join_outside()

    def bridge(self, name: str, *addresses: str) -> None:
        """A bridge on the host that forwards at once."""
        self.host.ip(
            f"link add {name} type bridge stp_state 0",
            f"link set {name} up",
            *(f"address add {address} dev {name}" for address in addresses),
        )

    def guest(
        self, bridge: str, link: str, *addresses: str, via: tuple[str, ...] = ()
    ) -> Namespace:
        """A guest on a bridge; ``link`` is its port on the host, ``via`` its default gateways."""
        guest = Namespace.new()
        self._all.append(guest)
        self.host.ip(f"link add {link} type veth peer name {link}-g")
        self._move(f"{link}-g", guest)
        self.host.ip(f"link set {link} master {bridge} up")
        _without_dad(guest)
        guest.ip(
            f"link set {link}-g name eth0",
            "link set eth0 up",
            *(f"address add {address} dev eth0" for address in addresses),
            *(f"route add default via {gateway}" for gateway in via),
        )
        return guest

    def wait_until_forwarding(self, port: str) -> None:
        """The kernel tells a bridge of a port's carrier when it finds time: within a second."""
        deadline = time.monotonic() + 10
        while True:
            shown = self.host.show(port)
            state = shown["linkinfo"]["info_slave_data"]["state"]
            if (shown["operstate"], state) == ("UP", "forwarding"):
                return
            assert time.monotonic() < deadline, f"{port} does not forward"

    def forget_neighbours(self) -> None:
        """Whom a rule kept unanswered stays unreachable for seconds otherwise."""
        for namespace in self._all:
            namespace.ip("neighbour flush all")

    def close(self) -> None:
        for namespace in self._all:
            namespace.close()

    def _join_outside(self) -> None:
        self.host.ip("link add up0 type veth peer name out0")
        self._move("out0", self.outside)
        self.host.ip(
            "link set up0 up",
            f"address add {HOST4}/24 dev up0",
            f"address add {HOST6}/64 dev up0",
        )
        self.outside.ip(
            "link set out0 up",
            f"address add {OUTSIDE4}/24 dev out0",
            f"address add {OUTSIDE6}/64 dev out0",
            f"route add default via {HOST4}",
            f"route add default via {HOST6}",
        )

    def _move(self, link: str, to: Namespace) -> None:
        command = ["ip", "link", "set", link, "netns", f"/proc/self/fd/{to._descriptor}"]
        with self.host.inside():
            subprocess.run(command, check=True, pass_fds=[to._descriptor])


def _without_dad(namespace: Namespace) -> None:
    """Addresses are there at once, not after the second that asking for duplicates takes."""
    with namespace.inside():
        for path in Path("/proc/sys/net/ipv6/conf").glob("*/accept_dad"):
            path.write_text("0")
            path.with_name("dad_transmits").write_text("0")


def _check(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
