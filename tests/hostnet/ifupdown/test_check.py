"""What check finds in interfaces files: each mistake in its line, with the way out."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from hostnet.ifupdown.corpus import CASES, FOLDER, MAIN, carry_out, changed, texts
from hostnet.ifupdown.mistakes import BRIDGE, MISTAKES, STATIC
from pasarela.errors import HostnetRefused
from pasarela.hostnet.ifupdown import Ifupdown
from pasarela.hostnet.manager import Finding, Severity, Surroundings

HOST = Surroundings(
    frozenset({"lo", "enp3s0", "enp4s0", "wifi0"}),
    frozenset({"wifi0"}),
    {"enp3s0": "52:54:00:00:00:03", "enp4s0": "52:54:00:00:00:04"},
)


def check(text: str, around: Surroundings = HOST) -> list[str]:
    return [told(one) for one in Ifupdown().check({MAIN: text}, around)]


def told(finding: Finding) -> str:
    assert finding.remedy
    return f"{finding.line} {finding.severity.value}: {finding.message} -> {finding.remedy}"


def test_a_good_file_is_good() -> None:
    assert check(BRIDGE) == []


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes(name: str) -> None:
    text, expected = MISTAKES[name]
    assert check(text) == expected


def test_brctl_is_missing() -> None:
    around = Surroundings(missing_programs=frozenset({"brctl"}))
    assert check(BRIDGE, around) == [
        "5 error: ifup makes no bridge br0: brctl is not installed -> apt install bridge-utils"
    ]


def test_a_wifi_card_by_its_name_alone_is_a_guess() -> None:
    (found,) = check(BRIDGE.replace("enp3s0", "wlp2s0"), Surroundings())
    assert found.startswith("5 warning: wlp2s0 seems to be a Wi-Fi card")


@pytest.mark.parametrize(
    ("main", "name", "message", "remedy"),
    [
        (
            "source-directory interfaces.d\n",
            "lan.conf",
            "ifup does not read it: source-directory takes only names of letters, digits, _ and -",
            "call it lan-conf",
        ),
        (
            "auto lo\n",
            "lan",
            "ifup does not read it: no source line takes it in",
            "add to /etc/network/interfaces: source /etc/network/interfaces.d/*",
        ),
    ],
)
def test_files_that_are_not_read(main: str, name: str, message: str, remedy: str) -> None:
    path = PurePosixPath("/etc/network/interfaces.d") / name
    found = Ifupdown().check({MAIN: main, path: STATIC}, Surroundings())
    assert list(found) == [Finding(path, 0, Severity.WARNING, message, remedy)]


def test_what_ifupdown2_understands_is_only_warned_of() -> None:
    text = (FOLDER / "ifupdown2" / "interfaces").read_text()
    found = Ifupdown().check({MAIN: text}, Surroundings())
    assert {one.severity for one in found} == {Severity.WARNING}


@pytest.mark.parametrize("name", CASES)
def test_what_is_written_has_no_new_mistakes(name: str) -> None:
    files = texts(FOLDER / name)
    before = [(one.severity, one.message) for one in Ifupdown().check(files, Surroundings())]
    try:
        after = changed(files, carry_out(files, (FOLDER / name / "action").read_text()))
    except HostnetRefused:
        return
    found = Ifupdown().check(after, Surroundings())
    new = [one for one in found if (one.severity, one.message) not in before]
    assert [one for one in new if one.severity is Severity.ERROR] == []
