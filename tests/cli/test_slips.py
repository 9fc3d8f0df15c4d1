"""Slips of the hand, and what the program says to them: where, why, and the way out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest

from cli.program import RUN, Program, program, red

__all__ = ["program", "red"]


@pytest.mark.parametrize("command", [["net-list"], ["--json", "net-list"], ["help"], ["-h"]])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_output_that_cannot_be_written(root: Path, command: list[str], unbuffered: str) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", RUN, "--root", str(root), *command],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
        )
    assert done.stderr == "error: cannot write the output: No space left on device\n"
    assert done.returncode == 1


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("command", ["net-new {}", "", "net-list"])
def test_closed_streams(root: Path, program: Program, closed: str, command: str) -> None:
    name = "red"
    line = f"'{sys.executable}' -c '{RUN}' --root '{root}' {command.format(name)} {closed}"
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False)
    assert (done.stderr, done.returncode) == ("", 0)
    if command.startswith("net-new"):
        assert program("net-list", "--all", "--name").out == "red\n\n"


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["net", "start", "red"], "did you mean net-start?"),
        (["net-list", "all"], "did you mean --all?"),
        (["net-list", "-all"], "did you mean --all?"),
        (["help", "iface-rolback"], "did you mean iface-rollback?"),
        (["help", "nonsense"], "'pasarela help' lists all"),
        (["define", "no.xml"], "'define' is for guests; for a network: pasarela net-define FILE"),
        (["net-define", "-"], "to read what is piped in, say /dev/stdin"),
        (["net-uuid", str(UUID(int=7))], "this takes a name; net-name prints that of a uuid"),
    ],
)
def test_slips_get_a_way_out(program: Program, words: list[str], hint: str) -> None:
    refused = program(*words)
    assert refused.err.endswith(f"hint: {hint}\n")
    assert refused.code == 1


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        (b"<network><name>a\xf1o</name></network>", "this is not UTF-8"),
        (b"<network><name>a</name><ip address='192.168.300.1'/></network>", "from 0 to 255"),
        (b"<network><name>a</name><ip address='10.0.0.1' netmask='24x'/></network>", "prefix='24'"),
    ],
)
def test_what_is_wrong_with_a_value(root: Path, tmp_path: Path, text: bytes, remedy: str) -> None:
    file = tmp_path / "red.xml"
    file.write_bytes(text)
    command = [sys.executable, "-c", RUN, "--root", str(root), "net-define", str(file)]
    done = subprocess.run(command, capture_output=True, check=False)
    assert remedy in done.stderr.decode("latin-1").splitlines()[-1]


def test_addresses_that_no_guest_gets_are_named(program: Program, tmp_path: Path) -> None:
    file = tmp_path / "red.xml"
    file.write_text(
        "<network>\n<name>red</name>\n<ip address='192.168.6.1' netmask='255.255.255.0'>\n<dhcp>\n"
        "<host mac='52:54:00:00:00:01' ip='192.168.6.9'/>\n"
        "<host mac='52:54:00:00:00:02' ip='192.168.7.9'/>\n"
        "<host mac='52:54:00:00:00:03' ip='192.168.6.1'/>\n"
        "</dhcp>\n</ip>\n<ip family='ipv6' address='fd00::1' prefix='64'/>\n</network>\n"
    )
    assert program("net-define", str(file)).err == (
        f"warning: {file}:6: no guest will get 192.168.7.9: it is not in 192.168.6.0/24\n"
        f"warning: {file}:7: no guest will get 192.168.6.1: it is the host's own in this network\n"
    )
    wrong, right = (
        f"<host mac='52:54:00:00:00:0{last}' ip='192.168.{net}.4'/>"
        for last, net in ((4, 5), (5, 6))
    )
    added = program("net-update", "red", "add", "ip-dhcp-host", wrong)
    assert (added.out, added.code) == ("Updated network red persistent config\n\n", 0)
    assert added.err == "warning: no guest will get 192.168.5.4: it is not in 192.168.6.0/24\n"
    assert program("net-update", "red", "add", "ip-dhcp-host", right).err == ""
    assert program("net-update", "red", "delete", "ip-dhcp-host", wrong).err == ""


def test_a_name_that_is_nearly_one_of_many(program: Program) -> None:
    for number in range(9):
        program("net-new", f"red{number}", "--kind", "very-isolated")
    program("net-new", "aula", "--kind", "very-isolated")
    assert program("net-info", "alua").err.endswith("hint: did you mean aula?\n")
    assert "hint: there are: aula, red0" in program("net-info", "nothing").err


def test_hints_can_be_typed(program: Program) -> None:
    program("net-new", "my net")
    port = program("net-port-list", "my net")
    assert port.err.endswith("hint: start it first: pasarela net-start 'my net'\n")
    stopped = program("net-destroy", "my net")
    assert stopped.err.endswith("network 'my net' is not active\n")


@pytest.mark.parametrize(
    "uri", ["qemu:///sytem", "qemu://system", "network:/system", "qemu://system/"]
)
def test_slips_in_a_uri(program: Program, uri: str) -> None:
    refused = program("-c", uri, "net-list")
    driver = uri.partition(":")[0]
    assert refused.err.endswith(f"hint: did you mean {driver}:///system?\n")
    assert refused.code == 1


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        (255, "hint: ssh has said why, above; does 'ssh there' get there?"),
        (
            1,
            "hint: on there no daemon listens: "
            "is virtnetworkd, libvirtd or pasarelad running there?",
        ),
    ],
)
def test_ssh_that_gets_nowhere(program: Program, tmp_path: Path, code: int, hint: str) -> None:
    ssh = tmp_path / "ssh"
    ssh.write_text(f"#!/bin/sh\necho unreachable >&2\nexit {code}\n")
    ssh.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    refused = program("-c", "qemu+ssh://there/system", "net-list", PATH=path)
    assert "unreachable\n" in refused.err
    assert refused.err.endswith(f"{hint}\n")


def test_log(program: Program, tmp_path: Path) -> None:
    log = tmp_path / "log"
    refused = program("-l", str(log), "net-info", "a\udcf1o")
    assert log.read_bytes() == refused.err.encode(errors="surrogateescape")
    assert "'a\udcf1o'" in refused.err
    nowhere = program("-l", str(tmp_path / "no" / "log"), "net-list")
    assert (nowhere.out, nowhere.code) == ("", 1)
    assert nowhere.err == (
        "error: failed to open the log file. check the log file path\n"
        f"hint: {tmp_path}/no/log: No such file or directory\n"
    )


def test_text_that_is_not_utf_8_is_kept_out_of_documents(program: Program, red: Path) -> None:
    program("net-start", "red")
    for words in (["a\udcf1o"], ["--title", "a\udcf1o"]):
        refused = program("net-desc", "red", *words)
        assert refused.code == 1
        assert "bytes that are not UTF-8" in refused.err
    assert program("net-list", "--name").out == "red\n\n"
    program("net-destroy", "red")


def test_edit_names_what_has_no_effect(program: Program, red: Path, tmp_path: Path) -> None:
    edited = program("net-edit", "red", EDITOR="sed -i 's/<forward/<foward/'")
    assert edited.out == "Network red XML configuration edited.\n\n"
    assert edited.err == (
        "warning: line 4: <foward> has no effect directly below <network>: "
        "did you mean <forward>?\n"
    )


def test_edit_of_text_that_is_not_utf_8(program: Program, red: Path) -> None:
    edited = program("net-edit", "red", EDITOR="sed -i 's/nat/n\\xf1t/'")
    assert edited.code == 1
    assert edited.err.endswith("encoding='ISO-8859-1'?>\n")


def test_host_check_knows_a_networks_document(program: Program, red: Path) -> None:
    refused = program("host-check", str(red))
    assert refused.err.startswith(f"error: {red} is XML, and no file of ifupdown")
    assert refused.err.endswith(f"pasarela net-define --validate {red}\n")
    assert refused.code == 1
