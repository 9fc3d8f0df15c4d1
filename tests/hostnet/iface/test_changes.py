"""The restore point of a change of the interfaces: files come back byte for byte."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from pasarela.errors import InternalError, OperationInvalid
from pasarela.hostnet.iface import changes
from pasarela.hostnet.iface.changes import Changes

PATTERNS = ("etc/network/interfaces", "etc/network/interfaces.d/*", "etc/netplan/*.yaml")


@pytest.fixture
def place(root: Path) -> Path:
    return root / "var/lib/change.json"


@pytest.fixture
def files(root: Path) -> Changes:
    return reopened(root)


def reopened(root: Path) -> Changes:
    """As another process sees it."""
    return Changes(root / "var/lib/change.json", root, PATTERNS)


def write(root: Path, path: str, content: bytes, mode: int = 0o644) -> Path:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    file.chmod(mode)
    return file


def tree(root: Path) -> dict[str, tuple[bytes, int]]:
    """All of /etc, with modes."""
    found = (path for path in (root / "etc").rglob("*") if path.is_file())
    return {
        str(path.relative_to(root)): (path.read_bytes(), path.stat().st_mode & 0o7777)
        for path in found
    }


def go_back(root: Path) -> None:
    again = reopened(root)
    again.restore(again.current("rollback"))
    again.end()


def test_what_was_changed_added_and_removed_comes_back(root: Path, files: Changes):
    write(root, "etc/network/interfaces", b"auto lo\n# caf\xe9\r\n")
    write(root, "etc/netplan/50-wifi.yaml", b"password: secret\n", 0o600)
    gone = write(root, "etc/network/interfaces.d/lan", b"auto lan\n", 0o640)
    write(root, "etc/hosts", b"127.0.0.1 localhost\n")
    before = tree(root)
    files.begin(up=(), present=())
    write(root, "etc/network/interfaces", b"nothing\n", 0o600)
    write(root, "etc/netplan/50-wifi.yaml", b"", 0o644)
    write(root, "etc/netplan/90-new.yaml", b"network: {}\n")
    gone.unlink()
    assert tree(root) != before
    go_back(root)
    assert tree(root) == before


def test_a_folder_that_went_comes_back(root: Path, files: Changes):
    write(root, "etc/network/interfaces.d/lan", b"auto lan\n")
    before = tree(root)
    files.begin(up=(), present=())
    shutil.rmtree(root / "etc/network")
    go_back(root)
    assert tree(root) == before


def test_files_of_others_are_left_alone(root: Path, files: Changes):
    write(root, "etc/network/interfaces", b"auto lo\n")
    files.begin(up=(), present=())
    other = write(root, "etc/network/if-up.d/hook", b"#!/bin/sh\n", 0o755)
    go_back(root)
    assert other.exists()


def test_what_a_link_leads_to_comes_back(root: Path, files: Changes):
    target = write(root, "srv/interfaces", b"auto lo\n")
    (root / "etc/network").mkdir(parents=True)
    (root / "etc/network/interfaces").symlink_to(target)
    files.begin(up=(), present=())
    target.write_bytes(b"changed\n")
    go_back(root)
    assert (root / "etc/network/interfaces").is_symlink()
    assert target.read_bytes() == b"auto lo\n"


def test_the_restore_point_is_for_root_alone(root: Path, place: Path, files: Changes):
    write(root, "etc/netplan/50-wifi.yaml", b"password: secret\n", 0o600)
    files.begin(up=("eth0",), present=("eth0", "lo"))
    assert place.stat().st_mode & 0o777 == 0o600
    point = reopened(root).current("rollback")
    assert (point.up, point.present) == ({"eth0"}, {"eth0", "lo"})
    assert point.is_of_this_boot


def test_a_restore_point_of_another_boot(
    root: Path, files: Changes, monkeypatch: pytest.MonkeyPatch
):
    files.begin(up=(), present=())
    other = write(root, "boot_id", b"5d1c3a2e-0000-4000-8000-000000000000\n")
    monkeypatch.setattr(changes, "_BOOT_ID", other)
    point = reopened(root).pending()
    assert point is not None
    assert not point.is_of_this_boot


def test_a_restore_point_that_cannot_be_read_is_named(root: Path, place: Path, files: Changes):
    write(root, "var/lib/change.json", b'{"boot": ')
    with pytest.raises(InternalError) as refused:
        files.pending()
    assert str(refused.value.location) == str(place)


def test_there_is_one_change_at_a_time_in_libvirts_words(root: Path, files: Changes):
    files.begin(up=(), present=())
    with pytest.raises(OperationInvalid) as twice:
        files.begin(up=(), present=())
    files.end()
    with pytest.raises(OperationInvalid) as commit:
        files.current("be committed")
    with pytest.raises(OperationInvalid) as rollback:
        files.current("rollback")
    ours = [error.value.message for error in (twice, commit, rollback)]
    assert ours == theirs()


def theirs() -> list[str]:
    """libvirt's words, by its test driver."""
    if not shutil.which("virsh"):
        pytest.skip("no virsh here to compare with")
    commands = "iface-begin; iface-begin; iface-commit; iface-commit; iface-rollback"
    done = subprocess.run(
        ["virsh", "-q", "-c", "test:///default", commands],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    lines = done.stderr.splitlines()
    return [line.removeprefix("error: ") for line in lines if "not valid" in line]
