"""A network's dnsmasq that ends by itself, or by somebody's hand, comes back."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from engine import documents
from wire.pasarelad import Pasarelad

pytestmark = pytest.mark.netns
RANGE = "<range start='10.0.0.200' end='10.0.0.210'/>"
AGAIN = "network 'n0': a process of it had ended, and has been started again"


@pytest.fixture
def daemon() -> Iterator[Pasarelad]:
    daemon = Pasarelad()
    document = daemon.folder / "n0.xml"
    document.write_text(documents.nat())
    assert daemon.virsh("net-create", str(document)).returncode == 0
    yield daemon
    daemon.stop()


def pid(daemon: Pasarelad) -> str:
    """Of the dnsmasq that runs, as its namespace numbers it; empty if none does."""
    file = daemon.root / "run/libvirt/network/n0.pid"
    found = file.read_text().strip() if file.exists() else ""
    if not found or daemon.run("grep", "-q", "dnsmasq", f"/proc/{found}/cmdline").returncode:
        return ""
    return found


def comes_back(daemon: Pasarelad, before: str) -> bool:
    end = time.monotonic() + 15
    while (now := pid(daemon)) in ("", before) and time.monotonic() < end:
        time.sleep(0.05)
    return now not in ("", before)


@pytest.mark.parametrize("number", ["KILL", "TERM"])
def test_it_is_started_again_each_time(daemon: Pasarelad, number: str) -> None:
    for _ in range(2):
        before = pid(daemon)
        daemon.run("kill", f"-{number}", before)
        assert comes_back(daemon, before), daemon.log_text()
    assert daemon.log_text().count(AGAIN) == 2
    assert "Z" not in daemon.run("ps", "-o", "stat=", "-C", "dnsmasq").stdout


def test_one_that_an_earlier_daemon_started(daemon: Pasarelad) -> None:
    daemon.terminate()
    daemon.start()
    before = pid(daemon)
    daemon.run("kill", "-KILL", before)
    assert comes_back(daemon, before), daemon.log_text()


def test_one_that_a_change_has_started_anew(daemon: Pasarelad) -> None:
    first = pid(daemon)
    added = daemon.virsh("net-update", "n0", "add", "ip-dhcp-range", RANGE, "--live")
    before = pid(daemon)
    assert added.returncode == 0 and before not in ("", first)
    daemon.run("kill", "-KILL", before)
    assert comes_back(daemon, before), daemon.log_text()
    assert daemon.log_text().count(AGAIN) == 1


def test_one_whose_network_is_stopped_stays_away(daemon: Pasarelad) -> None:
    assert daemon.virsh("net-destroy", "n0").returncode == 0
    assert daemon.virsh("net-list", "--all", "--name").stdout.strip() == ""
    assert not pid(daemon) and AGAIN not in daemon.log_text()


def test_what_cannot_be_started_is_tried_again(daemon: Pasarelad) -> None:
    """Somebody else holds the address meanwhile."""
    address = "10.0.0.1"
    script = f"ip address del {address}/24 dev virbr0; kill -KILL {pid(daemon)}"
    before = pid(daemon)
    daemon.run("sh", "-c", script)
    end = time.monotonic() + 15
    while "does not run" not in daemon.log_text() and time.monotonic() < end:
        time.sleep(0.05)
    assert "a process of network 'n0' does not run" in daemon.log_text()
    daemon.run("ip", "address", "add", f"{address}/24", "dev", "virbr0")
    assert comes_back(daemon, before), daemon.log_text()
