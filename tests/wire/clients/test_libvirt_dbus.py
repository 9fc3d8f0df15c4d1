"""libvirt-dbus on a bus of its own: a network's life over D-Bus, with its events as signals."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from oracle.libvirtd import Libvirtd
from wire.clients.programs import PYTHON, need_program
from wire.pasarelad import Pasarelad

pytestmark = [pytest.mark.netns, pytest.mark.oracle]

SCRIPT = str(Path(__file__).parent / "dbus_network.py")


@pytest.fixture
def where_libvirtd_listens(pasarelad: Pasarelad) -> Iterator[Pasarelad]:
    """libvirt-dbus takes no URI: its qemu:///system finds pasarelad at libvirtd's place."""
    place = "/run/libvirt"  # in the daemon's own mount namespace
    pasarelad.run("mkdir", "-p", place)
    pasarelad.run("ln", "-sf", pasarelad.socket, f"{place}/libvirt-sock")
    yield pasarelad
    pasarelad.run("rm", "-r", place)


def test_a_networks_life_over_d_bus(where_libvirtd_listens: Pasarelad, libvirtd: Libvirtd) -> None:
    need_program("libvirt-dbus")
    libvirtd.reset()
    ours = where_libvirtd_listens.run(PYTHON, "-B", SCRIPT)
    theirs = libvirtd.run(PYTHON, "-B", SCRIPT)
    assert ours.returncode == 0, ours.stderr
    assert ours.stdout.splitlines() == theirs.stdout.splitlines()
    assert ours.stdout.count("event /org/libvirt/QEMU NetworkEvent") == 8
