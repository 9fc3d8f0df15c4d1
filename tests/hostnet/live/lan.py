"""A host with a NIC enp3s0 on a LAN with a router that serves DHCP and advertises IPv6."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pasarela.hostnet.live.moves import snapshot
from pasarela.hostnet.live.state import parse

MAC = "52:54:00:26:00:64"
ROUTER, ROUTER6 = "172.26.0.1", "2001:db8:26::1"
HOST, HOST6 = "172.26.0.100", "2001:db8:26::100"
CONTROL = "10.99.0.1"  # of the LAN's side of a second cable, which nothing happens to
STREAM = Path(__file__).with_name("stream.py")
PASARELA = [sys.executable, "-P", "-m", "pasarela.cli.main"]
PATIENCE = 40.0  # seconds, on a machine under load


@dataclass
class Lan:
    """The LAN's other side: a network namespace held by a process. ``root`` are host's files."""

    pid: int
    folder: Path

    @property
    def root(self) -> Path:
        return self.folder / "root"

    def inside(self, *argv: str | Path) -> list[str]:
        return ["nsenter", f"--net=/proc/{self.pid}/ns/net", "--", *map(str, argv)]

    def run(self, *argv: str) -> str:
        return sh(*self.inside(*argv))

    def serve(self) -> None:
        """DHCP with an address for the host's MAC, and router advertisements."""
        self.run(
            "dnsmasq", "--user=root", "--interface=lan0", "--except-interface=lo", "--port=0",
            "--bind-interfaces", "--no-hosts", "--no-resolv", "--no-ping", "--conf-file=/dev/null",
            f"--dhcp-host={MAC},{HOST}", "--dhcp-range=172.26.1.1,172.26.1.250,255.255.0.0,1h",
            "--dhcp-authoritative", "--enable-ra",
            "--dhcp-range=2001:db8:26::1000,2001:db8:26::1fff,slaac,64,1h",
            f"--dhcp-leasefile={self.folder}/leases", f"--pid-file={self.folder}/dnsmasq.pid",
        )  # fmt: skip
        await_true(lambda: "2001:db8:26:" in sh("ip", "-6", "addr", "show", "dev", "enp3s0"))

    # the host

    def static(self) -> None:
        for address in (f"{HOST}/16", f"{HOST6}/64"):
            nodad = ["nodad"] if ":" in address else []
            sh("ip", "addr", "add", address, "dev", "enp3s0", *nodad)
        sh("ip", "route", "add", "default", "via", ROUTER)
        sh("ip", "-6", "route", "add", "default", "via", ROUTER6, "dev", "enp3s0")
        self.interfaces(
            "auto lo\niface lo inet loopback\n\n# the card\nauto enp3s0\niface enp3s0 inet static\n"
            f"    address {HOST}/16\n    gateway {ROUTER}\n\niface enp3s0 inet6 static\n"
            f"    address {HOST6}/64\n    gateway {ROUTER6}\n"
        )

    def dhclient(self) -> None:
        """A lease as ifup takes it, without touching the machine's resolver."""
        configuration = self.folder / "dhclient.conf"
        configuration.write_text("request subnet-mask, broadcast-address, routers;\n")
        stem = self.folder / "dhclient"
        sh(
            "dhclient", "-4", "-cf", str(configuration), "-pf", f"{stem}.enp3s0.pid",
            "-lf", f"{stem}.enp3s0.leases", "enp3s0",
        )  # fmt: skip
        self._dhcp_file()

    def udhcpc(self) -> None:
        """A lease by a script that takes the addresses away at each start, as most do."""
        script = self.folder / "udhcpc.sh"
        script.write_text(UDHCPC)
        script.chmod(0o755)
        sh(
            "udhcpc", "-b", "-i", "enp3s0", "-s", str(script),
            "-p", str(self.folder / "udhcpc.enp3s0.pid"), "-T", "1", stdout=subprocess.DEVNULL,
        )  # fmt: skip
        self._dhcp_file()

    def _dhcp_file(self) -> None:
        self.interfaces(
            "auto lo\niface lo inet loopback\n\n# the card\nauto enp3s0\niface enp3s0 inet dhcp\n"
        )

    def interfaces(self, text: str) -> None:
        file = self.root / "etc/network/interfaces"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(0o640)

    def pasarela(self, *words: str, check: bool = True) -> str:
        done = subprocess.run(
            [*PASARELA, "--root", str(self.root), *words],
            capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def files(self) -> dict[str, tuple[bytes, int]]:
        etc = self.root / "etc"
        return {
            str(path.relative_to(etc)): (path.read_bytes(), path.stat().st_mode)
            for path in sorted(etc.rglob("*"))
            if path.is_file()
        }


UDHCPC = """\
#!/bin/sh
case $1 in
deconfig) ip link set dev "$interface" up; ip -4 addr flush dev "$interface" ;;
bound | renew)
    ip -4 addr replace "$ip/$mask" dev "$interface" valid_lft "$lease" preferred_lft "$lease"
    ip -4 route replace default via "$router" dev "$interface" ;;
esac
"""


def sh(*argv: str, stdout: int = subprocess.PIPE) -> str:
    done = subprocess.run(
        argv, stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.STDOUT,
        text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{argv}: {done.stdout}"
    return done.stdout or ""


@contextmanager
def lan(folder: Path) -> Iterator[Lan]:
    """In the caller's network namespace, which is the host's."""
    holder = subprocess.Popen(["unshare", "--net", "sleep", "300"])
    try:
        await_true(lambda: holder_is_apart(holder.pid))
        made = Lan(holder.pid, folder)
        _join(made)
        yield made
    finally:
        _end_all(holder)


def _join(made: Lan) -> None:
    place = f"/proc/{made.pid}/ns/net"
    sh(
        "ip", "link", "add", "enp3s0", "address", MAC, "type", "veth",
        "peer", "name", "lan0", "netns", place,
    )  # fmt: skip
    for link in ("lo", "lan0"):  # a router hears its own advertisements, and answers by what is new
        made.run("sh", "-c", f"echo 0 > /proc/sys/net/ipv6/conf/{link}/accept_ra")
        made.run("ip", "link", "set", link, "up")
    made.run("ip", "addr", "add", f"{ROUTER}/16", "dev", "lan0")
    made.run("ip", "addr", "add", f"{ROUTER6}/64", "dev", "lan0", "nodad")
    sysctls = Path("/proc/sys/net/ipv6/conf/enp3s0")
    (sysctls / "accept_dad").write_text("0")
    (sysctls / "router_solicitation_delay").write_text("0")
    (sysctls / "router_solicitation_interval").write_text("1")
    sh("ip", "link", "set", "enp3s0", "up")
    await_true(lambda: "fe80:" in sh("ip", "-6", "addr", "show", "dev", "enp3s0"))
    sh("ip", "link", "add", "control", "type", "veth", "peer", "name", "control", "netns", place)
    sh("ip", "addr", "add", "10.99.0.2/24", "dev", "control")
    sh("ip", "link", "set", "control", "up")
    made.run("ip", "addr", "add", f"{CONTROL}/24", "dev", "control")
    made.run("ip", "link", "set", "control", "up")


def holder_is_apart(pid: int) -> bool:
    return Path(f"/proc/{pid}/ns/net").readlink() != Path("/proc/self/ns/net").readlink()


def _end_all(holder: subprocess.Popen[bytes]) -> None:
    """Whatever still runs in the two namespaces but the tests themselves."""
    spaces = {Path(f"/proc/{pid}/ns/net").readlink() for pid in (holder.pid, os.getpid())}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if (path / "ns/net").readlink() in spaces and int(path.name) != os.getpid():
                os.kill(int(path.name), 9)
        except (OSError, ProcessLookupError):
            continue
    holder.wait(PATIENCE)


def await_true(condition: Any, seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass in time"
        time.sleep(0.01)


# traffic


@dataclass(frozen=True)
class Seen:
    """``gap`` is in milliseconds."""

    received: int
    lost: int
    gap: float
    error: str


@contextmanager
def streams(made: Lan, kinds: Sequence[tuple[str, str, int]]) -> Iterator[dict[str, Seen]]:
    """Streams from the host to the LAN and back while the block runs: kind, address, port."""
    ends: dict[str, subprocess.Popen[str]] = {}
    seen: dict[str, Seen] = {}
    try:
        for kind, address, port in kinds:
            words = [sys.executable, str(STREAM), kind]
            version = 6 if ":" in address else 4
            name = "control" if address == CONTROL else f"{kind}{version}"
            ends[f"{name} at the LAN"] = listener = popen(
                made.inside(*words, "listen", address, str(port))
            )
            assert line(listener) == "listening\n"
            ends[f"{name} at the host"] = caller = popen([*words, "connect", address, str(port)])
            for end in (listener, caller):
                assert line(end) == "ready\n"
        yield seen
        for end in ends.values():
            assert end.stdin
            end.stdin.close()
            end.stdin = None
        for name, end in ends.items():
            out, _ = end.communicate(timeout=PATIENCE)
            seen[name] = Seen(**json.loads(out.splitlines()[-1]))
    finally:
        for end in ends.values():
            end.kill()
            end.wait(PATIENCE)


def line(end: subprocess.Popen[str]) -> str:
    assert end.stdout
    ready, _, _ = select.select([end.stdout], [], [], PATIENCE)
    return end.stdout.readline() if ready else ""


def popen(argv: Sequence[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


# what the kernel has


def kernel(*links: str) -> dict[str, object]:
    """All that is watched of these links, comparable; lifetimes apart."""
    found = snapshot(links or ("enp3s0", "br0"))
    state = parse(found.dump)
    return {
        "links": {
            name: (one.kind, one.mac, one.mtu, one.up, one.master, dict(one.sysctls))
            for name, one in state.links.items()
        },
        "addresses": {(one.key, one.flags, one.scope, one.label) for one in state.addresses},
        "routes": {one.key for one in state.routes},
        "rules": {one.key for one in state.rules},
        "neighbours": {one.key for one in state.neighbours if one.lasts},
    }


def lifetimes(link: str) -> dict[str, tuple[int, int]]:
    state = parse(snapshot((link,)).dump)
    return {str(one.interface): (one.preferred, one.valid) for one in state.addresses}


def has(program: str) -> bool:
    return shutil.which(program, path="/usr/sbin:/sbin:/usr/bin:/bin") is not None
