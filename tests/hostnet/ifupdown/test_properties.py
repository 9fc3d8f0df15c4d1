"""What holds for any file: it is kept byte for byte, and a change touches only its own stanzas."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hostnet.ifupdown.corpus import MAIN, bridging, changed
from hostnet.ifupdown.strategies import files, junk, steady
from pasarela.errors import HostnetFileError, HostnetRefused
from pasarela.hostnet.ifupdown import Ifupdown
from pasarela.hostnet.ifupdown.document import parse, read
from pasarela.hostnet.manager import Surroundings
from pasarela.model.interface_config import InterfaceConfig

IFUPDOWN = Ifupdown()
CHANGE = bridging("brX", "eth0", [])
AROUND = Surroundings(frozenset({"eth0"}), frozenset({"wlan0"}), {"eth0": "02:00:00:00:00:01"})


@given(st.one_of(files(), junk))
@steady
def test_what_is_read_is_kept_byte_for_byte(text: str) -> None:
    assert parse(MAIN, text).text == text


@given(st.one_of(files(), junk))
@steady
def test_checking_raises_nothing_and_knows_the_lines(text: str) -> None:
    lines = text.count("\n") + 1
    assert all(one.line <= lines for one in IFUPDOWN.check({MAIN: text}, AROUND))


@given(junk)
@steady
def test_reading_refuses_with_an_error_of_ours(text: str) -> None:
    try:
        IFUPDOWN.interfaces({MAIN: text})
    except HostnetFileError as error:
        assert error.location
        assert error.remedy


def bridged(text: str) -> str | None:
    """The file with a bridge over eth0; None where that is refused."""
    try:
        return changed({MAIN: text}, list(IFUPDOWN.bridge({MAIN: text}, CHANGE)))[MAIN]
    except (HostnetRefused, HostnetFileError) as error:
        assert error.remedy
        return None


@given(files())
@steady
def test_bridging_moves_what_the_card_had_and_unbridging_gives_it_back(text: str) -> None:
    after = bridged(text)
    if after is None:
        return
    assert bridged(after) == after
    assert settings_of(after, "brX") == settings_of(text, "eth0")
    assert settings_of(after, "eth0") == (None, None, ())
    back = changed({MAIN: after}, list(IFUPDOWN.unbridge({MAIN: after}, "brX")))[MAIN]
    if read({MAIN: text}).of("eth0"):
        assert settings_of(back, "eth0") == settings_of(text, "eth0")
        assert sorted(back.split()) == sorted(text.split())
    assert not read({MAIN: back}).of("brX")


@given(files())
@steady
def test_bridging_leaves_every_other_line_alone(text: str) -> None:
    after = bridged(text)
    if after is None:
        return
    kept = iter(line.strip() for line in after.splitlines())
    assert all(line in kept for line in others(text))
    for name in ("eth1", "enp3s0", "bond0", "br0", "lo"):
        assert settings_of(after, name) == settings_of(text, name)


def others(text: str) -> list[str]:
    """The lines of the stanzas that are not eth0's."""
    file = parse(MAIN, text)
    mine = {
        index
        for stanza in read({MAIN: text}).of("eth0")
        for index in (stanza.head, *(option.index for option in stanza.options))
    }
    return [
        physical.strip()
        for index, line in enumerate(file.lines)
        if index not in mine and "eth0:" not in line.text
        for physical in line.raw.splitlines()
        if physical.strip()
    ]


def settings_of(text: str, name: str) -> tuple[object, ...]:
    found = {one.name: one for one in IFUPDOWN.interfaces({MAIN: text})}
    one = found.get(name, InterfaceConfig(name))
    return (one.ipv4, one.ipv6, one.dns.servers)
