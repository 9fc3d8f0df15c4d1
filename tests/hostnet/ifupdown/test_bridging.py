"""Bridges in interfaces files: made, changed, with several ports, over several files."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_interface
from pathlib import PurePosixPath

import pytest

from hostnet.ifupdown.corpus import MAIN, bridging, changed
from pasarela.errors import HostnetRefused
from pasarela.hostnet.ifupdown import Ifupdown
from pasarela.hostnet.manager import Bridging, Texts
from pasarela.model.interface import InterfaceType
from pasarela.model.interface_config import (
    BondConfig,
    BridgeConfig,
    InterfaceConfig,
    IpConfig,
    StartMode,
)
from pasarela.model.values import MacAddress

IFUPDOWN = Ifupdown()
DIRECTORY = MAIN.parent / "interfaces.d"
CARD = "auto eth0\niface eth0 inet static\n    address 10.0.0.2/24\n    gateway 10.0.0.1\n"
TWO = """auto eth0
iface eth0 inet manual

auto br0
iface br0 inet static
    address 10.0.0.2/24
    gateway 10.0.0.1
    bridge_ports eth0
    bridge_stp off
    bridge_fd 0
    bridge_maxwait 0
    bridge_hw eth0
"""


def bridge(files: Texts, change: Bridging) -> dict[PurePosixPath, str]:
    return changed(files, list(IFUPDOWN.bridge(files, change)))


def over(*ports: str, **options: object) -> Bridging:
    details = BridgeConfig(tuple(map(InterfaceConfig, ports)), **options)  # type: ignore[arg-type]
    return Bridging(InterfaceConfig("br0", InterfaceType.BRIDGE, details=details))


def test_plain() -> None:
    assert bridge({MAIN: CARD}, over("eth0"))[MAIN] == TWO


HEARING = InterfaceConfig("eth0", ipv6=IpConfig(autoconf=True))
QUIET = "    pre-up echo 1 > /proc/sys/net/ipv6/conf/$IFACE/disable_ipv6 || true\n"
QUIET_TWO = TWO.replace("inet manual\n", f"inet manual\n{QUIET}")


def test_a_port_that_hears_routers_has_no_ipv6_of_its_own_and_has_it_again_after() -> None:
    change = over()
    details = BridgeConfig((HEARING,))
    change = replace(change, bridge=replace(change.bridge, details=details))
    after = bridge({MAIN: CARD}, change)
    assert after[MAIN] == QUIET_TWO
    assert bridge(after, change) == after
    assert changed(after, list(IFUPDOWN.unbridge(after, "br0"))) == {MAIN: CARD}


def test_so_does_one_that_joins_and_leaves() -> None:
    hearing = replace(HEARING, name="eth1")
    after = changed({MAIN: TWO}, list(IFUPDOWN.add_port({MAIN: TWO}, "br0", hearing)))
    assert after[MAIN].endswith(f"auto eth1\niface eth1 inet manual\n{QUIET}")
    left = changed(after, list(IFUPDOWN.remove_port(after, "br0", "eth1")))
    assert left[MAIN] == f"{TWO}\nauto eth1\niface eth1 inet manual\n"


def test_with_stp_ifup_waits_for_it() -> None:
    after = bridge({MAIN: CARD}, over("eth0", stp=True))[MAIN]
    assert after.endswith("    bridge_ports eth0\n    bridge_stp on\n    bridge_hw eth0\n")


def test_a_second_port_has_no_addresses() -> None:
    text = CARD + "iface eth1 inet dhcp\n    mtu 9000\n"
    after = bridge({MAIN: text}, over("eth0", "eth1"))[MAIN]
    assert after.endswith("iface eth1 inet manual\n    mtu 9000\n")
    assert "    bridge_ports eth0 eth1\n" in after


def test_an_option_of_a_bridge_that_is_there_is_changed_where_it_stands() -> None:
    change = over("eth0", forward_delay=4.0)
    change = replace(change, bridge=replace(change.bridge, mtu=1400))
    after = bridge({MAIN: TWO}, change)[MAIN]
    assert after == TWO.replace("fd 0", "fd 4") + "    mtu 1400\n"
    assert bridge({MAIN: after}, change)[MAIN] == after


def test_a_bridge_that_is_there_gets_other_addresses() -> None:
    ipv4 = IpConfig(addresses=(ip_interface("10.0.0.9/24"),), gateway=ip_address("10.0.0.1"))
    change = over("eth0")
    change = Bridging(replace(change.bridge, ipv4=ipv4), keep=False)
    assert bridge({MAIN: TWO}, change)[MAIN] == TWO.replace("10.0.0.2", "10.0.0.9")


def test_addresses_on_both_are_refused() -> None:
    text = TWO.replace("eth0 inet manual", "eth0 inet dhcp")
    with pytest.raises(HostnetRefused, match="which shall hold") as told:
        bridge({MAIN: text}, over("eth0"))
    assert told.value.remedy == "take away those of eth0, or the stanza of br0"


@pytest.mark.parametrize(
    ("text", "port", "message"),
    [
        (CARD, "lo", "lo cannot be a port of br0"),
        (CARD + "iface br1 inet manual\n bridge_ports eth0\n", "eth0", "already a port of br1"),
        (CARD + "iface bond0 inet manual\n bond-slaves eth0\n", "eth0", "already a port of bond0"),
        (CARD + "iface eth1 inet static inherits eth0\n", "eth0", "eth1 inherits from eth0"),
        ("iface eth0 inet ppp\n provider dsl\n", "eth0", "eth0 is 'inet ppp'"),
        ("iface eth0 can static\n bitrate 125000\n", "eth0", "eth0 is 'can static'"),
        ("iface eth0 inet manual\n bridge_ports eth1\n", "eth0", "eth0 is a bridge itself"),
        ("auto eth0=home\niface home inet dhcp\n", "eth0", "under another name"),
    ],
)
def test_refused(text: str, port: str, message: str) -> None:
    with pytest.raises(HostnetRefused, match=message) as told:
        bridge({MAIN: text}, over(port))
    assert told.value.remedy


def test_no_port_at_all_is_refused() -> None:
    with pytest.raises(HostnetRefused, match="br0 has no port"):
        bridge({MAIN: CARD}, over())


@pytest.mark.parametrize("place", ["eth0", "50-cloud-init"])
def test_a_card_in_a_file_of_its_own_stays_there(place: str) -> None:
    files = {MAIN: "source interfaces.d/*\nauto lo\niface lo inet loopback\n"}
    files[DIRECTORY / place] = CARD
    files[DIRECTORY / ".hidden"] = CARD
    after = bridge(files, over("eth0"))
    assert after == {**files, DIRECTORY / place: TWO}
    back = changed(after, list(IFUPDOWN.unbridge(after, "br0")))
    assert back == files


def test_a_card_and_a_bridge_in_two_files_come_together() -> None:
    card, rest = TWO.split("\n\n")
    files = {
        MAIN: "source interfaces.d/*\n",
        DIRECTORY / "br0": rest,
        DIRECTORY / "eth0": card + "\n    link-speed 100\n",
    }
    back = changed(files, list(IFUPDOWN.unbridge(files, "br0")))
    assert back[DIRECTORY / "br0"] == (
        "iface eth0 inet static\n    link-speed 100\n"
        "    address 10.0.0.2/24\n    gateway 10.0.0.1\n"
    )
    assert back[DIRECTORY / "eth0"] == "auto eth0\n"


def test_unbridging_what_is_no_bridge_changes_nothing() -> None:
    assert list(IFUPDOWN.unbridge({MAIN: CARD}, "br7")) == []


def test_a_command_that_names_the_bridge_is_not_left_to_fail() -> None:
    text = TWO + "    up brctl setageing br0 0\n"
    with pytest.raises(HostnetRefused, match="names br0") as told:
        IFUPDOWN.unbridge({MAIN: text}, "br0")
    assert str(told.value.location) == "/etc/network/interfaces:13"


def test_a_bond_within_a_bridge_is_written_with_its_ports() -> None:
    bond = InterfaceConfig(
        "bond0",
        InterfaceType.BOND,
        details=BondConfig((InterfaceConfig("eth0"), InterfaceConfig("eth1")), "active-backup"),
    )
    config = InterfaceConfig(
        "br0",
        InterfaceType.BRIDGE,
        ipv4=IpConfig(dhcp=True),
        details=BridgeConfig((bond,), stp=False, forward_delay=0.0),
    )
    files = {MAIN: CARD}
    after = changed(files, list(IFUPDOWN.define(files, config)))
    found = {one.name: one for one in IFUPDOWN.interfaces(after)}
    assert found["br0"] == config
    assert found["bond0"] == bond
    assert found["eth0"] == InterfaceConfig("eth0")


def test_commands_that_no_document_knows_outlive_a_definition() -> None:
    text = CARD + "    up ip rule add from 10.0.0.2 table 5\n    up ip route add 10.9.0.0/16\n"
    config = InterfaceConfig("eth0", mtu=1400, ipv4=IpConfig(dhcp=True))
    after = changed({MAIN: text}, list(IFUPDOWN.define({MAIN: text}, config)))[MAIN]
    assert after == (
        "auto eth0\niface eth0 inet dhcp\n    up ip rule add from 10.0.0.2 table 5\n    mtu 1400\n"
    )


def test_ports_come_and_go() -> None:
    files: dict[PurePosixPath, str] = {MAIN: TWO}
    port = InterfaceConfig("eth1", mtu=9000)
    once = changed(files, list(IFUPDOWN.add_port(files, "br0", port)))
    assert once[MAIN] == (
        TWO.replace("bridge_ports eth0", "bridge_ports eth0 eth1")
        + "\nauto eth1\niface eth1 inet manual\n    mtu 9000\n"
    )
    assert list(IFUPDOWN.add_port(once, "br0", port)) == []
    back = changed(once, list(IFUPDOWN.remove_port(once, "br0", "eth1")))
    assert back[MAIN].startswith(TWO)
    assert list(IFUPDOWN.remove_port(back, "br0", "eth1")) == []
    empty = changed(back, list(IFUPDOWN.remove_port(back, "br0", "eth0")))
    assert "    bridge_ports none\n" in empty[MAIN]
    with pytest.raises(HostnetRefused, match="has no bridge 'br9'"):
        IFUPDOWN.add_port(files, "br9", port)


def test_a_port_as_a_pattern_is_kept() -> None:
    text = TWO.replace("bridge_ports eth0", "bridge_ports regex en.* noregex eth0")
    after = changed(
        {MAIN: text}, list(IFUPDOWN.add_port({MAIN: text}, "br0", InterfaceConfig("x")))
    )
    assert "    bridge_ports regex en.* noregex eth0 x\n" in after[MAIN]


@pytest.mark.parametrize("told", ["", "    bridge_hw eth0\n", "    hwaddress 02:00:00:00:00:07\n"])
def test_the_macs_of_a_bridge_that_is_there(told: str) -> None:
    """Nothing is added to one that somebody else made; a MAC that is asked for is set."""
    text = TWO.replace("    bridge_hw eth0\n", told)
    assert bridge({MAIN: text}, over("eth0"))[MAIN] == text
    change = over("eth0")
    change = replace(change, bridge=replace(change.bridge, mac=MacAddress("02:00:00:00:00:08")))
    after = bridge({MAIN: text}, change)[MAIN]
    key = "bridge_hw" if "bridge_hw" in told else "hwaddress ether" if not told else "hwaddress"
    assert after == text.replace(told or "\0", "") + f"    {key} 02:00:00:00:00:08\n"


def test_start_modes() -> None:
    by_hand = bridging("br0", "eth0", [])
    change = replace(by_hand, bridge=replace(by_hand.bridge, start=StartMode.NONE))
    after = bridge({MAIN: CARD}, change)[MAIN]
    assert "auto br0" not in after
    again = replace(change, bridge=replace(change.bridge, start=StartMode.ONBOOT))
    assert bridge({MAIN: after}, again)[MAIN].count("auto br0\niface br0") == 1
