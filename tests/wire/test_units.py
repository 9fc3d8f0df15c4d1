"""systemd reads the unit files, and agrees with what they say of each other."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pasarela.hostnet import journal
from pasarela.hostnet.bridge import pending
from pasarela.model.paths import Paths

FOLDER = Path(__file__).parents[2] / "systemd"
UNITS = sorted([*FOLDER.glob("*.service"), *FOLDER.glob("*.socket")])


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units beside programs that are there."""
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd-analyze here to read the units")
    for unit in UNITS:
        text = re.sub(r"/usr/bin/pasarelad?\b", "/bin/true", unit.read_text())
        (tmp_path / unit.name).write_text(text)
    return tmp_path


def verify(folder: Path) -> subprocess.CompletedProcess[str]:
    """By systemd's own eye. What this machine's other units lack is not ours."""
    files = [str(folder / unit.name) for unit in UNITS]
    return subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *files],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env={"SYSTEMD_UNIT_PATH": f"{folder}:", "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"},
    )


def ours(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in done.stderr.splitlines() if "pasarela" in line]


def test_nothing_is_wrong_in_them(units: Path) -> None:
    done = verify(units)
    assert (done.returncode, ours(done)) == (0, []), done.stderr


def test_networks_start_at_boot_also_without_a_daemon(units: Path) -> None:
    """By whichever is there: where a daemon's socket is, the other is skipped."""
    text = (units / "pasarela-networks.service").read_text()
    assert "ExecStart=/bin/true net-boot\n" in text
    sockets = re.findall(r"^ListenStream=(\S+)", (units / "pasarelad.socket").read_text(), re.M)
    assert f"ConditionPathExists=!{sockets[0]}\n" in text


def test_what_was_cut_short_is_put_right_before_the_network_comes_up(units: Path) -> None:
    """It is there for hosts whose network is ifupdown's, networkd's or NetworkManager's."""
    text = (units / "pasarela-recover.service").read_text()
    before = {
        word for line in re.findall(r"^Before=(.*)", text, re.MULTILINE) for word in line.split()
    }
    assert before >= {
        "network-pre.target", "networking.service", "systemd-networkd.service",
        "NetworkManager.service",
    }  # fmt: skip
    top = Path("/")
    watched = re.findall(r"^ConditionPathExists=\|(.*)", text, re.MULTILINE)
    places = {journal.place(top), Paths.under(top).interface_change, pending.path(top)}
    assert set(map(Path, watched)) == places


def test_a_misspelt_key_would_be_seen(units: Path) -> None:
    service = units / "pasarelad.service"
    service.write_text(service.read_text().replace("ExecReload=", "ExecReloads="))
    assert any("ExecReloads" in line for line in ours(verify(units)))
