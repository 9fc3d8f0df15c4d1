"""systemd reads the unit files, and agrees with what they say of each other."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[2] / "systemd"


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units beside a pasarelad that is there."""
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd-analyze here to read the units")
    for unit in UNITS.iterdir():
        text = unit.read_text().replace("/usr/bin/pasarelad", "/bin/true")
        (tmp_path / unit.name).write_text(text)
    return tmp_path


def verify(folder: Path) -> subprocess.CompletedProcess[str]:
    """By systemd's own eye. What this machine's other units lack is not ours."""
    files = [str(folder / unit.name) for unit in sorted(UNITS.iterdir())]
    return subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *files],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env={"SYSTEMD_UNIT_PATH": f"{folder}:", "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"},
    )


def ours(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in done.stderr.splitlines() if "pasarelad" in line]


def test_nothing_is_wrong_in_them(units: Path) -> None:
    done = verify(units)
    assert (done.returncode, ours(done)) == (0, []), done.stderr


def test_a_misspelt_key_would_be_seen(units: Path) -> None:
    service = units / "pasarelad.service"
    service.write_text(service.read_text().replace("ExecReload=", "ExecReloads="))
    assert any("ExecReloads" in line for line in ours(verify(units)))
