"""A change of the interfaces taken back, in a real kernel, from wherever it ended."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from ipaddress import IPv4Interface
from pathlib import Path

import pytest

from pasarela.errors import HostnetRefused, OperationInvalid
from pasarela.hostnet.host import Host
from pasarela.hostnet.iface.changes import Changes
from pasarela.model.interface import InterfaceType
from pasarela.model.interface_config import BridgeConfig, InterfaceConfig, IpConfig

pytestmark = pytest.mark.netns

INTERFACES = """\
auto lo
iface lo inet loopback

auto enp3s0
iface enp3s0 inet static
    address 192.0.2.10/24

iface enp4s0 inet static
    address 198.51.100.10/24
"""


@pytest.fixture
def interfaces(root: Path) -> Path:
    file = root / "etc/network/interfaces"
    file.parent.mkdir(parents=True)
    file.write_text(INTERFACES)
    return file


@pytest.fixture
def host(netns: None, root: Path, interfaces: Path) -> Host:
    """enp3s0 is up, enp4s0 is not."""
    for number in (3, 4):
        ip("link", "add", f"enp{number}s0", "type", "veth", "peer", "name", f"wire{number}")
        ip("link", "set", f"wire{number}", "up")
    made = opened(root)
    made.running.start("enp3s0")
    return made


def opened(root: Path) -> Host:
    """As another process sees it."""
    return Host(root, root / "var/lib/change.json")


def ip(*arguments: str) -> str:
    return subprocess.run(["ip", *arguments], capture_output=True, text=True, check=True).stdout


def state() -> dict[str, tuple[str, list[str]]]:
    """Of each link whether it is set up, and its addresses but link-local ones."""
    return {
        link["ifname"]: (
            "UP" if "UP" in link["flags"] else "DOWN",
            sorted(
                f"{one['local']}/{one['prefixlen']}"
                for one in link["addr_info"]
                if one["scope"] != "link"
            ),
        )
        for link in json.loads(ip("-json", "address", "show"))
    }


def bridge(host: Host, *ports: str) -> InterfaceConfig:
    """A bridge over interfaces, with the first one's addresses; defined."""
    first = host.configuration.all()[ports[0]].config
    details = BridgeConfig(tuple(map(InterfaceConfig, ports)), stp=False)
    config = replace(first, name="br0", type=InterfaceType.BRIDGE, details=details)
    host.configuration.define(config, {})
    return config


def test_all_at_once(host: Host, root: Path, interfaces: Path):
    before = state()
    host.running.begin()
    bridge(host, "enp3s0")
    host.running.start("br0")
    address = IpConfig(addresses=(IPv4Interface("203.0.113.4/24"),))
    host.configuration.define(InterfaceConfig("enp4s0", ipv4=address), {})
    host.running.start("enp4s0")
    lone = InterfaceConfig("br1", InterfaceType.BRIDGE, details=BridgeConfig(stp=False))
    host.configuration.define(lone, {})
    host.running.start("br1")
    assert state() != before
    opened(root).running.rollback()
    assert state() == before
    assert interfaces.read_text() == INTERFACES


def test_what_is_as_it_was_is_not_touched(host: Host, interfaces: Path):
    ip("address", "add", "192.0.2.99/24", "dev", "enp3s0")
    before = state()
    host.running.begin()
    host.running.rollback()
    assert state() == before


def test_addresses_that_were_defined_and_started_go(host: Host, interfaces: Path):
    before = state()
    host.running.begin()
    other = IpConfig(addresses=(IPv4Interface("192.0.2.11/24"),))
    host.configuration.define(InterfaceConfig("enp3s0", ipv4=other), {})
    host.running.start("enp3s0")
    assert state()["enp3s0"] == ("UP", ["192.0.2.10/24", "192.0.2.11/24"])
    host.running.rollback()
    assert state() == before


def test_what_was_taken_down_and_away_comes_back(host: Host, interfaces: Path):
    before = state()
    host.running.begin()
    host.running.stop("enp3s0")
    host.configuration.undefine(host.configuration.all()["enp3s0"])
    host.running.rollback()
    assert state() == before
    assert interfaces.read_text() == INTERFACES


def test_a_roll_back_that_was_cut_short_is_done_again(
    host: Host, root: Path, interfaces: Path, monkeypatch: pytest.MonkeyPatch
):
    before = state()
    host.running.begin()
    bridge(host, "enp3s0")
    host.running.start("br0")
    for step in ("restore", "end"):
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(Changes, step, interrupted)
            opened(root).running.rollback()
    opened(root).running.rollback()
    assert state() == before
    assert interfaces.read_text() == INTERFACES


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_bridge_with_a_guest_is_not_taken_from_under_it(host: Host, root: Path):
    before = state()
    host.running.begin()
    bridge(host, "enp3s0")
    host.running.start("br0")
    ip("tuntap", "add", "vnet0", "mode", "tap")
    ip("link", "set", "vnet0", "master", "br0")
    with pytest.raises(HostnetRefused, match="guests are plugged into br0 by vnet0"):
        host.running.rollback()
    assert state()["br0"] == ("UP", ["192.0.2.10/24"])
    ip("link", "delete", "vnet0")
    opened(root).running.rollback()
    assert state() == before
    with pytest.raises(OperationInvalid):
        host.running.rollback()


def test_where_nothing_was_configured_at_all(netns: None, root: Path):
    ip("link", "add", "enp3s0", "type", "veth", "peer", "name", "wire3")
    before = state()
    host = opened(root)
    host.running.begin()
    details = BridgeConfig((InterfaceConfig("enp3s0"),), stp=False)
    host.configuration.define(InterfaceConfig("br0", InterfaceType.BRIDGE, details=details), {})
    opened(root).running.start("br0")
    opened(root).running.start("enp3s0")
    assert state()["br0"][0] == "UP"
    opened(root).running.rollback()
    assert state() == before
    assert not [path for path in (root / "etc").rglob("*") if path.is_file()]


def test_ifupdown_knows_what_is_up(netns: None, root: Path, interfaces: Path):
    if not shutil.which("ifup", path="/usr/sbin:/sbin"):
        pytest.skip("no ifupdown here: scripts/install --dev installs it")
    ip("link", "add", "enp3s0", "type", "veth", "peer", "name", "wire3")
    host = opened(root)
    host.running.start("enp3s0")
    assert believed(root) == ["enp3s0=enp3s0"]
    bridge(host, "enp3s0")
    host.running.start("br0")
    assert believed(root) == ["enp3s0=enp3s0", "br0=br0"]
    assert "already configured" in by_ifupdown("ifup", root, interfaces)
    assert state()["br0"] == ("UP", ["192.0.2.10/24"])
    host.running.stop("br0")
    assert believed(root) == ["enp3s0=enp3s0"]
    assert "not configured" in by_ifupdown("ifdown", root, interfaces)


def believed(root: Path) -> list[str]:
    state_folder = f"--state-dir={root}/run/network"
    command = ["/usr/sbin/ifquery", state_folder, "--state"]
    return sorted(
        subprocess.run(command, capture_output=True, text=True, check=True).stdout.split(),
        reverse=True,
    )


def by_ifupdown(program: str, root: Path, interfaces: Path) -> str:
    """What the real one says of br0."""
    places = [f"--interfaces={interfaces}", f"--state-dir={root}/run/network"]
    command = [f"/usr/sbin/{program}", *places, "br0"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stderr


def test_a_bridge_that_lost_its_ports_gets_them_again(host: Host):
    bridge(host, "enp3s0", "enp4s0")
    host.running.start("br0")
    ip("link", "set", "enp4s0", "nomaster")
    host.running.start("br0")
    assert {port.name for port in Path("/sys/class/net/br0/brif").iterdir()} == {
        "enp3s0",
        "enp4s0",
    }
