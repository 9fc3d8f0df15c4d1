"""A firewall that somebody flushes is whole again at once, where the daemon runs."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from engine import documents
from wire.pasarelad import PYTHON, Pasarelad

pytestmark = pytest.mark.netns
RESTORED = "the firewall had been flushed; restored for n0"


@pytest.fixture
def daemon() -> Iterator[Pasarelad]:
    daemon = Pasarelad()
    document = daemon.folder / "n0.xml"
    document.write_text(documents.nat())
    assert daemon.virsh("net-create", str(document)).returncode == 0
    yield daemon
    daemon.stop()


def rules(daemon: Pasarelad) -> str:
    return daemon.run("nft", "--stateless", "list", "ruleset").stdout


def test_each_time(daemon: Pasarelad) -> None:
    before = rules(daemon)
    assert "virbr0" in before
    for number in (1, 2):
        daemon.run("nft", "flush", "ruleset")
        end = time.monotonic() + 10
        while daemon.log_text().count(RESTORED) < number and time.monotonic() < end:
            time.sleep(0.02)
        assert daemon.log_text().count(RESTORED) == number
        assert rules(daemon) == before


def test_others_tables_are_none_of_its_business(daemon: Pasarelad) -> None:
    daemon.run("nft", "add table inet other; add chain inet other x; delete table inet other")
    time.sleep(0.5)
    assert "firewall" not in daemon.log_text()


def test_its_own_changes_are_no_news(daemon: Pasarelad) -> None:
    """Or each change would be followed by another look."""
    calls = daemon.folder / "calls"
    script = f"""
import atexit
from pasarela.daemon import daemon, main
looks = []
restore = daemon.ServedEngine.restore_firewall
daemon.ServedEngine.restore_firewall = lambda self: (looks.append(1), restore(self))
atexit.register(lambda: open({str(calls)!r}, "w").write(str(len(looks))))
raise SystemExit(main.main(["--root={daemon.root}"]))
"""
    daemon.terminate()
    daemon.start([PYTHON, "-c", script])
    document = daemon.folder / "n1.xml"
    document.write_text(documents.nat(1))
    for _ in range(3):
        assert daemon.virsh("net-create", str(document)).returncode == 0
        assert daemon.virsh("net-destroy", "n1").returncode == 0
    time.sleep(0.5)
    daemon.run("nft", "add", "table", "inet", "other")
    time.sleep(0.5)
    daemon.terminate()
    assert calls.read_text() == "1"
