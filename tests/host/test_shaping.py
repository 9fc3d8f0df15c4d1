"""Bandwidth limits: set, seen, kept by real packets, lifted."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from errno import ENOENT

import pytest

from host.guests import Guest, guest
from pasarela.host.capabilities import KernelCapabilities
from pasarela.host.netlink import probes
from pasarela.host.netlink.socket import NetlinkSocket
from pasarela.host.shaping import Shaping
from pasarela.plan.actions import Change, Create, Remove
from pasarela.plan.shaping import BridgeShaping, Limit

pytestmark = pytest.mark.netns
SLOW = Limit(rate=500_000, peak=500_000, burst=20_000)
FAST = Limit(rate=8 * 10**9, peak=9 * 10**9, burst=10**6)


@pytest.fixture
def shaping(netns: None) -> Iterator[Shaping]:
    subprocess.run(["ip", "link", "add", "virbr0", "up", "type", "bridge"], check=True)
    subprocess.run(["ip", "addr", "add", "10.0.0.1/24", "dev", "virbr0"], check=True)
    socket = NetlinkSocket(0)
    yield Shaping(socket)
    socket.close()


@pytest.fixture
def fair(netns: None) -> bool:
    return KernelCapabilities(NetlinkSocket(0)).shaping_sfq


def test_what_is_set_is_seen(shaping: Shaping, fair: bool):
    wanted = BridgeShaping("virbr0", SLOW, FAST, fair)
    assert list(shaping.observe([wanted])) == []
    shaping.apply([Create(wanted)])
    assert list(shaping.observe([wanted])) == [wanted]
    assert "rate 4Mbit" in tc("class", "show", "dev", "virbr0")
    assert "rate 64Gbit ceil 72Gbit" in tc("class", "show", "dev", "virbr0-out")


def test_another_limit_is_seen_as_another(shaping: Shaping, fair: bool):
    shaping.apply([Create(BridgeShaping("virbr0", SLOW, None, fair))])
    wanted = BridgeShaping("virbr0", FAST, SLOW, fair)
    (found,) = shaping.observe([wanted])
    assert isinstance(found, BridgeShaping)
    assert (found.to_guests, found.from_guests) == (SLOW, None)
    shaping.apply([Change(found, wanted)])
    assert list(shaping.observe([wanted])) == [wanted]


def test_lifting_leaves_nothing(shaping: Shaping, fair: bool):
    wanted = BridgeShaping("virbr0", SLOW, SLOW, fair)
    before = tc("qdisc", "show")
    shaping.apply([Create(wanted), Remove(wanted), Remove(wanted)])
    assert tc("qdisc", "show") == before


def test_packets_keep_to_the_limits(shaping: Shaping, fair: bool):
    with guest("virbr0") as one:
        one.run("ip", "addr", "add", "10.0.0.2/24", "dev", "eth0")
        free = seconds_for(600, one)
        shaping.apply([Create(BridgeShaping("virbr0", SLOW, SLOW, fair))])
        limited = seconds_for(600, one)
        assert max(free, 0.2) < limited < free + 5
        shaping.apply([Remove(BridgeShaping("virbr0", SLOW, SLOW, fair))])
        assert seconds_for(600, one) < (free + limited) / 2


def test_asking_what_the_kernel_can_changes_nothing(netns: None):
    before = tc("qdisc", "show"), tc("actions", "list", "action", "mirred")
    able = KernelCapabilities(NetlinkSocket(0))
    known = (able.shaping_htb, able.shaping_ifb, able.shaping_sfq, able.vlan_filtering, able.ipv6)
    assert known[0]
    assert (tc("qdisc", "show"), tc("actions", "list", "action", "mirred")) == before


def test_a_kernel_that_lacks_a_queue_says_so(netns: None):
    socket = NetlinkSocket(0)
    error = socket.request([probes.probe_qdisc("no-such-kind")])[0].error
    assert error
    assert error.errno == ENOENT


def seconds_for(kilobytes: int, one: Guest) -> float:
    """How long echoing that much takes: it goes out and comes back, so it meets both limits."""
    begun = time.monotonic()
    packets = str(kilobytes * 1000 // 1400 // 2)
    one.run("ping", "-q", "-i", "0", "-s", "1372", "-c", packets, "-l", "50", "10.0.0.1")
    return time.monotonic() - begun


def tc(*arguments: str) -> str:
    return subprocess.run(["tc", *arguments], check=False, capture_output=True, text=True).stdout
