"""A confirmation that is killed between any two writes leaves the old files or the new ones."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hostnet.live.lan import Lan
from hostnet.test_journal import cut_short, files
from pasarela.hostnet import journal
from pasarela.hostnet.bridge.hostbridge import HostBridge

pytestmark = pytest.mark.netns

CREATE = ("host-bridge", "create", "br0", "--port", "enp3s0")
CARD = "[Match]\nName=enp3s0\n\n[Network]\nAddress=172.26.0.100/16\nGateway=172.26.0.1\n"


@pytest.fixture
def networkd(host: Lan) -> Lan:
    """Of whose files a bridge changes several."""
    host.static()
    (host.root / "etc/network/interfaces").unlink()
    file = host.root / "etc/systemd/network/20-card.network"
    file.parent.mkdir(parents=True)
    file.write_text(CARD)
    return host


def after_reboot(host: Lan, place: Path) -> dict[str, tuple[bytes, int]]:
    """The files once the boot's unit has run; what was in /run and in the kernel is gone."""
    shutil.copytree(host.root, place, ignore=shutil.ignore_patterns("run"))
    assert not HostBridge(place).recover(boot=True).failed
    assert not journal.is_open(place)
    return {name: one for name, one in files(place).items() if ".pasarela-new" not in name}


@pytest.mark.parametrize("then", ["confirm", "revert"])
def test_confirm_killed_between_two_writes(networkd: Lan, tmp_path: Path, then: str) -> None:
    """And in the same boot it may be carried on, or taken back."""
    old, seen = files(networkd.root), []
    for number in range(3, 60, 3):
        networkd.pasarela(*CREATE, "--try", "50")
        if not cut_short(networkd.root, "confirm", number):
            break
        rebooted = after_reboot(networkd, tmp_path / f"boot{number}")
        if HostBridge(networkd.root).pending() is not None:
            networkd.pasarela(*(["confirm"] if then == "confirm" else ["host-bridge", "revert"]))
        now = files(networkd.root)
        assert rebooted == old or set(rebooted) > set(old), number
        assert rebooted in (now, old) or then == "revert", number
        if now != old:
            assert then == "confirm"
            networkd.pasarela("host-bridge", "delete", "br0")
        assert files(networkd.root) == old
        seen.append(rebooted == old)
    assert seen == sorted(seen, reverse=True) and len(set(seen)) == 2
