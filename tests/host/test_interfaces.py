"""Reading /sys/class/net: bonds, VLANs and oddities from a folder that stands for it.

The kinds that this kernel has run beside the real libvirt in tests/oracle/test_interfaces.py.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from pasarela.errors import InterfaceNotFound, MultipleInterfaces
from pasarela.host.interfaces import HostInterfaces
from pasarela.model.interface import (
    ArpMonitor,
    BondDetails,
    BridgeDetails,
    InterfaceType,
    MiiMonitor,
    VlanDetails,
)

MAC = "52:54:00:00:00:01"

BONDING = {
    "mode": "active-backup 1",
    "miimon": "100",
    "downdelay": "0",
    "updelay": "200",
    "use_carrier": "1",
    "arp_interval": "0",
    "arp_validate": "none 0",
    "arp_ip_target": "",
    "slaves": "eth1 eth0",
}

VLAN = """\
eth0.42  VID: 42\t REORDER_HDR: 1  dev->priv_flags: 1021
         total frames received            0
Device: eth0
INGRESS priority mappings: 0:0  1:0
"""


@pytest.fixture
def sysfs(tmp_path: Path) -> Path:
    folder = tmp_path / "net"
    for name in ("eth0", "eth1"):
        device(folder, name)
    (folder / "bonding_masters").write_text("bond0\n")
    return folder


@pytest.fixture
def interfaces(sysfs: Path, tmp_path: Path) -> HostInterfaces:
    return HostInterfaces(sysfs, tmp_path / "proc")


def device(folder: Path, name: str, /, **files: str) -> Path:
    """A device; a file's path is written with ``__`` for each slash."""
    usual = {"address": MAC, "mtu": "1500", "operstate": "up", "speed": "1000"}
    usual |= {"uevent": f"INTERFACE={name}\nIFINDEX=2"}
    for file, text in (usual | files).items():
        path = folder / name / file.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")
    return folder / name


def bond(folder: Path, **options: str) -> None:
    files = {f"bonding__{name}": text for name, text in (BONDING | options).items()}
    device(folder, "bond0", uevent="DEVTYPE=bond\nINTERFACE=bond0", **files)


def test_a_bond(sysfs: Path, interfaces: HostInterfaces):
    bond(sysfs)
    found = interfaces.by_name("bond0")
    assert found.type is InterfaceType.BOND
    assert isinstance(found.details, BondDetails)
    assert found.details.mode == "active-backup"
    assert found.details.monitor == MiiMonitor(100, up_delay=200)
    assert [member.name for member in found.details.members] == ["eth0", "eth1"]


def test_a_bond_watched_by_arp(sysfs: Path, interfaces: HostInterfaces):
    bond(sysfs, miimon="0", arp_interval="500", arp_validate="all 3", arp_ip_target="192.0.2.1")
    details = interfaces.by_name("bond0").details
    assert isinstance(details, BondDetails)
    assert details.monitor == ArpMonitor(500, "192.0.2.1", "all")


def test_a_vlan(sysfs: Path, tmp_path: Path, interfaces: HostInterfaces):
    device(sysfs, "eth0.42", uevent="DEVTYPE=vlan")
    (tmp_path / "proc/vlan").mkdir(parents=True)
    (tmp_path / "proc/vlan/eth0.42").write_text(VLAN)
    found = interfaces.by_name("eth0.42")
    assert found.type is InterfaceType.VLAN
    assert found.details == VlanDetails(42, "eth0")


def test_a_dot_does_not_make_a_vlan(sysfs: Path, interfaces: HostInterfaces):
    device(sysfs, "dot.5")
    assert interfaces.by_name("dot.5").type is InterfaceType.ETHERNET


def test_guests_taps_are_no_members_to_show(sysfs: Path, interfaces: HostInterfaces):
    bridge = {"bridge__stp_state": "2", "bridge__forward_delay": "200"}
    device(sysfs, "br0", uevent="DEVTYPE=bridge", **bridge)
    for member in ("vnet0", "eth0", "vnetwork"):
        device(sysfs, member, brport__state="3")
        (sysfs / "br0/brif" / member).mkdir(parents=True)
    details = interfaces.by_name("br0").details
    assert isinstance(details, BridgeDetails)
    assert (details.stp, details.delay) == (True, 200)
    assert [member.name for member in details.members] == ["eth0", "vnetwork"]


@pytest.mark.parametrize("speed", ["-1", "0", "nonsense"])
def test_a_speed_that_is_none(sysfs: Path, interfaces: HostInterfaces, speed: str):
    device(sysfs, "eth9", speed=speed)
    assert interfaces.by_name("eth9").speed is None


def test_speed_counts_only_while_up(sysfs: Path, interfaces: HostInterfaces):
    device(sysfs, "eth9", operstate="dormant")
    found = interfaces.by_name("eth9")
    assert (found.speed, found.active) == (None, False)


def test_what_is_listed(sysfs: Path, interfaces: HostInterfaces):
    device(sysfs, "tap0", tun_flags="0x1002")
    device(sysfs, "member", brport__state="3")
    assert [each.name for each in interfaces.listed()] == ["eth0", "eth1"]
    assert interfaces.by_name("tap0").hidden
    assert interfaces.by_name("member").hidden


def test_a_file_among_the_devices_is_none(interfaces: HostInterfaces):
    with pytest.raises(InterfaceNotFound, match="couldn't find interface named 'bonding_masters'"):
        interfaces.by_name("bonding_masters")


@pytest.mark.parametrize("name", ["", ".", "..", "eth0/..", "../net/eth0", "\0", "eth0\n"])
def test_no_name_leads_elsewhere(interfaces: HostInterfaces, name: str):
    with pytest.raises(InterfaceNotFound):
        interfaces.by_name(name)


def test_a_shared_mac_names_the_candidates(interfaces: HostInterfaces):
    with pytest.raises(MultipleInterfaces) as refusal:
        interfaces.by_mac(MAC)
    assert refusal.value.remedy is not None and "eth0, eth1" in refusal.value.remedy


@pytest.mark.netns
def test_the_machine_itself(netns: None):
    assert [each.name for each in HostInterfaces().listed()] == ["lo"]
    assert not HostInterfaces().by_name("lo").active
