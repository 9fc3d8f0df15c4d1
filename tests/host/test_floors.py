"""Guests' floors: classes and filters on the real kernel, and kept by packets under a flood."""

from __future__ import annotations

import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from socket import MSG_DONTWAIT

import pytest

from host.guests import guest
from host.test_shaping import FAST, SLOW, fair, shaping, tc
from pasarela.host.shaping import Shaping
from pasarela.model.values import MacAddress
from pasarela.plan.actions import Change, Create
from pasarela.plan.shaping import BridgeShaping, Floor, Limit

__all__ = ["fair", "shaping"]
pytestmark = pytest.mark.netns
FIRST, SECOND = MacAddress("52:54:00:99:00:01"), MacAddress("52:54:00:99:00:02")


def floor(class_id: int, mac: MacAddress, rate: int = 100_000) -> Floor:
    return Floor(class_id, mac, Limit(rate, SLOW.peak, 3000))


def limited(fair: bool, *floors: Floor) -> BridgeShaping:
    left = SLOW.rate - sum(one.limit.rate for one in floors)
    others = replace(SLOW, rate=left) if floors else None
    return BridgeShaping("virbr0", SLOW, None, fair, floors, others)


@pytest.fixture
def plain(shaping: Shaping, fair: bool) -> BridgeShaping:
    """A bridge with a limit and nobody with a floor."""
    wanted = limited(fair)
    shaping.apply([Create(wanted)])
    return wanted


def seen(shaping: Shaping, expected: BridgeShaping) -> list[object]:
    return list(shaping.observe([expected]))


def test_a_floor_is_a_class_that_a_mac_leads_to(shaping: Shaping, plain: BridgeShaping):
    wanted = limited(plain.fair, floor(3, FIRST))
    shaping.apply([Change(plain, wanted)])
    assert seen(shaping, wanted) == [wanted]
    classes = tc("class", "show", "dev", "virbr0")
    assert re.search(r"class htb 1:3 parent 1:1 .*rate 800Kbit ceil 4Mbit", classes)
    assert re.search(r"class htb 1:2 parent 1:1 .*rate 3200Kbit ceil 4Mbit", classes)
    filters = tc("filter", "show", "dev", "virbr0")
    assert "fh 800::803" in filters
    assert "flowid 1:3" in filters
    assert "match 00005254/0000ffff at -16" in filters
    assert "match 00990001/ffffffff at -12" in filters


def test_what_is_there_is_told_from_what_is_wanted(shaping: Shaping, plain: BridgeShaping):
    wanted = limited(plain.fair, floor(3, FIRST))
    assert seen(shaping, wanted) == [plain]
    shaping.apply([Change(plain, wanted)])
    assert seen(shaping, plain) == [wanted]


def test_floors_come_change_and_go_beside_each_other(shaping: Shaping, plain: BridgeShaping):
    before = tc("class", "show", "dev", "virbr0"), tc("filter", "show", "dev", "virbr0")
    stages = (
        limited(plain.fair, floor(3, FIRST)),
        limited(plain.fair, floor(3, FIRST), floor(4, SECOND)),
        limited(plain.fair, floor(3, FIRST, 200_000), floor(4, SECOND)),
        limited(plain.fair, floor(3, SECOND), floor(4, FIRST)),
        limited(plain.fair, floor(4, FIRST)),
        plain,
    )
    now = plain
    for stage in stages:
        shaping.apply([Change(now, stage)])
        assert seen(shaping, stage) == [stage]
        now = stage
    after = tc("class", "show", "dev", "virbr0"), tc("filter", "show", "dev", "virbr0")
    assert after == before


def test_a_change_of_floors_leaves_the_queue_alone(shaping: Shaping, plain: BridgeShaping):
    send_to("10.0.0.77", seconds=0.05)
    sent = counted("1:1")
    assert sent > 0
    shaping.apply([Change(plain, limited(plain.fair, floor(3, FIRST)))])
    assert counted("1:1") >= sent


def test_a_class_that_somebody_removed_is_missed_and_made_again(
    shaping: Shaping, plain: BridgeShaping
):
    wanted = limited(plain.fair, floor(3, FIRST), floor(4, SECOND))
    shaping.apply([Change(plain, wanted)])
    tc("filter", "del", "dev", "virbr0", "parent", "1:", "prio", "2")
    (found,) = seen(shaping, wanted)
    assert isinstance(found, BridgeShaping)
    assert found.floors == ()
    shaping.apply([Change(found, wanted)])
    assert seen(shaping, wanted) == [wanted]


def test_another_limit_of_the_network_keeps_the_floors(shaping: Shaping, plain: BridgeShaping):
    before = limited(plain.fair, floor(3, FIRST))
    shaping.apply([Change(plain, before)])
    wanted = replace(before, to_guests=FAST)
    shaping.apply([Change(before, wanted)])
    assert seen(shaping, wanted) == [wanted]


@pytest.mark.parametrize("address", ["10.0.0.50", "fd00::50"])
def test_all_that_bears_the_mac_goes_through_the_class(
    shaping: Shaping, plain: BridgeShaping, address: str
):
    shaping.apply([Change(plain, limited(plain.fair, floor(3, FIRST), floor(4, SECOND)))])
    ip("address", "add", "fd00::1/64", "dev", "virbr0", "nodad")
    ip("neighbour", "replace", address, "lladdr", FIRST, "dev", "virbr0", "nud", "permanent")
    send_to(address, seconds=0.05)
    assert counted("1:3") > 0
    assert counted("1:4") == 0


@pytest.fixture
def flooded(plain: BridgeShaping) -> Iterator[None]:
    """Two guests on the bridge, whose addresses the host need not ask for."""
    with guest("virbr0", 1) as one, guest("virbr0", 2) as two:
        one.run("ip", "addr", "add", "10.0.0.11/24", "dev", "eth0")
        two.run("ip", "addr", "add", "10.0.0.12/24", "dev", "eth0")
        one.run("ping", "-c1", "-W2", "10.0.0.1")
        two.run("ping", "-c1", "-W2", "10.0.0.1")
        yield


@pytest.mark.usefixtures("flooded")
def test_a_guest_gets_its_floor_while_another_is_flooded(shaping: Shaping, plain: BridgeShaping):
    """Both want far more than there is, the other one eight times as much."""
    promised = limited(plain.fair, floor(3, FIRST, 300_000))
    unpromised = share_of_the_first(seconds=1.0)
    shaping.apply([Change(plain, promised)])
    kept = share_of_the_first(seconds=1.0)
    assert kept > 270_000, (unpromised, kept)
    assert unpromised < 200_000, (unpromised, kept)


def test_what_a_floor_leaves_unused_is_for_the_others(shaping: Shaping, plain: BridgeShaping):
    shaping.apply([Change(plain, limited(plain.fair, floor(3, FIRST, 300_000)))])
    ip("neighbour", "replace", "10.0.0.50", "lladdr", SECOND, "dev", "virbr0", "nud", "permanent")
    send_to("10.0.0.50", seconds=0.3)
    before, begun = counted("1:2"), time.monotonic()
    send_to("10.0.0.50", seconds=0.7)
    assert 400_000 < (counted("1:2") - before) / (time.monotonic() - begun) < 600_000


def share_of_the_first(seconds: float) -> float:
    """The bytes a second that reach the first guest's port, of what the host sends to both."""
    send_to("10.0.0.11", *["10.0.0.12"] * 8, seconds=0.3)  # until the bursts are used up
    before, begun = sent_by("vnet1"), time.monotonic()
    send_to("10.0.0.11", *["10.0.0.12"] * 8, seconds=seconds)
    return (sent_by("vnet1") - before) / (time.monotonic() - begun)


def send_to(*addresses: str, seconds: float) -> None:
    """UDP to each address from a socket of its own, as fast as the queues take it."""
    with ExitStack() as stack:
        senders = [
            (stack.enter_context(socket.socket(family(address), socket.SOCK_DGRAM)), address)
            for address in addresses
        ]
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for sender, address in senders:
                with suppress(BlockingIOError):  # its own packets wait in the queue
                    sender.sendto(bytes(1000), MSG_DONTWAIT, (address, 9))
            time.sleep(0.001)


def family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)


def counted(class_id: str) -> int:
    """The bytes that a class has sent."""
    for block in re.split(r"\n(?=class)", tc("-s", "class", "show", "dev", "virbr0")):
        if block.startswith(f"class htb {class_id} "):
            found = re.search(r"Sent (\d+) bytes", block)
            assert found
            return int(found[1])
    raise AssertionError(f"no class {class_id}")


def sent_by(port: str) -> int:
    return int(Path(f"/sys/class/net/{port}/statistics/tx_bytes").read_text())
