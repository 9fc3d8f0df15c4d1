"""virt-manager's code of networks (virtinst), and virt-install, as with libvirt's own daemon."""

from __future__ import annotations

from pathlib import Path

import pytest

from oracle.libvirtd import Libvirtd
from wire.clients.programs import PYTHON, need_program
from wire.pasarelad import Pasarelad

pytestmark = [pytest.mark.netns, pytest.mark.oracle]

SCRIPT = Path(__file__).parent / "virtinst_network.py"
INSTALL = (
    *("virt-install", "--print-xml", "--name=guest", "--memory=64", "--disk=none", "--pxe"),
    *("--osinfo=generic", "--network=network=lab", "--connect"),
)


def test_a_network_made_by_virtinst(pasarelad: Pasarelad, libvirtd: Libvirtd) -> None:
    need_program("virt-install")
    libvirtd.reset()
    ours = pasarelad.run(PYTHON, "-B", str(SCRIPT), pasarelad.uri)
    theirs = libvirtd.run(PYTHON, "-B", str(SCRIPT), "network:///system")
    assert (ours.stdout, ours.returncode) == (theirs.stdout, 0), ours.stderr
    assert "lab 1 1 virbr0 nat" in ours.stdout


def test_virt_install_is_told_the_same(pasarelad: Pasarelad, libvirtd: Libvirtd) -> None:
    """It wants a hypervisor, which a daemon of networks has not."""
    need_program("virt-install")
    ours = pasarelad.run(*INSTALL, pasarelad.uri)
    theirs = libvirtd.run(*INSTALL, "network:///system")
    assert (ours.stderr, ours.returncode) == (theirs.stderr, theirs.returncode)
    assert "not supported by the connection driver: virConnectGetCapabilities" in ours.stderr
