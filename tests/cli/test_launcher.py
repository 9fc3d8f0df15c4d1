"""The program as scripts/install writes it: started without site-packages, which come later."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pasarela.cli import launcher, quick
from pasarela.client.uri import _sockets
from pasarela.model.paths import Paths

NETWORK = "<network><name>n0</name><bridge name='virbr0'/></network>"


@pytest.fixture
def program(tmp_path: Path) -> Path:
    program = tmp_path / "pasarela"
    subprocess.run([sys.executable, "-m", launcher.__name__, str(program)], check=True)
    return program


def run(*command: object, stdin: str = "") -> subprocess.CompletedProcess[str]:
    words = [str(word) for word in command]
    return subprocess.run(
        words, input=stdin, capture_output=True, text=True, timeout=60, check=False
    )


def test_commands_find_the_packages_that_they_need(program: Path, root: Path, tmp_path: Path):
    document = tmp_path / "n0.xml"
    document.write_text(NETWORK)
    done = run(program, "--root", root, "net-define", document)
    assert (done.returncode, done.stderr) == (0, "")
    assert "virbr0" in run(program, "--root", root, "net-dumpxml", "n0").stdout


def test_listing_does_without_them(program: Path, root: Path):
    run(program, "--root", root, "net-define", "/dev/stdin", stdin=NETWORK)
    done = run(
        sys.executable, "-IS", "-X", "importtime", program, "--root", root, "net-list", "--all"
    )
    assert "n0" in done.stdout
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "pasarela.cli.quick" in imported
    assert not {"site", "re", "pathlib", "dataclasses"} & imported


def test_the_exit_code_is_the_programs(program: Path, root: Path):
    done = run(program, "--root", root, "net-start", "nosuch")
    assert done.returncode == 1
    assert "nosuch" in done.stderr


def test_a_reader_that_goes_away_is_no_error(program: Path, root: Path):
    done = run("sh", "-c", f"{program} --root {root} help | head -n 1")
    assert (len(done.stdout.splitlines()), done.stderr) == (1, "")


def test_an_interpreter_that_no_first_line_can_name_gets_no_launcher(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(sys, "executable", "/home/ana/my programs/python")
    assert launcher.launcher() is None


def test_the_quick_way_looks_where_the_others_look(root: Path):
    paths = Paths.under(root)
    assert root / quick._CONFIG == paths.config
    assert root / quick._STATE == paths.state
    assert (Path(quick._SOCKET).name,) == _sockets(None)
    assert root / Path(quick._SOCKET).parent == paths.state.parent
    assert f"{paths.state}/pasarela-journal" == str(paths.journal("n0").parent)
