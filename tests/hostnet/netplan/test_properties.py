"""Files in any layout: what is said stays said, line by line."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from hypothesis import given, settings
from hypothesis import strategies as st

from hostnet.goldens import Files, applied, bridge
from hostnet.netplan.test_corpus import ADDRESSED, merged
from pasarela.hostnet.manager import Surroundings
from pasarela.hostnet.netplan import Netplan

NETPLAN = Netplan()
FILE = PurePosixPath("/etc/netplan/01.yaml")
few = settings(max_examples=80, deadline=None)

REMARKS = st.sampled_from(["", "", "", "  # a remark", "   ## Para dhcp"])
ABOVE = st.sampled_from([[], [], ["# above"], ["# two", "# lines"], ["#    mtu: 9000"]])
LAYER3 = {
    "dhcp4": ["dhcp4: {yes}"],
    "dhcp6": ["dhcp6: {no}"],
    "addresses": ["addresses:", "{dash}- 192.0.2.2/24", "{dash}- '2001:db8::2/64'"],
    "nameservers": ["nameservers:", "{step}addresses: [192.0.2.53]", "{step}search: [ lan ]"],
    "routes": ["routes:", "{dash}- to: default", "{dash}  via: 192.0.2.1"],
    "accept-ra": ["accept-ra: {no}"],
}
LAYER2 = {
    "match": ["match:", '{step}macaddress: "52:54:00:00:00:01"'],
    "set-name": ["set-name: enp3s0"],
    "mtu": ["mtu: 1500"],
    "wakeonlan": ["wakeonlan: {yes}"],
}


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A file whose keys about addresses stand together, or all in alphabetical order."""
    step = " " * draw(st.integers(1, 6))
    words = draw(st.sampled_from([("true", "false"), ("yes", "no"), ("on", "off")]))
    style = {
        "step": step,
        "dash": draw(st.sampled_from(["", step])),
        "yes": words[0],
        "no": words[1],
    }
    layer3 = draw(st.lists(st.sampled_from(sorted(LAYER3)), min_size=1, unique=True))
    before, after = draw(st.permutations(sorted(LAYER2))), draw(st.integers(0, 4))
    keys = [*before[:after], *layer3, *before[after:]]
    if draw(st.booleans()):
        keys = sorted(keys)
    lines = ["network:", f"{step}version: 2", f"{step}ethernets:", f"{step * 2}enp3s0:"]
    for key in keys:
        lines += [step * 3 + line for line in draw(ABOVE)]
        first, *rest = [line.format(**style) for line in (LAYER3 | LAYER2)[key]]
        lines += [step * 3 + first + draw(REMARKS), *(step * 3 + line for line in rest)]
    lines += draw(st.sampled_from([[], [f"{step * 2}enp4s0:", f"{step * 3}optional: true"]]))
    lines += draw(st.sampled_from([[], [f"{step}renderer: networkd"], [f"{step}# the end"]]))
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    return newline.join(lines) + draw(st.sampled_from(["", newline]))


def with_bridge(text: str) -> Files:
    return applied({FILE: text}, NETPLAN.bridge({FILE: text}, bridge()))


@few
@given(texts())
def test_there_and_back_is_the_same_text(text: str) -> None:
    after = with_bridge(text)
    assert NETPLAN.bridge(after, bridge()) == []
    assert applied(after, NETPLAN.unbridge(after, "br0")) == {FILE: text}


@few
@given(texts())
def test_the_bridge_says_what_the_port_said(text: str) -> None:
    before, after = merged({FILE: text})["ethernets"], merged(with_bridge(text))
    said = {key: value for key, value in before["enp3s0"].items() if key in ADDRESSED}
    made = after["bridges"]["br0"]
    assert {key: value for key, value in made.items() if key in ADDRESSED} == said
    assert {key: value for key, value in before.items() if key != "enp3s0"} == {
        key: value for key, value in after["ethernets"].items() if key != "enp3s0"
    }


@few
@given(texts())
def test_no_line_is_lost(text: str) -> None:
    """Every line that was there is there still, but for its indentation."""
    after = re.split("\r?\n", with_bridge(text)[FILE])
    left = [line.strip() for line in after]
    for line in re.split("\r?\n", text):
        left.remove(line.strip())


@few
@given(st.text(alphabet="network: {}[]-&*#'\"\n\t eth0dhcp4yes|>!?%@", max_size=60))
def test_any_text_at_all_is_checked_without_raising(text: str) -> None:
    NETPLAN.check({FILE: text}, Surroundings())


@few
@given(texts(), st.integers(0, 400), st.sampled_from(list("\t :-#{[*&'\n")))
def test_so_is_any_slip_of_the_keyboard(text: str, place: int, slip: str) -> None:
    at = place % len(text)
    NETPLAN.check({FILE: text[:at] + slip + text[at:]}, Surroundings())
