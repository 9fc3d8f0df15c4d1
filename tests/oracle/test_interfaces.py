"""The host's interfaces: the same list, documents and refusals as the real libvirt's.

One difference is meant: libvirt takes a device whose name has a dot for a VLAN, fails to read it
as one, and shows an error where we show the device.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from oracle.libvirtd import Libvirtd
from oracle.outcome import Refusal, outcome_of
from pasarela.host.interfaces import HostInterfaces
from pasarela.xml.interface import format_interface

pytestmark = pytest.mark.oracle

LINKS = """
link add v0 type veth peer name v1
link add b0 type bridge
link set v1 master b0
link set v0 up
link set v1 up
link set b0 up
link add b1 type bridge stp_state 1 forward_delay 400
link add vnet3 type veth peer name vnets
link set vnet3 master b1
link add empty type bridge
link add mv0 link v0 type macvlan mode bridge
link set mv0 up mtu 1400
link add mt0 link v0 type macvtap
link add twin1 address 52:54:00:00:00:77 type veth peer name twin2 address 52:54:00:00:00:77
link add dot.5 type veth peer name dots
tuntap add tap0 mode tap
link set tap0 master b1
tuntap add tun0 mode tun
"""

NAMES = ("lo", "v0", "v1", "b0", "b1", "vnet3", "vnets", "empty", "mv0", "mt0", "tap0", "tun0")


@pytest.fixture(scope="module", autouse=True)
def _links(libvirtd: Libvirtd) -> Iterator[None]:
    made = libvirtd.run("ip", "-force", "-batch", "-", stdin=LINKS)
    assert made.returncode == 0, made.stderr
    yield
    for name in ("v0", "b0", "b1", "vnet3", "empty", "twin1", "dot.5", "tap0", "tun0"):
        libvirtd.run("ip", "link", "del", name)


@pytest.fixture(scope="module")
def ours(libvirtd: Libvirtd) -> HostInterfaces:
    """Ours, looking at the namespace that the daemon is in."""
    process = Path(f"/proc/{libvirtd.pid}")
    return HostInterfaces(process / "root/sys/class/net", process / "net")


@pytest.mark.parametrize("flags", [0, 1, 2, 3])
def test_the_same_are_listed(libvirtd: Libvirtd, ours: HostInterfaces, flags: int):
    wanted = {0: (True, False), 1: (False,), 2: (True,), 3: (True, False)}[flags]
    found = [(each.name, each.mac) for each in ours.listed() if each.active in wanted]
    assert found == sorted((each.name, each.mac) for each in libvirtd.interfaces(flags))
    assert found


@pytest.mark.parametrize("name", [*NAMES, "nope", "", "..", "b0/brif", "bonding_masters"])
def test_the_same_document(libvirtd: Libvirtd, ours: HostInterfaces, name: str):
    real = outcome_of(lambda: libvirtd.interface_dumpxml(libvirtd.interface_by_name(name)))
    assert outcome_of(lambda: format_interface(ours.by_name(name))) == real


@pytest.mark.parametrize(
    "mac", ["00:00:00:00:00:00", "52:54:00:00:00:77", "52:54:00:00:00:99", "nonsense", ""]
)
def test_the_same_by_mac(libvirtd: Libvirtd, ours: HostInterfaces, mac: str):
    real = outcome_of(lambda: libvirtd.interface_by_mac(mac).name)
    assert outcome_of(lambda: ours.by_mac(mac).name) == real


def test_a_mac_is_compared_as_the_kernel_spells_it(libvirtd: Libvirtd, ours: HostInterfaces):
    mac = ours.by_name("v0").mac
    assert ours.by_mac(mac).name == libvirtd.interface_by_mac(mac).name == "v0"
    shouted = mac.upper()
    real = outcome_of(lambda: libvirtd.interface_by_mac(shouted).name)
    assert outcome_of(lambda: ours.by_mac(shouted).name) == real


def test_a_dot_in_a_name_does_not_make_a_vlan(libvirtd: Libvirtd, ours: HostInterfaces):
    real = outcome_of(lambda: libvirtd.interface_dumpxml(libvirtd.interface_by_name("dot.5")))
    assert isinstance(real, Refusal) and "/proc/net/vlan/dot.5" in real.message
    assert "<interface type='ethernet' name='dot.5'>" in format_interface(ours.by_name("dot.5"))
