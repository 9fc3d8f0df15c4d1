"""`pasarela -c URI` drives libvirtd 11.3, and prints what virsh 11.3 prints of pasarelad."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from wire.clients.libvirtd11 import Libvirtd11
from wire.clients.test_virsh_11 import NEWER, virsh_11
from wire.pasarelad import PYTHON, Pasarelad
from wire.scenarios import differences

pytestmark = [pytest.mark.netns, pytest.mark.oracle]

URI = "network+unix:///system?socket=/run/libvirt/libvirt-sock"
CHOSEN = {
    **{name: NEWER[name] for name in ("titles and descriptions", "records of the DNS")},
    # Of metadata that is not there, virsh says nothing and exits with 0.
    "metadata": [line for line in NEWER["metadata"] if "--" in line or "net-metadata" not in line],
}


@pytest.mark.parametrize("name", CHOSEN)
def test_a_newer_libvirtd_is_driven(
    name: str, pasarelad: Pasarelad, libvirtd_11: Libvirtd11, document_folder: Path
) -> None:
    ours = partial(libvirtd_11.run, PYTHON, "-m", "pasarela.cli.main", "-c", URI)
    theirs = virsh_11(pasarelad, pasarelad.uri)
    different = differences(CHOSEN[name], ours, theirs, document_folder)
    assert not different, "\n".join(different)


def test_its_version_is_told(pasarelad: Pasarelad, libvirtd_11: Libvirtd11) -> None:
    for daemon, uri in ((libvirtd_11, URI), (pasarelad, pasarelad.uri)):
        done = daemon.run(PYTHON, "-m", "pasarela.cli.main", "-c", uri, "version", "--daemon")
        assert "Running against daemon: 11.3.0\n" in done.stdout, done.stderr
