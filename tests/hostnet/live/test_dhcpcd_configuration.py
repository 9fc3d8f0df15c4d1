"""How dhcpcd's manager is told of a bridge, and what its title and socket say of it."""

from __future__ import annotations

from pathlib import Path

from pasarela.hostnet.live.dhcp import dhcpcd

PI = """\
# as Raspberry Pi OS has it
hostname
persistent
denyinterfaces wlan0 br0

interface eth0
static ip_address=192.168.1.10/24
static routers=192.168.1.1

interface wlan0
nohook wpa_supplicant
"""
MANAGER = ("/usr/sbin/dhcpcd", "-b")


def told(tmp_path: Path, text: str, *links: str) -> str:
    base = tmp_path / "base.conf"
    base.write_text(text)
    argv = dhcpcd.for_other_link((*MANAGER, "-f", str(base)), *links, tmp_path / "run")
    return Path(argv[-1]).read_text()


def test_a_bridge_gets_what_the_configuration_says_of_its_port(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    lines = told(tmp_path, PI, "eth0", "br0").splitlines()
    assert "denyinterfaces eth0" in lines and "denyinterfaces wlan0" in lines
    bridge = lines.index("interface br0")
    assert lines[bridge + 1 : bridge + 3] == [
        "static ip_address=192.168.1.10/24",
        "static routers=192.168.1.1",
    ]
    assert lines.index("denyinterfaces eth0") < lines.index("interface eth0")
    assert not any(line.startswith("allowinterfaces") for line in lines)


def test_where_only_some_links_are_served_the_bridge_is_one_of_them(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    assert "\nallowinterfaces br0\n" in told(tmp_path, "allowinterfaces eth*\n", "eth0", "br0")


def test_a_link_that_none_takes_the_place_of(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    text = told(tmp_path, "persistent\n", "eth0", "")
    assert "denyinterfaces eth0" in text and "interface \n" not in text


def test_back_and_forth_ends_with_its_own_configuration(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    first = dhcpcd.for_other_link(MANAGER, "eth0", "br0", run)
    second = dhcpcd.for_other_link(first, "eth1", "br0", run)
    text = Path(second[-1]).read_text()
    assert "denyinterfaces eth0\ndenyinterfaces eth1\n" in text
    third = dhcpcd.for_other_link(second, "br0", "eth1", run)
    assert third == first
    assert dhcpcd.for_other_link(third, "br0", "eth0", run) == MANAGER


def test_arguments_that_are_no_title_stay_as_they_are() -> None:
    for shown in (["dhcpcd", "-q", "eth0"], ["dhclient", "eth0"], ["dhcpcd: [BPF ARP] eth0 1.2"]):
        assert dhcpcd.original(2**22 + 1, shown) == tuple(shown)


def test_a_title_is_made_into_arguments() -> None:
    nobody = 2**22 + 1
    assert dhcpcd.original(nobody, ["dhcpcd: eth0.5 [ip4] [ip6]"]) == (*MANAGER, "eth0.5")
    assert dhcpcd.original(nobody, ["dhcpcd: [manager] [ip4]"]) == MANAGER
    assert dhcpcd.original(nobody, ["dhcpcd: [master]"]) == MANAGER
