"""Several commands at the same time, each a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine import documents
from engine.snapshot import dnsmasqs, snapshot
from pasarela.client.embedded import open_embedded
from pasarela.engine.journal import Intent, Journal, Operation
from pasarela.engine.pending import pending
from pasarela.model.paths import Paths

pytestmark = [pytest.mark.netns, pytest.mark.usefixtures("netns")]

WORKER = """
import sys
from pasarela.client.embedded import open_embedded
from engine import documents

root, number = sys.argv[1], int(sys.argv[2])
for _ in range(4):
    engine = open_embedded(root)
    ref = engine.define_xml(documents.nat(number))
    engine.start(ref)
    host = documents.host(1).replace("10.0.0.", f"10.0.{number}.")
    engine.update(ref, 3, 4, host, flags=3)
    assert engine.is_active(ref) and "name='g1'" in engine.xml_desc(ref, inactive=True)
    engine.list_networks()
    engine.destroy(ref)
    engine.undefine(ref)
"""


def test_processes_get_in_nobodys_way(root: Path) -> None:
    before = snapshot(root)
    tests = Path(__file__).parents[1]
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, str(root), str(number)],
            cwd=tests,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(4)
    ]
    for worker in workers:
        _, errors = worker.communicate(timeout=100)
        assert worker.returncode == 0, errors
    after = snapshot(root)
    assert (after["links"], after["rules"]) == (before["links"], before["rules"])
    assert list(after["files"]) == ["run/libvirt/network/driver.pid"]
    assert dnsmasqs(root) == []


def test_reading_finishes_what_a_killed_command_began(root: Path) -> None:
    engine = open_embedded(root)
    ref = engine.define_xml(documents.nat())
    engine.start(ref)
    program = f"""
import os
from pasarela.client.embedded import open_embedded
from pasarela.host.linux import LinuxHost

class Dying(LinuxHost):
    def apply(self, actions, meanwhile):
        super().apply(actions[:3])
        os._exit(9)

engine = open_embedded({str(root)!r})
engine._context.machine = Dying(engine._context.paths)
engine.destroy(engine.lookup_by_name("n0"))
"""
    done = subprocess.run([sys.executable, "-c", program], check=False)
    assert done.returncode == 9
    reader = open_embedded(root)
    assert not reader.is_active(ref)
    assert dnsmasqs(root) == []
    assert snapshot(root)["rules"] == ""


def test_what_cannot_be_repaired_yet_stops_nobody_else(root: Path) -> None:
    paths = Paths.under(root)
    engine = open_embedded(root)
    Journal(paths).begin(Intent(Operation.STOP, "n0", before="<networkstatus/>"))
    ref = engine.define_xml(documents.nat(1))
    [warning] = engine.take_warnings()
    assert warning.startswith("network 'n0' is half done and not repaired yet: ")
    assert engine.is_persistent(ref)
    assert pending(paths) == ["n0"]
