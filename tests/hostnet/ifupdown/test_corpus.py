"""Interfaces files of many shapes, each through one change: nothing but the intended lines.

To write what is expected anew (and read the difference in git):
PASARELA_WRITE_CASES=1 scripts/pytest <this file>.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest

from hostnet.ifupdown.corpus import CASES, FOLDER, carry_out, changed, outcome, texts
from pasarela.errors import HostnetRefused
from pasarela.hostnet.ifupdown import Ifupdown
from pasarela.hostnet.ifupdown.document import parse
from pasarela.hostnet.manager import Texts
from pasarela.model.interface_config import InterfaceConfig

KEEPING = [
    name
    for name in CASES
    if (action := (FOLDER / name / "action").read_text()).startswith("bridge ")
    and "dhcp" not in action.split()
    and "address=" not in action
]
# Lines about the link that stood among or after others come first after unbridging.
NOT_BACK = {"link-settings", "hooks", "auto-within", "bond"}


@pytest.mark.parametrize("name", CASES)
def test_only_the_intended_lines_change(name: str) -> None:
    found = outcome(name)
    folder = FOLDER / name
    if os.environ.get("PASARELA_WRITE_CASES"):
        for file in ("change.diff", "refused.txt"):
            (folder / file).unlink(missing_ok=True)
        for file, content in found.items():
            (folder / file).write_text(content)
    expected = {
        file: (folder / file).read_text()
        for file in ("change.diff", "refused.txt")
        if (folder / file).exists()
    }
    assert found == expected


@pytest.mark.parametrize("name", CASES)
def test_what_is_not_changed_is_kept_byte_for_byte(name: str) -> None:
    for path, text in texts(FOLDER / name).items():
        assert parse(path, text).text == text


@pytest.mark.parametrize("name", CASES)
def test_a_change_made_twice_is_made_once(name: str) -> None:
    files = texts(FOLDER / name)
    action = (FOLDER / name / "action").read_text()
    try:
        once = changed(files, carry_out(files, action))
    except HostnetRefused:
        return
    assert carry_out(once, action) == []


@pytest.mark.parametrize("name", CASES)
def test_defining_what_is_there_changes_nothing(name: str) -> None:
    files = texts(FOLDER / name)
    for interface in Ifupdown().interfaces(files):
        try:
            assert list(Ifupdown().define(files, interface)) == []
        except HostnetRefused as error:
            assert "inherits" in error.message or "mapping" in error.message


@pytest.mark.parametrize("name", KEEPING)
def test_unbridging_gives_the_files_back(name: str) -> None:
    files = texts(FOLDER / name)
    action = (FOLDER / name / "action").read_text()
    try:
        bridged = changed(files, carry_out(files, action))
    except HostnetRefused:
        return
    back = changed(bridged, list(Ifupdown().unbridge(bridged, action.split()[1])))
    if name in NOT_BACK:
        assert {path: sorted(text.split()) for path, text in back.items()} == {
            path: sorted(text.split()) for path, text in files.items()
        }
    else:
        assert back == files


@pytest.mark.parametrize("name", KEEPING)
def test_a_port_more_changes_one_line_and_adds_its_stanza(name: str) -> None:
    files = texts(FOLDER / name)
    action = (FOLDER / name / "action").read_text()
    bridge = action.split()[1]
    try:
        bridged = changed(files, carry_out(files, action))
    except HostnetRefused:
        return
    more = changed(bridged, list(Ifupdown().add_port(bridged, bridge, InterfaceConfig("p9"))))
    assert differing(bridged, more) == (1, {"auto p9": 1, "iface p9 inet manual": 1})
    less = changed(more, list(Ifupdown().remove_port(more, bridge, "p9")))
    assert differing(less, bridged) == (0, {"auto p9": -1, "iface p9 inet manual": -1})


def differing(before: Texts, after: Texts) -> tuple[int, dict[str, int]]:
    """How many lines got a port more, and how often each other line came or, negative, went."""
    old = Counter(line for text in before.values() for line in text.splitlines() if line)
    new = Counter(line for text in after.values() for line in text.splitlines() if line)
    gone, come = old - new, new - old
    longer = {line for line in come if line.removesuffix(" p9") in gone}
    shorter = {line.removesuffix(" p9") for line in longer}
    changes = {line: count for line, count in come.items() if line not in longer}
    return len(longer), changes | {line: -gone[line] for line in gone if line not in shorter}
