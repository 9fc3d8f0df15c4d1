"""What the host makes of a router's advertisement, also of one that nobody should send."""

from __future__ import annotations

import itertools
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pasarela.host.autoconf import Prefix, Questions, lifetime, read

LAN = bytes.fromhex("20010db8002600000000000000000000")


def advertisement(*options: bytes, flags: int = 0) -> bytes:
    return pack(">BBHBBHII", 134, 0, 0, 64, flags, 1800, 0, 0) + b"".join(options)


def prefix(length: int = 64, flags: int = 0xC0, valid: int = 600, preferred: int = 300) -> bytes:
    return pack(">BBBBII4x16s", 3, 4, length, flags, valid, preferred, LAN)


def test_prefixes_and_whether_dhcp_is_to_be_asked() -> None:
    mtu = pack(">BBHI", 5, 1, 0, 1500)
    found = read(advertisement(mtu, prefix(), prefix(flags=0x80), flags=0x80))
    assert found is not None and found.managed
    first, second = found.prefixes
    assert isinstance(first, Prefix)
    assert (str(first.network), first.valid, first.preferred) == ("2001:db8:26::/64", 600, 300)
    assert (first.on_link, first.autonomous) == (True, True)
    assert (second.on_link, second.autonomous) == (True, False)


@pytest.mark.parametrize(
    "option",
    [
        prefix(valid=300, preferred=600),
        prefix(length=129),
        prefix()[:20],
        prefix().replace(LAN, bytes.fromhex("fe80") + bytes(14)),
        prefix().replace(LAN, bytes.fromhex("ff02") + bytes(14)),
        pack(">BB6x", 3, 0),
    ],
)
def test_what_means_nothing_is_passed_over(option: bytes) -> None:
    found = read(advertisement(option))
    assert found is not None and found.prefixes == ()


def test_only_a_prefix_of_64_bits_makes_an_address() -> None:
    found = read(advertisement(prefix(length=56)))
    assert found is not None and not found.prefixes[0].autonomous


@given(st.binary(max_size=200))
def test_no_message_is_too_strange(tail: bytes) -> None:
    found = read(advertisement() + tail)
    assert found is not None
    assert read(tail) is None or tail[0] == 134


@pytest.mark.parametrize(
    ("said", "left", "valid"),
    [(600, 0, 600), (9000, 300, 9000), (600, 300, 600), (600, 86400, 7200), (0, 300, 300)],
)
def test_a_forged_message_does_not_end_an_address_at_once(said: int, left: int, valid: int) -> None:
    """RFC 4862, 5.5.3 e."""
    assert lifetime(said, left) == valid


def test_routers_are_asked_ever_more_seldom_until_one_has_answered() -> None:
    questions, when, asked = Questions(100.0), 100.0, []
    while len(asked) < 16:
        assert questions.due(when)
        asked.append(when)
        questions.asked(when, sent=True)
        assert not questions.due(when)
        when += questions.left(when)
    pauses = [later - earlier for earlier, later in itertools.pairwise(asked)]
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600, 3600, 3600]
    questions.answered()
    assert not questions.due(when + 1e9)


def test_a_question_that_could_not_be_sent_is_asked_again_soon() -> None:
    questions = Questions(0.0)
    for second in range(100):
        assert questions.due(second)
        questions.asked(second, sent=False)
        assert questions.left(second) == 1
