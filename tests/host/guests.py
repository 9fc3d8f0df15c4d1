"""Guests for tests of the host: a network namespace on a bridge, like a machine on a switch."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CLIENT = Path(__file__).with_name("dhcp_client.py")
CLIENT6 = Path(__file__).with_name("dhcp6_client.py")
QUERY = Path(__file__).with_name("dns_query.py")
NO_SUCH_NAME = 3
REFUSED = 5


class Guest:
    """A network namespace with ``eth0``, whose other end is a port of a bridge."""

    def __init__(self, process: subprocess.Popen[str], mac: str) -> None:
        self._process = process
        self.mac = mac

    def run(self, *command: str) -> str:
        """What ``command`` prints in the guest; an error if it fails or takes over 20 s."""
        enter = ["nsenter", f"--net=/proc/{self._process.pid}/ns/net", *command]
        done = subprocess.run(enter, capture_output=True, text=True, timeout=20, check=False)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        return done.stdout

    def dhcp(self, hostname: str = "", *, strict: bool = False) -> tuple[float, str, set[int]]:
        """Ask for an address: milliseconds until the offer, the address, the options sent.

        A ``strict`` client knows nothing of checksum offload.
        """
        more = [hostname, "strict"] if strict else [hostname]
        words = self.run(sys.executable, str(CLIENT), "eth0", self.mac, *more).split()
        return float(words[0]), words[1], {int(number) for number in words[2].split(",")}

    def dhcp6(self) -> str:
        """The IPv6 address that a DHCPv6 server gives."""
        self.settle()
        return self.run(sys.executable, str(CLIENT6), "eth0", self.mac).strip()

    def settle(self) -> None:
        """Wait until the IPv6 addresses have been found to be unique."""
        look = "until ip -6 address show dev eth0 scope link -tentative | grep -q fe80"
        self.run("timeout", "15", "sh", "-c", f"{look}; do sleep 0.05; done")

    def dns(self, server: str, name: str, kind: str = "A") -> list[str]:
        """The answers; none where the server knows of no such name."""
        enter = f"--net=/proc/{self._process.pid}/ns/net"
        done = subprocess.run(
            ["nsenter", enter, sys.executable, str(QUERY), server, name, kind],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
        assert done.returncode in (0, NO_SUCH_NAME, REFUSED), done
        return done.stdout.splitlines()


@contextmanager
def guest(bridge: str, number: int = 1) -> Iterator[Guest]:
    """A guest on ``bridge`` of this network namespace, up and forwarding."""
    mac, port = f"52:54:00:99:00:{number:02x}", f"vnet{number}"
    with subprocess.Popen(
        ["unshare", "--net", "sh", "-c", "ip link set lo up; echo up; read -r _"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdin
        assert process.stdout.readline() == "up\n"
        veth = f"link add {port} type veth peer name eth0 address {mac} netns {process.pid}"
        _ip(*veth.split())
        _ip("link", "set", port, "master", bridge, "up")
        one = Guest(process, mac)
        one.run("ip", "link", "set", "eth0", "up")
        try:
            yield one
        finally:
            _ip("link", "del", port)
            process.stdin.close()


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)
