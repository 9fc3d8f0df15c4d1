"""What host-check says of systemd-networkd's files."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hostnet.goldens import read_tree
from hostnet.networkd.test_corpus import CASES
from pasarela.hostnet.manager import Finding, Severity, Surroundings
from pasarela.hostnet.networkd import Networkd

ETC = PurePosixPath("/etc/systemd/network")
MATCH = "[Match]\nName=enp3s0\n\n[Network]\n"
NETDEV = "[NetDev]\nName=br0\nKind=bridge\n"
BRIDGE = {"10-br0.netdev": NETDEV, "10-br0.network": "[Match]\nName=br0\n\n[Network]\nDHCP=yes\n"}

MISTAKES = {  # further files, the file and the line, words of the message, words of the remedy
    "key": ({"a.network": MATCH + "Adress=10.0.0.2/24\n"}, "a.network", 5, "Adress=", "Address?"),
    "section": ({"a.network": MATCH + "[Netwrok]\n"}, "a.network", 5, "[Netwrok]", "Network?"),
    "wrong section": (
        {"a.network": MATCH + "RouteMetric=5\n"},
        "a.network",
        5,
        "RouteMetric=",
        "into [Address]",
    ),
    "no setting": ({"a.network": MATCH + "DHCP yes\n"}, "a.network", 5, "neither", "KEY=VALUE"),
    "port with DHCP": (
        BRIDGE | {"a.network": MATCH + "Bridge=br0\nDHCP=yes\n"},
        "a.network",
        6,
        "keeps DHCP",
        "br0's .network",
    ),
    "port with an address": (
        BRIDGE | {"a.network": MATCH + "Bridge=br0\n\n[Address]\nAddress=10.0.0.2/24\n"},
        "a.network",
        8,
        "keeps Address",
        "br0's .network",
    ),
    "no bridge": (
        {"a.network": MATCH + "Bridge=br0\n"},
        "a.network",
        5,
        "no bridge br0",
        "Kind=bridge",
    ),
    "gateway": (
        {"a.network": MATCH + "Address=172.26.0.100/16\nGateway=72.26.0.1\n"},
        "a.network",
        6,
        "outside the network 172.26.0.0/16",
        "perhaps 172.26.0.1",
    ),
    "gateway of an address alone": (
        {"a.network": MATCH + "Address=203.0.113.5/32\nGateway=172.31.1.1\n"},
        "a.network",
        6,
        "outside the network 203.0.113.5/32",
        "router's address",
    ),
    "prefix": (
        {"a.network": MATCH + "Address=10.0.0.2\n"},
        "a.network",
        5,
        "no prefix length",
        "10.0.0.2/24",
    ),
    "STP": (
        BRIDGE | {"10-br0.netdev": NETDEV + "[Bridge]\nSTP=yes\n"},
        "10-br0.netdev",
        5,
        "for 30 s",
        "STP=no",
    ),
    "bridge settings of another kind": (
        {"v.netdev": "[NetDev]\nName=v\nKind=dummy\n[Bridge]\nSTP=no\n"},
        "v.netdev",
        3,
        "no effect for a dummy",
        "Kind=bridge",
    ),
    "no kind": ({"v.netdev": "[NetDev]\nName=v\n"}, "v.netdev", 0, "no Kind=", "Kind="),
    "not set up": ({"10-br0.netdev": NETDEV}, "10-br0.netdev", 0, "never set up", "Name=br0"),
    "everything": ({"a.network": "[Network]\nDHCP=yes\n"}, "a.network", 0, "every", "Name="),
}


def checked(files: dict[str, str], around: Surroundings | None = None) -> list[Finding]:
    texts = {ETC / name: text for name, text in files.items()}
    return list(Networkd().check(texts, around or Surroundings()))


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_found_in_its_line_with_the_way_out(name: str) -> None:
    files, file, line, message, remedy = MISTAKES[name]
    found = [each for each in checked(files) if message in each.message and remedy in each.remedy]
    assert [(each.path.name, each.line) for each in found] == [(file, line)], checked(files)


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_files_that_are_right_have_no_errors(case: Path) -> None:
    found = Networkd().check(read_tree(case), Surroundings())
    assert [each for each in found if each.severity is Severity.ERROR] == []


def test_a_wifi_port() -> None:
    files = BRIDGE | {"a.network": MATCH + "Bridge=br0\n"}
    (found,) = checked(files, Surroundings(wireless=frozenset({"enp3s0"})))
    assert (found.path.name, found.line) == ("a.network", 5)


def test_a_bridge_that_is_there_needs_no_netdev() -> None:
    files = {"a.network": MATCH + "Bridge=br0\n"}
    assert checked(files, Surroundings(interfaces=frozenset({"br0"}))) == []


def test_a_file_anywhere_is_checked() -> None:
    path = PurePosixPath("notes/a.network")
    (found,) = Networkd().check({path: MATCH + "Adress=10.0.0.2/24\n"}, Surroundings())
    assert (found.path, found.line) == (path, 5)


LINES = """[Match] [Network] [NetDev] [Bridge] [Address] [ Name=enp3s0 Kind=bridge Bridge=br0
    DHCP=yes Address=10.0.0.1 Address= Gateway=x = # \\ STP=yes ForwardDelaySec=1w"""


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["network", "netdev", "link", "network.d/x.conf"]),
    st.lists(st.sampled_from(LINES.split())),
)
def test_any_file_at_all_is_checked_without_raising(kind: str, lines: list[str]) -> None:
    Networkd().check({ETC / f"10-a.{kind}": "\n".join(lines)}, Surroundings())
    Networkd().check({PurePosixPath(f"a.{kind}"): "\r\n".join(lines)}, Surroundings())
