"""What host-check says of NetworkManager's keyfiles."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hostnet.goldens import read_tree
from hostnet.networkmanager.test_corpus import CASES
from pasarela.hostnet.manager import Finding, Severity, Surroundings
from pasarela.hostnet.networkmanager import NetworkManager

ETC = PurePosixPath("/etc/NetworkManager/system-connections")
NIC = "[connection]\nid=nic\nuuid=1\ntype=ethernet\ninterface-name=enp3s0\n"
BRIDGE = "[connection]\nid=br0\nuuid=2\ntype=bridge\ninterface-name=br0\n[bridge]\nstp=false\n"
MANUAL = NIC + "[ipv4]\nmethod=manual\n"

MISTAKES = {  # the NIC's profile, the line, words of the message, words of the remedy
    "key": (NIC + "autoconect=false\n", 6, "no autoconect", "autoconnect?"),
    "section": (NIC + "[ipv44]\nmethod=auto\n", 6, "[ipv44]", "[ipv4]?"),
    "type": (NIC.replace("ethernet", "etherent"), 4, "no type etherent", "ethernet?"),
    "no type": (NIC.replace("type=ethernet\n", ""), 1, "no type", "type=ethernet"),
    "method": (NIC + "[ipv4]\nmethod=dchp\n", 7, "no method dchp", "take dchp away"),
    "no setting": (NIC + "autoconnect\n", 6, "neither", "#"),
    "no connection": ("[ipv4]\nmethod=auto\n", 0, "no [connection]", "add [connection]"),
    "port alone": (NIC + "master=br0\n", 6, "stands alone", "slave-type=bridge"),
    "kind alone": (NIC + "port-type=bridge\n", 6, "stands alone", "controller=BRIDGE"),
    "port of nothing": (
        NIC + "master=br1\nslave-type=bridge\n",
        6,
        "no profile makes br1",
        "interface-name=br1",
    ),
    "port with DHCP": (
        NIC + "master=br0\nslave-type=bridge\n[ipv4]\nmethod=auto\n",
        9,
        "ipv4 method=auto has no effect",
        "profile of br0",
    ),
    "no address": (MANUAL, 7, "needs an address", "address1="),
    "gateway": (
        MANUAL + "address1=172.26.0.100/16,72.26.0.1\n",
        8,
        "outside the network 172.26.0.0/16",
        "perhaps 172.26.0.1",
    ),
    "prefix": (MANUAL + "address1=10.0.0.2\n", 8, "no prefix length", "10.0.0.2/24"),
}


def checked(nic: str, bridge: str = BRIDGE, around: Surroundings | None = None) -> list[Finding]:
    files = {ETC / "nic.nmconnection": nic, ETC / "br0.nmconnection": bridge}
    return list(NetworkManager().check(files, around or Surroundings()))


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_found_in_its_line_with_the_way_out(name: str) -> None:
    text, line, message, remedy = MISTAKES[name]
    found = [each for each in checked(text) if message in each.message and remedy in each.remedy]
    assert [(each.path.stem, each.line) for each in found] == [("nic", line)], checked(text)


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_files_that_are_right_have_no_errors(case: Path) -> None:
    found = NetworkManager().check(read_tree(case), Surroundings())
    assert [each for each in found if each.severity is Severity.ERROR] == []


def test_stp_that_is_left_on() -> None:
    (found,) = checked(NIC, BRIDGE.replace("stp=false", "priority=100"))
    assert "for 30 s" in found.message
    assert found.line == 6


def test_a_wifi_port() -> None:
    around = Surroundings(wireless=frozenset({"enp3s0"}))
    (found,) = checked(NIC + "master=br0\nslave-type=bridge\n", around=around)
    assert found.line == 6


def test_one_address_for_two() -> None:
    mac = "[ethernet]\ncloned-mac-address=52:54:00:00:00:01\n"
    (found,) = checked(NIC + mac, BRIDGE + mac)
    assert "52:54:00:00:00:01" in found.message
    assert checked(NIC + "master=br0\nslave-type=bridge\n" + mac, BRIDGE + mac) == []


def test_a_file_that_others_may_read_is_no_profile() -> None:
    path = ETC / "nic.nmconnection"
    (found,) = checked(NIC, around=Surroundings(modes={path: 0o644}))
    assert (found.severity, found.remedy) == (Severity.ERROR, f"chmod 600 {path}")


LINES = """[connection] [ethernet] [bridge] [ipv4] [ipv6] [ id=a uuid=b type=bridge type=wifi
    interface-name=enp3s0 master=br0 slave-type=bridge method=manual method=auto address1=10.0.0.1
    address1=x,y gateway=1.2.3 stp=maybe forward-delay=x = # ; mac-address=q
    cloned-mac-address=52:54:00:00:00:01 autoconnect-priority=-"""


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(LINES.split())))
def test_any_profile_at_all_is_checked_without_raising(lines: list[str]) -> None:
    checked("\n".join(lines))
