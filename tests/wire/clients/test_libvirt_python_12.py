"""libvirt-python 12 with libvirt 11.3: each method answers as with the real libvirtd."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGKILL

import pytest

from oracle.libvirtd import Libvirtd
from wire.clients.libvirtd11 import Libvirtd11
from wire.clients.programs import DEBIAN13, LIBVIRT_PYTHON, PYTHON, debian13, need
from wire.pasarelad import Pasarelad

pytestmark = [pytest.mark.netns, pytest.mark.oracle]

HERE = Path(__file__).parent
SECONDS = 20.0
END_OF_FILE, KEEPALIVE = 1, 2  # virConnectCloseReason
_MAC = re.compile(r"52:54:00(:[0-9a-f]{2}){3}")


def python(script: str, *arguments: str) -> list[str]:
    """The command that runs one of our programs with libvirt-python 12."""
    need(DEBIAN13)
    need(LIBVIRT_PYTHON)
    path = f"PYTHONPATH={LIBVIRT_PYTHON}"
    return ["env", path, *debian13(PYTHON), "-B", str(HERE / script), *arguments]


def transcript(daemon: Pasarelad | Libvirtd, *arguments: str) -> list[str]:
    done = daemon.run(*python("every_method.py", *arguments))
    assert done.returncode == 0, done.stderr
    return [_MAC.sub("MAC", line) for line in done.stdout.splitlines()]


def test_every_method_of_networks_and_ports(pasarelad: Pasarelad, libvirtd_11: Libvirtd11) -> None:
    found = transcript(pasarelad, pasarelad.uri, "networks")
    assert found == transcript(libvirtd_11, libvirtd_11.uri, "networks")
    assert sum(line.startswith("event lifecycle") for line in found) > 6
    assert sum(line.startswith("event metadata") for line in found) > 3


def test_every_method_of_interfaces(pasarelad: Pasarelad, libvirtd: Libvirtd) -> None:
    for daemon in (pasarelad, libvirtd):
        daemon.run("ip", "link", "add", "veth7", "address", "02:00:00:00:00:07", "type", "veth")
    try:
        found = transcript(pasarelad, pasarelad.uri, "interfaces")
        assert found == transcript(libvirtd, "qemu:///system", "interfaces")
        assert "interfaceLookupByMACString: virInterface veth7" in found
    finally:
        for daemon in (pasarelad, libvirtd):
            daemon.run("ip", "link", "del", "veth7")


def test_changes_of_interfaces(pasarelad: Pasarelad) -> None:
    """The real daemon of Debian has no such thing; libvirt's netcf driver had."""
    file = pasarelad.root / "etc/network/interfaces"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("auto lo\niface lo inet loopback\n")
    try:
        found = transcript(pasarelad, pasarelad.uri, "changes")
        text = file.read_text()
    finally:
        file.unlink()
    assert found == [
        "changeBegin: 0",
        "changeBegin again: (55, 26, 'Requested operation is not valid: "
        "there is another transaction running.')",
        "interfaceDefineXML: virInterface br9",
        "listDefinedInterfaces: ['br9']",
        "numOfDefinedInterfaces: 1",
        "create: 0",
        "isActive: 0",  # without a port there is no carrier
        "name: br9",
        "destroy: 0",
        "isActive: 0",
        "changeCommit: 0",
        "changeRollback: (55, 26, 'Requested operation is not valid: "
        "no transaction running, nothing to rollback.')",
        "undefine: 0",
        "undefine again: (57, 26, \"Interface not found: couldn't find interface named 'br9'\")",
        "listDefinedInterfaces: []",
    ]
    assert text == "auto lo\niface lo inet loopback\n"


def test_it_notices_the_end_of_the_daemon(pasarelad: Pasarelad) -> None:
    with watching(pasarelad) as client:
        pasarelad.terminate(SIGKILL)
        try:
            rest, _ = client.communicate(timeout=SECONDS)
        finally:
            pasarelad.start()
    assert rest == f"closed {END_OF_FILE} was open\nalive 0\n"


def test_it_notices_that_the_daemon_answers_no_more(pasarelad: Pasarelad) -> None:
    with watching(pasarelad) as client:
        with pasarelad.stopped():
            rest, _ = client.communicate(timeout=SECONDS)
        assert pasarelad.virsh("net-list").returncode == 0
    assert rest == f"closed {KEEPALIVE} was open\nalive 0\n"


@contextmanager
def watching(pasarelad: Pasarelad) -> Iterator[subprocess.Popen[str]]:
    """A client that waits for the end of its connection."""
    command = python("gone.py", pasarelad.uri)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as client:
        try:
            assert client.stdout is not None
            assert client.stdout.readline() == "ready 1\n"
            yield client
        finally:
            client.kill()
