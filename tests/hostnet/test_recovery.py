"""What a reboot has cut short is put right, by the command that the boot's unit gives."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest

from pasarela.hostnet import journal
from pasarela.hostnet.host import Host
from pasarela.hostnet.manager import FileEdit
from pasarela.model.paths import Paths

UNIT = Path(__file__).parents[2] / "systemd/pasarela-recover.service"
INTERFACES = "auto enp3s0\niface enp3s0 inet dhcp\n"
EDITS = tuple(
    FileEdit(PurePosixPath(f"/etc/network/interfaces.d/{name}"), None, f"# {name}\n")
    for name in ("one", "two")
)

pytestmark = pytest.mark.netns


@pytest.fixture
def interfaces(root: Path) -> Path:
    file = root / "etc/network/interfaces"
    file.parent.mkdir(parents=True)
    file.write_text(INTERFACES)
    return file


def boot(root: Path) -> subprocess.CompletedProcess[str]:
    """As the unit has it."""
    found = re.search(r"^ExecStart=/usr/bin/pasarela (.*)", UNIT.read_text(), re.MULTILINE)
    assert found
    words = [sys.executable, "-P", "-m", "pasarela.cli.main", "--root", str(root)]
    return subprocess.run(
        [*words, *found[1].split()], capture_output=True, text=True, timeout=30, check=False
    )


def begin(root: Path) -> Path:
    """An ``iface-begin`` in a boot that has ended since."""
    place = Paths.under(root).interface_change
    place.parent.mkdir(parents=True)
    Host(root, place).running.begin()
    found = json.loads(place.read_text())
    place.write_text(json.dumps({**found, "boot": "another"}))
    return place


def test_where_nothing_was_cut_short(netns: None, root: Path, interfaces: Path) -> None:
    done = boot(root)
    assert (done.returncode, done.stdout.strip()) == (0, "Nothing was cut short")
    assert interfaces.read_text() == INTERFACES


def test_an_unfinished_transaction_is_taken_back(netns: None, root: Path, interfaces: Path) -> None:
    """Its files alone: the network is not up yet, and comes up by them."""
    place = begin(root)
    interfaces.write_text("# another\n")
    (interfaces.parent / "interfaces.d").mkdir()
    (interfaces.parent / "interfaces.d/new").write_text("auto enp4s0\n")
    done = boot(root)
    assert done.returncode == 0, done.stderr
    assert "a reboot ended has been taken back" in done.stdout
    assert interfaces.read_text() == INTERFACES
    assert not (interfaces.parent / "interfaces.d/new").exists()
    assert not place.exists()


def test_a_transaction_of_this_boot_goes_on(netns: None, root: Path, interfaces: Path) -> None:
    place = begin(root)
    Host(root, place).running.recover_files()
    Host(root, place).running.begin()
    interfaces.write_text("# another\n")
    assert boot(root).returncode == 0
    assert interfaces.read_text() == "# another\n" and place.exists()


def test_files_that_were_being_written_are_written(
    netns: None, root: Path, interfaces: Path
) -> None:
    journal.save(root, EDITS)
    done = boot(root)
    assert "/etc/network/interfaces.d/one, /etc/network/interfaces.d/two" in done.stdout
    for edit in EDITS:
        assert (root / edit.path.relative_to("/")).read_text() == edit.after
    assert not journal.is_open(root)


def test_one_that_fails_keeps_the_other_from_nothing(
    netns: None, root: Path, interfaces: Path
) -> None:
    place = begin(root)
    place.write_text("{")
    journal.save(root, EDITS)
    done = boot(root)
    assert done.returncode == 1
    assert "pasarela-change.json cannot be read" in done.stderr
    assert not journal.is_open(root)


def test_the_interface_calls_finish_it_too(netns: None, root: Path, interfaces: Path) -> None:
    """Where the unit is not installed, the next change comes first."""
    journal.save(root, EDITS)
    with Host(root, Paths.under(root).interface_change).changing():
        assert not journal.is_open(root)
        assert (interfaces.parent / "interfaces.d/two").exists()
