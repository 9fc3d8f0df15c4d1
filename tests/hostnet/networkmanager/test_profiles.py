"""Which of NetworkManager's keyfiles count."""

from __future__ import annotations

import itertools
from pathlib import PurePosixPath

import pytest

from pasarela.hostnet.networkmanager.profiles import FOLDERS, Profiles

NIC = "[connection]\nid={}\nuuid=1\ntype=ethernet\ninterface-name=enp3s0\n"


@pytest.mark.parametrize(("less", "more"), list(itertools.combinations(FOLDERS, 2)), ids=str)
def test_of_one_uuid_the_profile_until_the_next_boot_counts_then_the_administrators(
    less: PurePosixPath, more: PurePosixPath
) -> None:
    files = {less / "a": NIC.format("less"), more / "b": NIC.format("more")}
    profiles = Profiles.read(files)
    assert [one.id for one in profiles.all] == ["more"]
    chosen = profiles.of("enp3s0")
    assert chosen is not None and chosen.path == more / "b"
