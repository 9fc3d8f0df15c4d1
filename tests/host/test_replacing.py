"""A new file takes an old one's place, on file systems that can exchange names and on others."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pasarela.host.replacing import replace


@pytest.fixture(params=["ctypes is loaded", "ctypes is not"])
def loaded(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "ctypes is not":
        monkeypatch.delitem(sys.modules, ctypes.__name__)


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize("before", [["new"], ["name", "new"]])
def test_only_the_new_file_is_left(tmp_path: Path, before: list[str]):
    for file in before:
        (tmp_path / file).write_text(file)
    replace(str(tmp_path / "new"), str(tmp_path / "name"))
    assert [one.name for one in tmp_path.iterdir()] == ["name"]
    assert (tmp_path / "name").read_text() == "new"


@pytest.mark.usefixtures("loaded")
def test_what_cannot_be_replaced_is_an_error(tmp_path: Path):
    (tmp_path / "new").write_text("new")
    with pytest.raises(NotADirectoryError):
        replace(str(tmp_path / "new"), str(tmp_path / "new/name"))
    with pytest.raises(FileNotFoundError):
        replace(str(tmp_path / "none"), str(tmp_path / "name"))
    (tmp_path / "name").mkdir()
    with pytest.raises(IsADirectoryError):
        replace(str(tmp_path / "new"), str(tmp_path / "name"))
    assert (tmp_path / "new").read_text() == "new"


def test_readers_always_find_a_whole_file(tmp_path: Path):
    name = tmp_path / "name"
    name.write_text("0" * 100)
    code = (
        "import sys\n"
        "print(flush=True)\n"
        "for _ in range(20000):\n"
        "    text = open(sys.argv[1]).read()\n"
        "    assert len(text) == 100 and len(set(text)) == 1, text\n"
    )
    with subprocess.Popen(
        [sys.executable, "-I", "-c", code, str(name)], stdout=subprocess.PIPE
    ) as reader:
        assert reader.stdout
        reader.stdout.readline()
        number = 0
        while reader.poll() is None:
            number += 1
            (tmp_path / "new").write_text(str(number % 10) * 100)
            replace(str(tmp_path / "new"), os.fspath(name))
    assert reader.returncode == 0
