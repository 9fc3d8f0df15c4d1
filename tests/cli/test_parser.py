"""What a command line is understood as; each case was compared with virsh 9.0.0."""

from __future__ import annotations

import pytest

from pasarela.cli.parser import parse
from pasarela.cli.words import SyntaxFault, from_arguments, from_string

Given = list[tuple[str, dict[str, list[str]]]]


def understood(line: str | list[str]) -> Given:
    tokens = from_string(line) if isinstance(line, str) else from_arguments(line)
    return [(given.command.name, given._given) for given in parse(tokens)]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("a b", ["a", "b"]),
        (" \ta  b ", ["a", "b"]),
        ("a;b", ["a", None, "b"]),
        ("a\nb", ["a", None, "b"]),
        ("""'a b' "c d" e\\ f""", ["a b", "c d", "e f"]),
        (r'"a\"b"', ['a"b']),
        (r"'a\b'", [r"a\b"]),
        (r'"a\b"', ["ab"]),
        ("a\\\nb", ["ab"]),
        ("'open", ["open"]),
        ("a # b; c\nd", ["a", None, "d"]),
        ("a#b", ["a#b"]),
        ("''", [""]),
        ("", []),
    ],
)
def test_words(line: str, words: list[str | None]) -> None:
    assert list(from_string(line)) == words


@pytest.mark.parametrize(
    ("line", "fault"),
    [('a "b', 'missing "'), ("a b\\", "dangling \\")],
)
def test_words_that_do_not_end(line: str, fault: str) -> None:
    with pytest.raises(SyntaxFault) as caught:
        list(from_string(line))
    assert str(caught.value) == fault


@pytest.mark.parametrize(
    ("line", "given"),
    [
        ("net-list --all", [("net-list", {"all": [""]})]),
        ("net-start red", [("net-start", {"network": ["red"]})]),
        ("net-start --network red", [("net-start", {"network": ["red"]})]),
        ("net-start --network=red", [("net-start", {"network": ["red"]})]),
        ("net-start --network=", [("net-start", {"network": [""]})]),
        ("net-start -x", [("net-start", {"network": ["-x"]})]),
        ("net-start -- --x", [("net-start", {"network": ["--x"]})]),
        ("net-start --network --x", [("net-start", {"network": ["--x"]})]),
        ("net-dhcp-leases red m", [("net-dhcp-leases", {"network": ["red"], "mac": ["m"]})]),
        ("net-dhcp-leases --mac m red", [("net-dhcp-leases", {"network": ["red"], "mac": ["m"]})]),
        (
            "net-update --section ip red add '<ip/>' 3",
            [
                (
                    "net-update",
                    {
                        "section": ["ip"],
                        "network": ["red"],
                        "command": ["add"],
                        "xml": ["<ip/>"],
                        "parent-index": ["3"],
                    },
                )
            ],
        ),
        ("net-event x", [("net-event", {"network": ["x"]})]),
        ("echo a --shell b", [("echo", {"string": ["a", "b"], "shell": [""]})]),
        ("echo a;;echo b", [("echo", {"string": ["a"]}), ("echo", {"string": ["b"]})]),
        (["echo", "a", ";", "b"], [("echo", {"string": ["a", ";", "b"]})]),
        ("help a b --c", [("help", {"command": ["a"]})]),
        ("net-start --help", [("help", {"command": ["net-start"]})]),
        ("net-start red --help", [("help", {"command": ["net-start"]})]),
        ("; ;", []),
    ],
)
def test_understood(line: str | list[str], given: Given) -> None:
    assert understood(line) == given


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("nosuch", "unknown command: 'nosuch'"),
        ('nosuch "', "unknown command: 'nosuch'"),
        ("echo a; nosuch", "unknown command: 'nosuch'"),
        ("net-start", "command 'net-start' requires <network> option"),
        (
            "net-update red",
            "command 'net-update' requires <command> option\n"
            "command 'net-update' requires <section> option\n"
            "command 'net-update' requires <xml> option",
        ),
        ("net-start a b", "unexpected data 'b'"),
        ("net-list -- a", "unexpected data 'a'"),
        ("net-list --bogus", "command 'net-list' doesn't support option --bogus"),
        ("net-list --al", "command 'net-list' doesn't support option --al"),
        ("net-list --all --all", "option --all already seen"),
        ("net-list --all=x", "invalid '=' after option --all"),
        ("net-start --network", "expected syntax: --network <string>"),
        ("net-event --timeout", "expected syntax: --timeout <number>"),
        ("net-start --network a --network b", "option --network already seen"),
        ("net-list --help --bogus", "command 'net-list' doesn't support option --bogus"),
        ("net-name --help=3", "invalid '=' after option --help"),
        ("net-name --help a b", "unexpected data 'b'"),
        ("net-dumpxml red --inactive x", "unexpected data 'x'"),
    ],
)
def test_faults(line: str, fault: str) -> None:
    with pytest.raises(SyntaxFault) as caught:
        understood(line)
    assert str(caught.value) == fault


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("net-strat red", "did you mean net-start?"),
        ("start red", "virsh's 'start' is for guests; for networks: net-start"),
        ("xyzzy", "'pasarela help' lists the commands"),
        ("net-list --al", "did you mean --all?"),
        ("net-list --frobnicate", "'pasarela help net-list' lists its options"),
        ("net-port-create red.xml", "usage: net-port-create <network> <file> [--validate]"),
        ("net-start red blue", "usage: net-start <network>"),
    ],
)
def test_hints(line: str, hint: str) -> None:
    with pytest.raises(SyntaxFault) as caught:
        understood(line)
    assert caught.value.hint == hint
