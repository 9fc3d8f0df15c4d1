"""Texts of sections: read and written without a change, and changed line by line."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pasarela.hostnet.sections import Section, Sections

TEXT = """# head

; of the match
[Match]
Name=enp3s0

[Network]
# the first
Address = 192.0.2.2/24
DNS=192.0.2.53 \\
    192.0.2.54
stray

[Network]
DNS=
"""


@given(st.text(alphabet="[]=#;\\ab \n\r\t", max_size=80))
def test_any_text_stays_as_it_is(text: str) -> None:
    assert Sections.parse(text).text == text


def test_what_stands_in_it() -> None:
    match, network, second = Sections.parse(TEXT).sections
    assert (match.name, match.line, match.header) == ("Match", 3, 1)
    assert [(each.key, each.value, each.line) for each in network.settings] == [
        ("Address", "192.0.2.2/24", 9),
        ("DNS", "192.0.2.53 192.0.2.54", 10),
    ]
    assert list(network.stray) == [12]
    assert second.get("DNS") == ""


def test_settings_are_taken_out_with_the_comments_above_them() -> None:
    network = Sections.parse(TEXT).sections[1]
    rest, lines, place = network.split(lambda setting: setting.key == "Address")
    assert lines == ("# the first", "Address = 192.0.2.2/24")
    assert rest.inserted(place, lines) == network


def test_a_value_is_set_where_it_stands_or_at_the_end() -> None:
    section = Section("Link", ("[Link]", "MTUBytes=1500", "ARP=no", ""))
    assert section.with_value("MTUBytes", 9000).lines[1] == "MTUBytes=9000"
    assert section.with_value("Group", 1).lines == (
        "[Link]",
        "MTUBytes=1500",
        "ARP=no",
        "Group=1",
        "",
    )
    assert section.with_value("ARP", "no") is section


def test_a_text_without_a_last_newline_goes_on_without() -> None:
    text = Sections.parse("[a]\r\nb=1")
    assert text.with_values("a", {"b": 2}).text == "[a]\r\nb=2"
    assert text.appended(Section.new("c", [("d", 3)])).text == "[a]\r\nb=1\r\n\r\n[c]\r\nd=3"
