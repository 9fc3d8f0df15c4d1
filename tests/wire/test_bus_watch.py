"""pasarelad tells firewalld and systemd-resolved again what a reload has made them forget."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine import documents
from host.dbus.private_bus import Program, private_bus
from host.dbus.programs import Links, Zones
from pasarela.client.uri import open_uri
from pasarela.host.dbus.firewalld import ZONES
from pasarela.host.dbus.resolved import MANAGER
from wire.pasarelad import PYTHON

pytestmark = [pytest.mark.netns, pytest.mark.usefixtures("netns")]
REGISTERED = "<domain name='guests.example' localOnly='yes' register='yes'/>"

# A daemon on whose host both programs are installed.
DAEMON = """
from pasarela.daemon import main
from pasarela.host.dbus.programs import PROGRAMS
PROGRAMS.update({name: ("/bin/sh",) for name in PROGRAMS})
main.entry()
"""


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with private_bus(tmp_path) as found:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", found)
        yield found


@contextmanager
def daemon(root: Path) -> Iterator[None]:
    root.mkdir()
    command = [PYTHON, "-c", DAEMON, f"--root={root}"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            until((root / "run/libvirt/virtnetworkd-sock").exists)
            yield
        finally:
            process.terminate()
            process.wait(10)


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 15
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_reload_and_a_restart_of_firewalld(address: str, root: Path) -> None:
    zones = Zones("libvirt")
    program = Program(address, ZONES.name, zones.methods)
    with daemon(root):
        connection = open_uri(None, str(root))
        network = connection.create_xml(documents.nat())
        assert zones.of == {"virbr0": "libvirt"}
        zones.of.clear()
        program.emit(ZONES.path, ZONES.name, "Reloaded")
        until(lambda: zones.of == {"virbr0": "libvirt"})
        program.close()
        fresh = Zones("libvirt", "public")
        program = Program(address, ZONES.name, fresh.methods)
        until(lambda: fresh.of == {"virbr0": "libvirt"})
        connection.destroy(network)
        connection.close()
    program.close()


def test_a_restart_of_systemd_resolved(address: str, root: Path) -> None:
    with daemon(root):
        connection = open_uri(None, str(root))
        network = connection.create_xml(documents.nat(extra=REGISTERED))
        links = Links()
        program = Program(address, MANAGER.name, links.methods)
        until(lambda: list(links.domains.values()) == [[("guests.example", True)]])
        connection.destroy(network)
        connection.close()
    program.close()


def test_a_daemon_without_a_bus(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus")
    with daemon(root):
        connection = open_uri(None, str(root))
        connection.destroy(connection.create_xml(documents.nat()))
        connection.close()
