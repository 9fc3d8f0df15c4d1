"""Who comes first on a busy processor: the thread that answers, before changes and dnsmasqs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pasarela.daemon.scheduling import ANSWERING_NICE
from wire.documents import DOCUMENTS
from wire.pasarelad import Pasarelad

pytestmark = pytest.mark.netns


def test_the_answering_thread_alone_comes_first(pasarelad: Pasarelad):
    document = pasarelad.folder / "nat.xml"
    document.write_text(DOCUMENTS["nat"])
    assert pasarelad.virsh(f"net-define {document}; net-start nat").returncode == 0
    daemon = pasarelad.daemon_pid
    threads = {int(one.name) for one in Path(f"/proc/{daemon}/task").iterdir()}
    assert len(threads) > 1
    assert os.getpriority(os.PRIO_PROCESS, daemon) == ANSWERING_NICE
    assert {os.getpriority(os.PRIO_PROCESS, one) for one in threads - {daemon}} == {0}
    children = Path(f"/proc/{daemon}/task").glob("*/children")
    dnsmasqs = [int(pid) for one in children for pid in one.read_text().split()]
    assert dnsmasqs
    assert {os.getpriority(os.PRIO_PROCESS, one) for one in dnsmasqs} == {0}
    assert {os.getsid(one) for one in dnsmasqs} == {os.getsid(daemon)}
