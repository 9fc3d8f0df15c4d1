"""Files that are the old or the new one, and settings below /proc/sys."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pasarela.errors import SystemCallFailed
from pasarela.host.files import Files, write_atomically
from pasarela.host.sysctl import Sysctls
from pasarela.plan.actions import ApplyError, Change, Create, Remove
from pasarela.plan.resources import Rank, Sysctl, TextFile


def test_what_is_written_is_seen(tmp_path: Path):
    file = TextFile(tmp_path / "deep" / "er" / "n.conf", "ñ\n", mode=0o600, reader="n")
    Files().apply([Create(file)])
    assert list(Files().observe([file])) == [file]
    assert [one.name for one in file.path.parent.iterdir()] == ["n.conf"]


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_the_mode_does_not_depend_on_the_umask(tmp_path: Path, umask: int):
    before = os.umask(umask)
    try:
        write_atomically(tmp_path / "file", "x", mode=0o644, durable=True)
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o644


def test_another_content_or_mode_is_seen_as_another(tmp_path: Path):
    file = TextFile(tmp_path / "n.conf", "one\n")
    Files().apply([Create(file)])
    file.path.write_text("two\n")
    assert list(Files().observe([file])) == [TextFile(file.path, "two\n")]
    file.path.chmod(0o666)
    assert list(Files().observe([file])) == [TextFile(file.path, "two\n", mode=0o666)]
    Files().apply([Change(TextFile(file.path, "two\n", mode=0o666), file)])
    assert list(Files().observe([file])) == [file]


def test_removing_what_is_gone_is_nothing(tmp_path: Path):
    file = TextFile(tmp_path / "n.conf", "one\n")
    Files().apply([Create(file), Remove(file), Remove(file)])
    assert list(Files().observe([file])) == []


def test_a_reader_never_meets_half_a_file(tmp_path: Path):
    path = tmp_path / "file"
    path.write_text("old")
    with path.open() as reader:
        write_atomically(path, "new")
        assert reader.read() == "old"
    assert path.read_text() == "new"


def test_a_failure_leaves_nothing_and_names_what_was_done(tmp_path: Path):
    fine = TextFile(tmp_path / "fine", "x")
    blocked = TextFile(tmp_path / "blocked", "x")
    blocked.path.mkdir()
    with pytest.raises(ApplyError) as failed:
        Files().apply([Create(fine), Create(blocked), Create(TextFile(tmp_path / "late", ""))])
    assert failed.value.done == (Create(fine),)
    assert isinstance(failed.value.cause, SystemCallFailed)
    assert {one.name for one in tmp_path.iterdir()} == {"fine", "blocked"}


def test_a_link_in_place_of_the_temporary_file_is_not_followed(tmp_path: Path):
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / "n.conf.new").symlink_to(victim)
    with pytest.raises(OSError, match="symbolic links"):
        write_atomically(tmp_path / "n.conf", "x")
    assert victim.read_text() == "mine"


@pytest.mark.netns
def test_settings_are_set_and_seen(netns: None):
    on = Sysctl("net/ipv4/ip_forward", "1", rank=Rank.FORWARDING)
    off = Sysctl("net/ipv4/ip_forward", "0")
    assert list(Sysctls().observe([on])) == [off]
    Sysctls().apply([Change(off, on)])
    assert list(Sysctls().observe([on])) == [on]
    Sysctls().apply([Remove(on)])
    assert list(Sysctls().observe([on])) == [on]


@pytest.mark.netns
def test_a_setting_that_is_not_there_is_said_with_a_way_out(netns: None):
    absent = Sysctl("net/ipv6/conf/virbr9/accept_ra", "0")
    assert list(Sysctls().observe([absent])) == []
    with pytest.raises(ApplyError) as failed:
        Sysctls().apply([Create(absent)])
    assert str(failed.value.cause) == (
        "cannot set net.ipv6.conf.virbr9.accept_ra to 0: No such file or directory"
    )
