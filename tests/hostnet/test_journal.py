"""Several files are written all or not at all, wherever the writing is cut short."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest

from pasarela.errors import HostnetRefused, SystemCallFailed
from pasarela.hostnet import journal, tree
from pasarela.hostnet.manager import FileEdit

CUT_SHORT = Path(__file__).with_name("cut_short.py")
ETC = PurePosixPath("/etc/systemd/network")
EDITS = (
    FileEdit(ETC / "10-br0.netdev", None, "[NetDev]\nName=br0\n"),
    FileEdit(ETC / "20-card.network", "[Match]\nName=enp3s0\n", "[Match]\nName=br0\n", 0o640),
    FileEdit(ETC / "30-old.network", "old\udcff\n", None, 0o600),
    FileEdit(PurePosixPath("/etc/deep/er/new"), None, "new\n"),
    FileEdit(PurePosixPath("/run/systemd/network/1.network"), None, "until the next boot\n"),
)
LASTING = EDITS[:4]


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """As it is before: the card's file is the group's to read."""
    return furnished(tmp_path / "root", "before")


def furnished(root: Path, which: str) -> Path:
    for edit in EDITS:
        text = getattr(edit, which)
        if text is not None:
            file = root / edit.path.relative_to("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode(errors="surrogateescape"))
            file.chmod(edit.mode)
    (root / "edits.json").write_text(json.dumps(journal.edits_to_json(EDITS)))
    return root


def files(root: Path) -> dict[str, tuple[bytes, int]]:
    """All below /etc, temporary ones too."""
    return {
        str(file.relative_to(root)): (file.read_bytes(), file.stat().st_mode & 0o777)
        for file in sorted((root / "etc").rglob("*"))
        if file.is_file()
    }


def cut_short(root: Path, what: str, number: int) -> bool:
    """Whether it was killed before it was done."""
    done = subprocess.run(
        [sys.executable, str(CUT_SHORT), str(root), what, str(number)],
        capture_output=True, text=True, timeout=30, check=False,
        env={
            **os.environ,
            "PYTHONPATH": str(Path(tree.__file__).parents[2]),
            "PYTHONDONTWRITEBYTECODE": "1",  # those writes would be counted, too
        },
    )  # fmt: skip
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode != 0


@pytest.mark.parametrize("what", ["write", "back"])
def test_killed_before_any_change_of_the_file_system(tmp_path: Path, what: str) -> None:
    """After a reboot all files are the old ones or all the new ones."""
    first, last = ("before", "after") if what == "write" else ("after", "before")
    old, new = (files(furnished(tmp_path / name, name)) for name in (first, last))
    seen = []
    for number in range(1, 200):
        root = furnished(tmp_path / f"{what}{number}", first)
        if not cut_short(root, what, number):
            break
        tree.finish(root)
        now = {name: one for name, one in files(root).items() if ".pasarela-new" not in name}
        assert now in (old, new), number
        assert not journal.is_open(root)
        seen.append(now == new)
        tree.take_back(root, EDITS)
        if what == "write":
            assert files(root) == old, number
    assert seen == sorted(seen), "once it is decided it stays so"
    assert True in seen and False in seen and len(seen) > 12


def test_a_change_that_is_finished_leaves_no_journal(host: Path) -> None:
    tree.write(host, EDITS)
    assert tree.is_written(host, EDITS)
    assert not journal.is_open(host)
    assert tree.finish(host) == ()
    tree.take_back(host, EDITS)
    assert not journal.is_open(host)


def test_the_journal_is_for_root_alone(host: Path) -> None:
    """It has the texts of files that hold keys."""
    journal.save(host, LASTING)
    place = journal.place(host)
    assert place.stat().st_mode & 0o777 == 0o600
    assert place.parent.stat().st_mode & 0o777 == 0o700
    assert journal.load(host) == (LASTING, False)


def test_a_file_that_somebody_has_changed_since_is_left(host: Path) -> None:
    """The others are the old ones then."""
    before = files(host)
    journal.save(host, LASTING)
    (host / "etc/systemd/network/10-br0.netdev").write_text("mine\n")
    tree.finish(host)
    assert (host / "etc/systemd/network/10-br0.netdev").read_text() == "mine\n"
    (host / "etc/systemd/network/10-br0.netdev").unlink()
    assert files(host) == before


def test_a_journal_that_cannot_be_read_is_told_of(host: Path) -> None:
    journal.place(host).parent.mkdir(parents=True)
    journal.place(host).write_text("{")
    with pytest.raises(HostnetRefused, match=r"files\.json cannot be read"):
        tree.finish(host)


def test_nothing_is_written_where_the_journal_cannot_be(host: Path) -> None:
    before = files(host)
    (host / "var").write_text("no folder")
    with pytest.raises(SystemCallFailed, match=r"cannot write .*files\.json: Not a directory"):
        tree.write(host, EDITS)
    assert files(host) == before
