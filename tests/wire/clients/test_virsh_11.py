"""virsh 11.3, Debian 13's: it prints of pasarelad what it prints of the real libvirtd."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from oracle.libvirtd import Libvirtd
from wire.clients.programs import DEBIAN13, debian13
from wire.pasarelad import Pasarelad
from wire.scenarios import SCENARIOS, differences

pytestmark = [pytest.mark.netns, pytest.mark.oracle]


@pytest.mark.parametrize("name", SCENARIOS)
def test_it_cannot_tell_the_difference(
    name: str, pasarelad: Pasarelad, libvirtd: Libvirtd, document_folder: Path
) -> None:
    virsh = debian13(DEBIAN13 / "usr/bin/virsh")
    libvirtd.reset()
    ours = partial(pasarelad.run, *virsh, "-c", pasarelad.uri)
    theirs = partial(libvirtd.run, *virsh, "-c", "qemu:///system")
    different = differences(SCENARIOS[name], ours, theirs, document_folder)
    assert not different, "\n".join(different)
