"""What host-check says of netplan's files, and whether netplan itself agrees."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from hostnet.goldens import applied, bridge, read_tree
from hostnet.netplan.programs import generated
from hostnet.netplan.test_corpus import CASES
from pasarela.hostnet.manager import Finding, Severity, Surroundings
from pasarela.hostnet.netplan import Netplan
from pasarela.model.interface_config import InterfaceConfig

FILE = PurePosixPath("/etc/netplan/01-netcfg.yaml")
START = "network:\n  version: 2\n"
NIC = START + "  ethernets:\n    enp3s0:\n"
BRIDGE = START + "  ethernets:\n    enp3s0: {}\n  bridges:\n    br0:\n      interfaces: [enp3s0]\n"

REFUSED = {  # by netplan too: the text, the line, words of the message, words of the remedy
    "boolean": (NIC + "      dhcp4: treu\n", 5, "true or false, not treu", "mean true?"),
    "misspelt": (NIC + "      dhpc4: yes\n", 5, "no dhpc4", "mean dhcp4?"),
    "upper case": (NIC + "      DHCP4: yes\n", 5, "no DHCP4", "mean dhcp4?"),
    "below nameservers": (NIC + "      search: [a]\n", 5, "no search", "below nameservers:"),
    "merge key": (NIC + "      <<: {dhcp4: true}\n", 5, "no <<", "write the settings out"),
    "prefix": (NIC + "      addresses: [10.0.0.1]\n", 5, "no prefix length", "10.0.0.1/24"),
    "IPv6 prefix": (NIC + "      addresses: ['fd00::1']\n", 5, "no prefix length", "fd00::1/64"),
    "no address": (NIC + "      addresses: [10.0.0/24]\n", 5, "no IP address", "192.0.2.10/24"),
    "no list": (NIC + "      addresses: 10.0.0.1/24\n", 5, "a list", "[10.0.0.1/24]"),
    "no group": (NIC + "      nameservers: [1.1.1.1]\n", 5, "further keys", "indent"),
    "MAC": (NIC + "      macaddress: aa:bb\n", 5, "a MAC address, not aa:bb", "six pairs"),
    "number": (NIC + "      mtu: big\n", 5, "a number, not big", "without a unit"),
    "via": (NIC + "      routes: [{to: default, via: 1.2.3}]\n", 5, "1.2.3 is no", "192.0.2.1"),
    "renderer": (START + "  renderer: NetworkManagr\n", 3, "no renderer", "NetworkManager?"),
    "tab": (START + "  ethernets:\n\tenp3s0: {}\n", 4, "a tab", "by spaces"),
    "not indented": (
        START + "  ethernets:\n    enp3s0:\n    dhcp4: yes\n",
        4,
        "what follows is not indented",
        "two more spaces",
    ),
    "indented less": (NIC + "      dhcp4: yes\n     mtu: 9\n", 6, "indentation", "same column"),
    "indented more": (NIC + "     dhcp4: yes\n      mtu: 9\n", 6, "indentation", "same column"),
    "no space": (NIC + "      dhcp4:yes\n", 5, "a space is missing", "write dhcp4: yes"),
    "nothing said": (NIC, 4, "nothing is said of enp3s0", "enp3s0: {}"),
    "overrides": (
        NIC + "      dhcp4: true\n      dhcp6: true\n      dhcp4-overrides:\n        use-dns: no\n",
        8,
        "use-dns differs",
        "the same",
    ),
    "version": ("network:\n  version: 3\n", 2, "version 2 alone", "version: 2"),
    "beside": (START + "ethernets:\n  enp3s0: {}\n", 3, "beside network:", "below network:"),
    "section": (START + "  ethernet:\n    e: {}\n", 3, "no ethernet here", "mean ethernets?"),
    "undeclared": (
        BRIDGE.replace("[enp3s0]", "[enp3s0, enp4s1]"),
        7,
        "enp4s1 is a port of br0 and has no entry",
        "enp4s1: {dhcp4: false}",
    ),
    "two bridges": (
        BRIDGE + "    br1: {interfaces: [enp3s0]}\n",
        8,
        "a port of br0 already",
        "take it out",
    ),
}
UNFORTUNATE = {  # netplan takes these
    "twice": (NIC + "      dhcp4: yes\n      dhcp4: no\n", 6, "stands twice", "take one"),
    "gateway outside": (
        NIC + "      addresses: [172.26.0.100/16]\n      routes: [{to: default, via: 72.26.0.1}]\n",
        6,
        "72.26.0.1 is outside the network 172.26.0.0/16",
        "perhaps 172.26.0.1",
    ),
    "gateway4": (
        NIC + "      addresses: [10.0.0.2/24]\n      gateway4: 10.0.0.1\n",
        6,
        "deprecated",
        "routes: [{to: default, via: 10.0.0.1}]",
    ),
    "two defaults": (
        NIC
        + "      addresses: [10.0.0.2/24]\n      routes: [{to: default, via: 10.0.0.1}]\n"
        + "    enp4s0:\n      addresses: [10.0.1.2/24]\n"
        + "      routes: [{to: 0.0.0.0/0, via: 10.0.1.1}]\n",
        9,
        "both have the IPv4 default route",
        "metric",
    ),
    "port with DHCP": (
        BRIDGE.replace("{}", "{dhcp4: true}"),
        4,
        "is a port of br0 and keeps dhcp4",
        "move dhcp4 to br0",
    ),
    "port with addresses": (
        BRIDGE.replace("{}", "{addresses: [10.0.0.2/24]}"),
        4,
        "keeps addresses",
        "dhcp4: false",
    ),
    "STP": (
        BRIDGE + "      dhcp4: true\n      parameters: {stp: true}\n",
        9,
        "forwards nothing for 30 s",
        "stp: false",
    ),
    "STP by any parameter": (
        BRIDGE + "      dhcp4: true\n      parameters: {priority: 100}\n",
        9,
        "forwards nothing for 30 s",
        "stp: false",
    ),
    "delay too short": (
        BRIDGE + "      parameters: {stp: true, forward-delay: 1}\n",
        8,
        "from 2 s to 30 s",
        "forward-delay: 4",
    ),
    "duplicate MAC": (
        START
        + '  ethernets:\n    a: {macaddress: "52:54:00:00:00:01"}\n'
        + '    b: {macaddress: "52:54:00:00:00:01"}\n',
        5,
        "b has the MAC address of a",
        "of its own",
    ),
    "Wi-Fi port": (
        START + "  wifis:\n    wlan0: {access-points: {a: {}}}\n  bridges:\n"
        "    br0: {interfaces: [wlan0]}\n",
        6,
        "is a Wi-Fi interface",
        "wired",
    ),
    "gateway alone": (
        NIC + "      routes: [{to: default, via: 10.0.0.1}]\n",
        5,
        "a gateway and no address",
        "addresses:",
    ),
}
each_refused = pytest.mark.parametrize("name", REFUSED)
each_unfortunate = pytest.mark.parametrize("name", UNFORTUNATE)


def checked(text: str, around: Surroundings | None = None) -> list[Finding]:
    return list(Netplan().check({FILE: text}, around or Surroundings()))


@pytest.mark.parametrize("name", [*REFUSED, *UNFORTUNATE])
def test_a_mistake_is_found_in_its_line_with_the_way_out(name: str) -> None:
    text, line, message, remedy = (REFUSED | UNFORTUNATE)[name]
    found = [each for each in checked(text) if message in each.message and remedy in each.remedy]
    assert [each.line for each in found] == [line], checked(text)


@each_refused
def test_netplan_refuses_it_too(name: str, tmp_path: Path) -> None:
    result = generated({FILE: REFUSED[name][0]}, tmp_path)
    assert result.returncode != 0
    assert any(each.severity is Severity.ERROR for each in checked(REFUSED[name][0]))


@each_unfortunate
def test_netplan_itself_does_not_tell(name: str, tmp_path: Path) -> None:
    assert generated({FILE: UNFORTUNATE[name][0]}, tmp_path).returncode == 0


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_files_that_are_right_have_no_errors(case: Path, tmp_path: Path) -> None:
    files = read_tree(case)
    errors = [each for each in Netplan().check(files, Surroundings()) if each.severity is ERROR]
    assert errors == []
    result = generated(files, tmp_path)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_netplan_takes_each_file_with_a_bridge_of_two_ports(case: Path, tmp_path: Path) -> None:
    files = read_tree(case)
    files = applied(files, Netplan().bridge(files, bridge()))
    files = applied(files, Netplan().add_port(files, "br0", InterfaceConfig("enp4s0")))
    result = generated(files, tmp_path)
    assert result.returncode == 0, result.stderr


ERROR = Severity.ERROR


def test_the_notes_file_for_ubuntu() -> None:
    text = (
        "## Añadimos la siguiente configuración\nnetwork:\n###Config de la red\n    bridges:\n"
        "        br0:\n            dhcp4: yes ##Para dhco\n            interfaces:\n"
        "                - enp3s0\n"
    )
    version, undeclared = checked(text)
    assert (version.line, version.severity) == (2, Severity.WARNING)
    assert (undeclared.line, undeclared.severity) == (8, Severity.ERROR)
    assert "enp3s0: {dhcp4: false}" in undeclared.remedy


def test_a_port_that_the_host_knows_as_wifi() -> None:
    found = checked(BRIDGE, Surroundings(wireless=frozenset({"enp3s0"})))
    assert [each.line for each in found] == [7]


def test_a_bridge_with_the_address_of_a_stranger() -> None:
    text = BRIDGE + '      macaddress: "52:54:00:00:00:09"\n'
    macs = {"enp3s0": "52:54:00:00:00:01", "enp4s0": "52:54:00:00:00:09"}
    (found,) = checked(text, Surroundings(macs=macs))
    assert "enp4s0" in found.message
    own = Surroundings(macs={"enp3s0": "52:54:00:00:00:09"})
    assert checked(text, own) == []


def test_a_card_that_the_host_has_not() -> None:
    (found,) = checked(NIC + "      dhcp4: true\n", Surroundings(frozenset({"lo", "enp2s0"})))
    assert (found.line, found.remedy) == (4, "did you mean enp2s0?")
    matched = NIC + "      match: {driver: e1000}\n"
    assert checked(matched, Surroundings(frozenset({"lo", "enp2s0"}))) == []


def test_several_files_are_checked_as_one() -> None:
    one = START + "  ethernets:\n    enp3s0: {dhcp4: true}\n"
    two = START + "  bridges:\n    br0: {interfaces: [enp3s0]}\n"
    files = {PurePosixPath("/etc/netplan/1.yaml"): one, PurePosixPath("/etc/netplan/2.yaml"): two}
    (found,) = Netplan().check(files, Surroundings())
    assert (found.path.name, found.line) == ("1.yaml", 4)


def test_a_vrf_has_the_addresses_of_its_interfaces_and_a_table_of_its_own() -> None:
    """As netplan's documentation has it; netplan 0.106 itself crashes over a VRF's routes."""
    way = "routes: [{to: default, via: 10.0.0.1}]"
    text = START + (
        "  ethernets:\n    enp3s0: {addresses: [10.0.0.2/24]}\n"
        f"    enp4s0: {{addresses: [10.0.0.3/24], {way}}}\n"
        f"  vrfs:\n    vrf1: {{table: 1000, interfaces: [enp3s0], {way}}}\n"
    )
    assert checked(text) == []


def test_a_file_anywhere_is_checked_by_its_text() -> None:
    found = Netplan().check({PurePosixPath("notes.yaml"): NIC + "      dhpc4: 1\n"}, Surroundings())
    assert [each.line for each in found] == [5]


def test_a_file_that_others_may_read() -> None:
    (found,) = checked(NIC + "      dhcp4: true\n", Surroundings(modes={FILE: 0o644}))
    assert (found.severity, found.remedy) == (Severity.WARNING, f"chmod 600 {FILE}")
    assert checked(NIC + "      dhcp4: true\n", Surroundings(modes={FILE: 0o600})) == []
