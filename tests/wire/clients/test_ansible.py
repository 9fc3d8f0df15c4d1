"""Ansible's community.libvirt.virt_net: a network made, changed, kept as it is, and removed."""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from oracle.libvirtd import Libvirtd
from wire.clients.programs import COLLECTIONS, PYTHON, need, need_program
from wire.pasarelad import Pasarelad

pytestmark = [pytest.mark.netns, pytest.mark.oracle]

HERE = Path(__file__).parent
SECONDS = 120.0  # Ansible starts two Pythons for each task
CHANGED = re.compile(r" changed=(\d+) .* failed=0 ")


def play(daemon: Pasarelad | Libvirtd, uri: str, playbook: str) -> str:
    """What Ansible prints."""
    need(COLLECTIONS)
    with TemporaryDirectory() as home:
        settings = {
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_NOCOLOR": "1",
            "HOME": home,
            "LC_ALL": "C.UTF-8",  # Ansible insists
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        }
        done = daemon.run(
            *("env", "-i", *(f"{name}={value}" for name, value in settings.items())),
            *(need_program("ansible-playbook"), "-i", "localhost,", "-c", "local"),
            *("-e", f"uri='{uri}'", "-e", f"ansible_python_interpreter={PYTHON}"),
            str(HERE / playbook),
            timeout=SECONDS,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def changes(output: str) -> int:
    found = CHANGED.search(output)
    assert found, output
    return int(found[1])


def test_a_network_made_kept_and_removed(pasarelad: Pasarelad, libvirtd: Libvirtd) -> None:
    libvirtd.reset()
    ours = [play(pasarelad, pasarelad.uri, name) for name in ("network.yml", "network.yml")]
    assert [changes(output) for output in ours] == [4, 0]
    assert "<host mac='52:54:00:00:00:01' name='one' ip='10.77.1.50'/>" in ours[0]
    ours.append(play(pasarelad, pasarelad.uri, "no_network.yml"))
    theirs = [play(libvirtd, "qemu:///system", name) for name in ("network.yml", "no_network.yml")]
    assert [ours[0], ours[2]] == theirs
