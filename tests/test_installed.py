"""What `make install` leaves below its prefix, which scripts/test has made before."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = os.environ.get("PASARELA_INSTALLED")
PREFIX = Path(HERE or "/nonexistent")
UNITS = PREFIX / "lib/systemd/system"

pytestmark = pytest.mark.skipif(not HERE, reason="not installed; scripts/test does it")


def run(*words: str | Path) -> str:
    return subprocess.run(
        list(map(str, words)), capture_output=True, text=True, check=True, timeout=60
    ).stdout


def test_the_programs_need_nothing_of_the_checkout(tmp_path: Path) -> None:
    root = tmp_path
    (root / "net.xml").write_text("<network><name>n0</name></network>")
    pasarela = PREFIX / "bin/pasarela"
    assert run(pasarela, "--root", root, "net-define", root / "net.xml").startswith("Network n0")
    assert " n0 " in run(pasarela, "--root", root, "net-list", "--all")
    places = run(PREFIX / "lib/pasarela/bin/python", "-c", "import pasarela; print(pasarela)")
    assert str(PREFIX) in places
    assert run(PREFIX / "bin/pasarelad", "--version").startswith("pasarelad ")


def test_man_finds_its_pages() -> None:
    for page in ("man1/pasarela.1", "man8/pasarelad.8"):
        assert (PREFIX / "share/man" / page).read_text().startswith(".")


@pytest.mark.parametrize(
    ("shell", "file"),
    [
        ("bash", "share/bash-completion/completions/pasarela"),
        ("zsh", "share/zsh/site-functions/_pasarela"),
    ],
)
def test_shells_find_their_completion(shell: str, file: str) -> None:
    assert (PREFIX / file).read_text() == run(PREFIX / "bin/pasarela", "completion", shell)


def test_units_run_the_programs_that_were_installed() -> None:
    programs = [
        program
        for unit in UNITS.glob("*.service")
        for program in re.findall(r"^Exec\w+=(\S+/pasarela\S*)", unit.read_text(), re.MULTILINE)
    ]
    assert {Path(one).parent for one in programs} == {PREFIX / "bin"}
    assert all(os.access(one, os.X_OK) for one in programs)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze here")
def test_systemd_takes_the_units() -> None:
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, UNITS.iterdir())],
        capture_output=True, text=True, check=False, timeout=60,
        env={"SYSTEMD_UNIT_PATH": f"{UNITS}:", "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_the_sockets_group_is_made() -> None:
    """Without it systemd does not open a socket that is to have it."""
    (group,) = re.findall(r"^SocketGroup=(.*)", (UNITS / "pasarelad.socket").read_text(), re.M)
    assert f"\ng {group} " in (PREFIX / "lib/sysusers.d/pasarela.conf").read_text()


def test_uninstalling_leaves_nothing(tmp_path: Path) -> None:
    copy = shutil.copytree(PREFIX, tmp_path / "copy", symlinks=True)
    script = Path(__file__).parents[1] / "scripts/install-system"
    subprocess.run([script, "--remove"], check=True, env={**os.environ, "PREFIX": str(copy)})
    assert [one for one in copy.rglob("*") if not one.is_dir()] == []
