"""The unmodified virsh, against pasarelad and against the real libvirtd: the same words.

Each scenario is a list of virsh command lines, run against both, one after the other; what is
printed, on which stream, and the exit code must agree, but for identifiers that are made at random,
times, and the deviations listed here with their reasons.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from oracle.libvirtd import Libvirtd
from wire.pasarelad import Pasarelad
from wire.scenarios import SCENARIOS, differences

pytestmark = [pytest.mark.netns, pytest.mark.oracle]


@pytest.mark.parametrize("name", SCENARIOS)
def test_virsh_cannot_tell_the_difference(
    name: str, pasarelad: Pasarelad, libvirtd: Libvirtd, document_folder: Path
) -> None:
    libvirtd.reset()
    different = differences(SCENARIOS[name], pasarelad.virsh, libvirtd.virsh, document_folder)
    assert not different, "\n".join(different)
