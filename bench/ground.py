"""A guest and an outside, in network namespaces, around a host that is another namespace."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

OUTSIDE = "203.0.113.2"
HOST = "203.0.113.1"
GUESTS = "10.64.0.0/16"  # where the measured networks' subnets lie

BENCH = Path(__file__).parent


class Ground:
    """guest – (a network's bridge on) host – outside, which has a route back to the guests.

    ``host`` is the pid of a process in the host's network namespace.
    """

    def __init__(self, host: int) -> None:
        self.host = host
        for name in ("guest", "outside"):
            _ip("netns", "add", name)
            _ip("-n", name, "link", "set", "lo", "up")
        _ip("link", "add", "uplink", "type", "veth", "peer", "name", "eth0", "netns", "outside")
        self._give_to_host("uplink")
        self.on_host("ip", "address", "add", f"{HOST}/24", "dev", "uplink")
        self.on_host("ip", "link", "set", "uplink", "up")
        _ip("-n", "outside", "address", "add", f"{OUTSIDE}/24", "dev", "eth0")
        _ip("-n", "outside", "link", "set", "eth0", "up")
        _ip("-n", "outside", "route", "add", GUESTS, "via", HOST)

    def plug(self, bridge: str, mac: str | None = None) -> None:
        """Give the guest a new interface eth0 on a bridge, up."""
        _ip("link", "add", "tap0", "type", "veth", "peer", "name", "eth0", "netns", "guest")
        if mac:
            _ip("-n", "guest", "link", "set", "eth0", "address", mac)
        self._give_to_host("tap0")
        self.on_host("ip", "link", "set", "tap0", "master", bridge, "up")
        _ip("-n", "guest", "link", "set", "eth0", "up")

    def plug_again(self, bridge: str) -> None:
        self.on_host("ip", "link", "set", "tap0", "master", bridge, "up")

    def unplug(self) -> None:
        self.on_host("ip", "link", "delete", "tap0")

    def address_guest(self, address: str, gateway: str) -> None:
        _ip("-n", "guest", "address", "add", address, "dev", "eth0")
        _ip("-n", "guest", "route", "add", "default", "via", gateway)

    def wait_until_guest_reaches(self, address: str, seconds: int = 15) -> None:
        ping = ["ping", "-q", "-c", "1", "-i", "0.2", "-w", str(seconds), address]
        subprocess.run(["ip", "netns", "exec", "guest", *ping], check=True, capture_output=True)

    def run(self, place: str, program: str, *arguments: str) -> subprocess.Popen[str]:
        """One of the bench's own programs, in the guest or outside."""
        command = [sys.executable, str(BENCH / f"{program}.py"), *arguments]
        return subprocess.Popen(
            ["ip", "netns", "exec", place, *command], stdout=subprocess.PIPE, text=True
        )

    def on_host(self, *command: str) -> None:
        subprocess.run(["nsenter", f"--target={self.host}", "--net", *command], check=True)

    def close(self) -> None:
        for name in ("guest", "outside"):
            _ip("netns", "delete", name)

    def _give_to_host(self, link: str) -> None:
        _ip("link", "set", link, "netns", str(self.host))


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)
