"""Interfaces files of many shapes, each through one change: nothing but the intended lines.

To write what is expected anew (and read the difference in git):
PASARELA_WRITE_CASES=1 scripts/pytest <this file>.
"""

from __future__ import annotations

import os

import pytest

from hostnet.ifupdown.corpus import CASES, FOLDER, carry_out, changed, outcome, texts
from pasarela.errors import HostnetRefused
from pasarela.hostnet.ifupdown import Ifupdown
from pasarela.hostnet.ifupdown.document import parse

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
