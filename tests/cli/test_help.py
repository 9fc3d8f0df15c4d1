"""Help, the reference and completion come from one table, and the table is sound."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from cli.conftest import Run
from pasarela.cli import table
from pasarela.cli.commands.general import LAB
from pasarela.cli.completion import LAB_OPTIONS, bash, candidates, zsh
from pasarela.cli.markdown import reference
from pasarela.cli.parser import parse
from pasarela.cli.spec import Command, Kind, load
from pasarela.cli.words import from_string
from pasarela.lab import cli as lab

ROOT = Path(__file__).parents[2]
COMMANDS = [command for group in table.groups() for command in group.commands]
OF_THE_ISSUE = [
    "net-autostart",
    "net-create",
    "net-define",
    "net-desc",
    "net-destroy",
    "net-dhcp-leases",
    "net-dumpxml",
    "net-edit",
    "net-event",
    "net-info",
    "net-list",
    "net-metadata",
    "net-name",
    "net-start",
    "net-undefine",
    "net-update",
    "net-uuid",
    "net-port-list",
    "net-port-create",
    "net-port-dumpxml",
    "net-port-delete",
    "iface-list",
    "iface-dumpxml",
    "iface-mac",
    "iface-name",
    "iface-begin",
    "iface-bridge",
    "iface-commit",
    "iface-define",
    "iface-destroy",
    "iface-edit",
    "iface-rollback",
    "iface-start",
    "iface-unbridge",
    "iface-undefine",
    "help",
    "echo",
    "quit",
    "exit",
    "cd",
    "pwd",
    "version",
    "uri",
    "hostname",
    "net-new",
    "net-default",
]


def test_all_that_was_promised_is_there() -> None:
    assert set(OF_THE_ISSUE) <= set(table.names())


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_has_a_handler_and_sound_options(command: Command) -> None:
    assert callable(load(command))
    names = [option.name for option in command.options]
    assert len(set(names)) == len(names)
    required = [o.kind is Kind.DATA for o in command.options if o.takes_value]
    assert required == sorted(required, reverse=True), "required options come first"
    rest = [option for option in command.options if option.kind is Kind.REST]
    assert not rest or rest[-1] == [o for o in command.options if o.takes_value][-1]


def test_the_reference_is_up_to_date() -> None:
    written = (ROOT / "docs/reference/commands.md").read_text()
    assert written == reference(), "run scripts/docs"


def test_help_of_a_command(run: Run) -> None:
    by_option, by_command = run("net-name", "--help"), run("help", "net-name")
    assert by_option == by_command
    assert by_option.out == (
        "  NAME\n    net-name - print the name of the network with a uuid\n"
        "\n  SYNOPSIS\n    net-name <network> [--json]\n"
        "\n  OPTIONS\n    [--network] <string>  uuid of the network\n"
        "    --json                print JSON instead of text\n"
        "\n\n"
    )


def test_help_fits_a_terminal_but_for_what_is_to_be_typed(run: Run) -> None:
    for name in table.names():
        told = run("help", name).out
        _, _, after = told.partition("\n  SYNOPSIS\n    ")
        lines = after.split("  EXAMPLES")[0].splitlines()[1:]
        assert max(map(len, lines), default=0) <= 80


def test_examples_are_commands() -> None:
    examples = [example for command in COMMANDS for example in command.examples]
    assert len(examples) > 5
    for example in examples:
        (parsed,) = parse(from_string(example))
        assert example.startswith(parsed.command.name)


def test_help_of_groups(run: Run) -> None:
    everything = run("help").out
    assert everything.startswith("Grouped commands:\n\n Networking (help keyword 'network'):\n")
    assert "\n    net-port-delete                delete a port\n" in everything
    assert "complete-names" not in everything
    group = run("help", "interface").out
    assert group.startswith(" Interface (help keyword 'interface'):\n    iface-")
    assert run("help", "INTERFACE").out == group
    missing = run("help", "nosuch")
    assert missing.err == (
        "error: command or command group 'nosuch' doesn't exist\nhint: 'pasarela help' lists all\n"
    )


# completion


def names(what: str) -> list[str]:
    return {"network": ["default", "red"], "interface": ["enp3s0"], "command": ["net-list"]}.get(
        what, []
    )


@pytest.mark.parametrize(
    ("before", "text", "expected"),
    [
        ("net-info", "", ["default", "red"]),
        ("net-info default", "", []),
        ("net-info --network", "", ["default", "red"]),
        ("net-port-list", "--", ["--network", "--uuid", "--table", "--json"]),
        ("net-port-list --uuid", "--", ["--network", "--table", "--json"]),
        ("net-update red", "", ["add-first", "add-last", "add", "delete", "modify"]),
        (
            "net-new x --kind",
            "nat",
            ["nat", "isolated", "very-isolated", "route", "open", "bridge", "macvtap"],
        ),
        ("net-new x --dev", "", ["enp3s0"]),
        ("net-event --event", "", ["lifecycle", "metadata-change"]),
        ("nosuch", "", []),
        ("help", "", ["net-list"]),
        ("lab", "--", []),
        ("lab shell", "--", ["--name"]),
    ],
)
def test_candidates(before: str, text: str, expected: list[str]) -> None:
    assert candidates(before.split(), text, names) == expected


def test_commands_and_files_are_candidates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "net-start" in candidates([], "net-", names)
    (tmp_path / "red.xml").touch()
    (tmp_path / "redes").mkdir()
    monkeypatch.chdir(tmp_path)
    assert sorted(candidates(["net-define"], "red", names)) == ["red.xml", "redes/"]
    assert candidates(["net-define"], "redes/", names) == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("pasarela net-inf", ["net-info"]),
        ("pasarela --root /r net-inf", ["net-info"]),
        ("pasarela -q net-list --a", ["--all", "--autostart"]),
        ("pasarela net-start ", ["one", "two"]),
        ("pasarela --root /r net-start --network t", ["two"]),
        ("pasarela net-update one mod", ["modify"]),
        ("pasarela net-update one add dns-", ["dns-host", "dns-txt", "dns-srv"]),
        ("pasarela net-new x --kind ma", ["macvtap"]),
        ("pasarela --ver", ["--version"]),
        ("pasarela la", ["lab"]),
        ("pasarela lab st", ["status"]),
        ("pasarela lab shell ", ["one", "two"]),
        ("pasarela lab guest ", []),
        ("pasarela lab guest three --a", ["--address"]),
        ("pasarela lab --", []),
        ("pasarela host-bridge create br0 --ga", ["--gateway"]),
        ("pasarela host-bridge create br0 --port ", ["one", "two"]),
        ("pasarela lab check --k", ["--kind", "--keep"]),
        ("pasarela net-dumpxml --inactive ", ["one", "two"]),
        ("pasarela net-autostart --disable o", ["one"]),
        ("pasarela net-update --live one add dns-t", ["dns-txt"]),
        ("pasarela net-new --kind isolated --like ", ["one", "two"]),
        ("pasarela net-dhcp-leases --mac ", []),
        ("pasarela net-dhcp-leases --mac 52:54:00:00:00:01 t", ["two"]),
        ("pasarela lab guest three --network ", ["one", "two"]),
        ("pasarela -c ", []),
        ("pasarela --root /dev/nul", ["/dev/null"]),
    ],
)
def test_bash_completes(line: str, expected: list[str], tmp_path: Path) -> None:
    """With a stand-in for the program, which says what it was asked."""
    program = tmp_path / "pasarela"
    program.write_text("#!/bin/sh\ncase $* in *complete-names*) printf 'one\\ntwo\\n';; esac\n")
    program.chmod(0o755)
    words = line.split(" ")
    script = (
        f"{bash()}\nPATH={tmp_path}:$PATH\n"
        f"COMP_WORDS=({' '.join(repr(word) for word in words)})\nCOMP_CWORD={len(words) - 1}\n"
        '_pasarela\nprintf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout.split() == expected


def test_the_zsh_script_is_bashs_behind_zshs_bridge() -> None:
    assert zsh().startswith("#compdef pasarela\n")
    assert "bashcompinit" in zsh()


def test_the_labs_options_are_those_of_its_parser(capsys: pytest.CaptureFixture[str]) -> None:
    assert set(LAB_OPTIONS) == set(LAB.removeprefix("words:").split())
    for command, options in LAB_OPTIONS.items():
        with pytest.raises(SystemExit):
            lab.main([command, "--help"])
        told = re.findall(r"^  (?:-h, )?(--\w+)", capsys.readouterr().out, re.MULTILINE)
        assert {*options.split(), "--help"} == set(told)


def test_names_for_completion(run: Run) -> None:
    assert run("-q", "complete-names", "network").out == "Aislada\ndefault\ntemporal\n"
    assert run("-q", "complete-names", "active-network").out == "default\ntemporal\n"
    assert run("-q", "complete-names", "inactive-network").out == "Aislada\n"
    assert "net-list\n" in run("-q", "complete-names", "command").out


def test_completion_of_an_unknown_shell(run: Run) -> None:
    outcome = run("completion", "fish")
    assert outcome.err == "error: no completion for 'fish'\nhint: one of bash, zsh\n"
