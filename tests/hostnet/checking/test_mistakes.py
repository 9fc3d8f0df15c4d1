"""No write that makes files wrong; what was wrong before is the administrator's own."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from hostnet.goldens import bridge
from pasarela.errors import HostnetRefused
from pasarela.hostnet.checking.mistakes import new_findings, refuse_new
from pasarela.hostnet.manager import FileEdit
from pasarela.hostnet.networkd import Networkd

NIC = PurePosixPath("/etc/systemd/network/20-wired.network")
OTHER = NIC.with_name("30-other.network")
STRAY = "[Match]\nName=enp3s0\n\n[Network]\nAddress=10.0.0.2/24\nGateway=10.1.0.1\n"


def test_a_mistake_that_moves_to_the_bridges_file_is_no_new_one() -> None:
    files = {NIC: STRAY}
    edits = list(Networkd().bridge(files, bridge("br0", "enp3s0")))
    assert any("Gateway=10.1.0.1" in (edit.after or "") for edit in edits if edit.path != NIC)
    assert new_findings(files, edits) == ()


def test_one_that_is_made_a_second_time_is_new() -> None:
    with pytest.raises(HostnetRefused, match="outside the network"):
        refuse_new({NIC: STRAY}, [FileEdit(OTHER, None, STRAY.replace("enp3s0", "enp4s0"))])
