"""The lab's own formats: archives, leases, tables, records of who runs where."""

from __future__ import annotations

import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv4Interface
from pathlib import Path

import pytest

from pasarela.cli.commands.general import LAB
from pasarela.lab import cli, dhcp, guest, probe, report, shell, state
from pasarela.lab.dhcp6 import _pack, _unpack
from pasarela.lab.faults import LabError, run
from pasarela.lab.kinds import COLUMNS, KINDS
from pasarela.lab.measure import Line
from pasarela.lab.probe import Caller
from pasarela.lab.state import Record
from pasarela.lab.vm import cpio


def test_an_archive_is_read_by_cpio_as_it_was_written(tmp_path: Path) -> None:
    packed = cpio.archive(
        [
            cpio.directory("bin"),
            cpio.file("bin/tool", b"#!/bin/sh\necho hello\n", executable=True),
            cpio.file("odd", b"12345"),
            cpio.link("bin/sh", "tool"),
        ]
    )
    assert len(packed) % 4 == 0
    reader = ["busybox", "cpio", "-i", "-d"]
    subprocess.run(reader, input=packed, cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "odd").read_bytes() == b"12345"
    assert (tmp_path / "bin/sh").readlink() == Path("tool")
    assert run([str(tmp_path / "bin/tool")]) == "hello\n"


def test_a_lease_is_what_the_client_printed() -> None:
    said = (
        "udhcpc: started, v1.35.0\naddress=10.0.0.7/24\nrouter=10.0.0.1\n"
        "dns=10.0.0.1 10.0.0.2\nserver=10.0.0.1\n"
    )
    offer = dhcp.parse(said)
    assert offer is not None
    assert offer.address == IPv4Interface("10.0.0.7/24")
    assert offer.routers == (IPv4Address("10.0.0.1"),)
    assert [str(server) for server in offer.name_servers] == ["10.0.0.1", "10.0.0.2"]


def test_no_lease_is_none() -> None:
    assert dhcp.parse("udhcpc: started, v1.35.0\nudhcpc: no lease, failing\n") is None


@pytest.mark.parametrize(
    ("said", "caller"),
    [
        ("You come from 192.0.2.1 port 7.", Caller(IPv4Address("192.0.2.1"), 7)),
        ("You come from [::ffff:192.0.2.1] port 7.", Caller(IPv4Address("192.0.2.1"), 7)),
        ("HTTP/1.0 404 Not Found", None),
    ],
)
def test_whom_a_server_saw(said: str, caller: Caller | None) -> None:
    assert probe.caller_in(said) == caller


def test_dhcpv6_options_come_back() -> None:
    options = {1: b"abc", 3: b"", 23: bytes(16)}
    assert dict(_unpack(_pack(options))) == options


def line(**measured: str) -> Line:
    promised = dict.fromkeys(COLUMNS, "yes")
    return Line(KINDS[0], KINDS[0].title, 4, promised, {**promised, **measured})


def test_a_kept_promise_is_one_word_and_a_broken_one_says_both() -> None:
    assert "promised:" not in report.as_text([line()], 3)
    assert "All 1 lines are as promised; measured in 3 s." in report.as_text([line()], 3)
    assert "no (promised: yes)" in report.as_text([line(host="no")], 3)
    assert "1 of 2 lines differ" in report.as_text([line(), line(host="no")], 3)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "-a", "Lab", "a" * 32, "a\n"])
def test_names_that_no_lab_may_have(name: str) -> None:
    with pytest.raises(LabError, match="cannot be a lab's name"):
        state.directory(name)


def test_a_record_of_a_pid_that_is_another_process_now_is_not_alive() -> None:
    started = state.start_time(1)
    assert started is not None
    assert Record("lab", 1, started, False).alive
    assert not Record("lab", 1, started + 1, False).alive


@pytest.mark.timeout(30)
def test_the_runtime_folder_goes_with_the_last_lab(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))

    def one(number: int) -> None:
        with state.locked():
            state.directory(f"lab{number}").mkdir()
            state.save(Record(f"lab{number}", 1, 1, False))
        with state.locked():
            state.forget(f"lab{number}")

    with ThreadPoolExecutor(8) as executor:
        list(executor.map(one, range(200)))
    assert list(tmp_path.iterdir()) == []


def test_a_program_that_fails_says_what_it_said() -> None:
    with pytest.raises(LabError, match="sh -c echo why >&2; exit 3' failed: why"):
        run(["sh", "-c", "echo why >&2; exit 3"])


def test_a_program_that_is_missing_names_the_way_out() -> None:
    with pytest.raises(LabError, match="'no-such-program' is not installed") as caught:
        run(["no-such-program"])
    assert caught.value.remedy == "Run scripts/install."


def test_completion_knows_the_labs_words(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["nosuch"])
    said = capsys.readouterr().err.partition("choose from ")[2]
    assert re.findall(r"\w+", said) == LAB.removeprefix("words:").split()


def test_greetings_fit_a_terminal() -> None:
    lines = [line for text in shell._BANNERS.values() for line in text.splitlines()]
    assert max(map(len, lines)) < 80


@pytest.mark.parametrize(
    ("mac", "address", "remedy"),
    [
        ("01:00:5e:00:00:01", None, "even number"),
        (None, "192.168.6.5", "192.168.6.5/24"),
        (None, "nonsense", "192.168.7.2/24"),
    ],
)
def test_a_guest_that_cannot_be(mac: str | None, address: str | None, remedy: str) -> None:
    with pytest.raises(LabError) as refused:
        guest.request("web", "default", mac, address)
    assert remedy in str(refused.value.remedy)


def test_a_command_without_its_dashes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["shell", "web", "ping", "-c1", "example.com"])
    assert (
        "hint: put -- before the command: pasarela lab shell web -- ping" in capsys.readouterr().err
    )


def test_a_failed_command_is_shown_without_how_its_machine_was_entered() -> None:
    entered = ["sh", "-c", "exit 3", "sh /etc/pasarela-lab/enter.sh", "host", "ip", "link"]
    with pytest.raises(LabError, match=r"^'host ip link' failed: exit code 3$"):
        run(entered)
