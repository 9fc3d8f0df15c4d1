"""Beside the real libvirt: its files are ours and ours are its, but only one writes at a time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engine import documents
from oracle.libvirtd import Libvirtd, why_not

pytestmark = [pytest.mark.oracle, pytest.mark.netns]

READ_AND_WRITE = """
import json
from pasarela.client.embedded import open_embedded
from pasarela.errors import StoreOwned

engine = open_embedded()
refs = engine.list_networks()
report = {"networks": [[ref.name, str(ref.uuid), engine.is_active(ref)] for ref in refs]}
report["xml"] = engine.xml_desc(refs[0])
try:
    engine.set_autostart(refs[0], True)
except StoreOwned as error:
    report["refused"] = error.message
print(json.dumps(report))
"""

# Everything that libvirt looks at is of this mount namespace's own.
MOUNTS = """
set -e
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /mnt && cp -a /etc/libvirt /mnt/
rm -f /mnt/libvirt/qemu/networks/*.xml /mnt/libvirt/qemu/networks/autostart/*.xml
mount --bind /mnt/libvirt /etc/libvirt
for folder in /run /var/lib/libvirt /var/cache/libvirt; do mount -t tmpfs tmpfs $folder; done
ip link set lo up
"""
START_AND_HAND_OVER = """
import json, subprocess, sys, time
from pasarela.client.embedded import open_embedded

engine = open_embedded()
ref = engine.define_xml(sys.argv[1])
engine.set_autostart(ref, True)
engine.start(ref)
engine.port_create_xml(ref, sys.argv[2])
live, config = engine.xml_desc(ref), engine.xml_desc(ref, inactive=True)
daemon = subprocess.Popen(["libvirtd"], stderr=subprocess.DEVNULL)

def virsh(*arguments):
    done = subprocess.run(["virsh", *arguments], capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else None

end = time.monotonic() + 30
while virsh("net-list") is None and time.monotonic() < end:
    assert daemon.poll() is None
print(json.dumps({
    "list": virsh("net-list", "--all"),
    "live": [live, virsh("net-dumpxml", "n0")],
    "config": [config, virsh("net-dumpxml", "--inactive", "n0")],
    "ports": virsh("net-port-list", "n0"),
    "destroyed": virsh("net-destroy", "n0"),
    "undefined": virsh("net-undefine", "n0"),
}))
"""


@pytest.fixture(scope="module", autouse=True)
def oracle() -> None:
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)


def report(text: str) -> Any:
    return json.loads(text.strip().splitlines()[-1])


def test_a_running_daemons_networks_are_read_and_left_alone(libvirtd: Libvirtd) -> None:
    handle = libvirtd.define(documents.dual())
    libvirtd.start(handle)
    done = libvirtd.run(sys.executable, "-c", READ_AND_WRITE)
    assert done.returncode == 0, done.stderr
    found = report(done.stdout)
    assert next(active for name, _, active in found["networks"] if name == "n0") is True
    assert f"{found['xml']}\n" == libvirtd.virsh("net-dumpxml", "n0").stdout
    assert "libvirtd (pid " in found["refused"]
    assert "/run/libvirt/network/driver.pid" in found["refused"]


def test_a_daemon_takes_over_what_was_started_here(tmp_path: Path) -> None:
    program = tmp_path / "hand_over.py"
    program.write_text(START_AND_HAND_OVER)
    port = documents.port(documents.UUID(int=5))
    done = subprocess.run(
        [
            *("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"),
            *("sh", "-c", f'{MOUNTS}exec "$@"', "sh"),
            *(sys.executable, str(program), documents.dual(), port),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
        env={**os.environ, "LC_ALL": "C"},
    )
    assert done.returncode == 0, done.stderr
    found = report(done.stdout)
    assert " n0     active   yes         yes" in found["list"]
    for ours, theirs in (found["config"], found["live"]):
        assert f"{ours}\n" == theirs
    assert str(documents.UUID(int=5)) in found["ports"]
    assert found["destroyed"] == "Network n0 destroyed\n\n"
    assert found["undefined"] == "Network n0 has been undefined\n\n"
