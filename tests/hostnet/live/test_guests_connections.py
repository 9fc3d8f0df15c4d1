"""Connections of guests behind the host's address live when it moves to a bridge and back."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hostnet.live.lan import (
    PATIENCE,
    ROUTER,
    ROUTER6,
    STREAM,
    Lan,
    await_true,
    holder_is_apart,
    line,
    popen,
    sh,
)

pytestmark = pytest.mark.netns

NAT = """
add table inet t
add chain inet t p { type nat hook postrouting priority 100; }
add rule inet t p ip saddr 192.168.99.0/24 ip daddr != 192.168.99.0/24 masquerade
add rule inet t p ip6 saddr fd99::/64 ip6 daddr != fd99::/64 masquerade
"""
KINDS = (("tcp", ROUTER, 7001), ("udp", ROUTER, 7002), ("tcp", ROUTER6, 7003))


@pytest.fixture
def guest(host: Lan) -> Iterator[list[str]]:
    """The words before a command of a guest's, on a network with NAT."""
    host.static()
    holder = subprocess.Popen(["unshare", "--net", "sleep", "200"])
    await_true(lambda: holder_is_apart(holder.pid))
    place = f"/proc/{holder.pid}/ns/net"
    inside = ["nsenter", f"--net={place}", "--"]
    sh("ip", "link", "add", "virbr9", "type", "bridge")
    sh("ip", "link", "add", "vnet0", "type", "veth", "peer", "name", "eth0", "netns", place)
    sh("ip", "link", "set", "vnet0", "master", "virbr9", "up")
    sh("ip", "link", "set", "virbr9", "up")
    sh(*inside, "ip", "link", "set", "eth0", "up")
    for address in ("192.168.99.{}/24", "fd99::{}/64"):
        flags = ["nodad"] if ":" in address else []
        sh("ip", "addr", "add", address.format(1), "dev", "virbr9", *flags)
        sh(*inside, "ip", "addr", "add", address.format(2), "dev", "eth0", *flags)
        sh(*inside, "ip", "route", "add", "default", "via", address.format(1).partition("/")[0])
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
    Path("/proc/sys/net/ipv6/conf/all/forwarding").write_text("1")
    sh("nft", NAT)
    yield inside
    holder.kill()
    holder.wait(PATIENCE)


def test_they_live_with_their_ports(host: Lan, guest: list[str]) -> None:
    ends = [end for kind in KINDS for end in connected(host, guest, *kind)]
    host.pasarela("host-bridge", "create", "br0", "--port", "enp3s0")
    host.pasarela("host-bridge", "delete", "br0")
    host.pasarela("host-bridge", "create", "br0", "--port", "enp3s0", "--try", "30")
    host.pasarela("host-bridge", "revert")
    for end in ends:
        assert end.stdin
        end.stdin.close()
        end.stdin = None
    for end in ends:
        seen = json.loads(end.communicate(timeout=PATIENCE)[0].splitlines()[-1])
        assert not seen["error"] and seen["received"] > 100, end.args
        assert seen["gap"] < 400, end.args


def connected(
    host: Lan, guest: list[str], kind: str, address: str, port: int
) -> list[subprocess.Popen[str]]:
    words = [sys.executable, str(STREAM), kind]
    listener = popen(host.inside(*words, "listen", address, str(port)))
    assert line(listener) == "listening\n"
    ends = [listener, popen([*guest, *words, "connect", address, str(port)])]
    for end in ends:
        assert line(end) == "ready\n"
    return ends


def test_others_are_not_touched(host: Lan, guest: list[str]) -> None:
    """What is not behind an address that moves stays the very connection that it was."""
    host.run("ip", "route", "add", "192.168.99.0/24", "via", "10.99.0.2")
    ends = connected(host, guest, "tcp", "10.99.0.1", 7005)
    before = followed("dport=7005")
    assert before
    host.pasarela("host-bridge", "create", "br0", "--port", "enp3s0")
    assert followed("dport=7005") == before
    for end in ends:
        end.kill()
        end.wait(PATIENCE)


def followed(word: str) -> list[str]:
    """The tuples of connections; the kernel's list may be missing in a small one."""
    try:
        lines = Path("/proc/net/nf_conntrack").read_text().splitlines()
    except FileNotFoundError:
        pytest.skip("this kernel lists no connections")
    return [one.partition("src=")[2].partition("mark=")[0] for one in lines if word in one]
