"""The interface document of kinds that a test's kernel may not have: bonds and VLANs.

Source of the expected layout: libvirt's formatter (interface_conf.c); the other kinds run beside
the real libvirt in tests/oracle/test_interfaces.py.
"""

from __future__ import annotations

from pasarela.model.interface import (
    ArpMonitor,
    BondDetails,
    HostInterface,
    InterfaceType,
    MiiMonitor,
    VlanDetails,
)
from pasarela.xml.interface import format_interface

MAC = "52:54:00:00:00:01"
ETH0 = HostInterface("eth0", InterfaceType.ETHERNET, MAC, 1500, "up", 1000)
ETH1 = HostInterface("eth1", InterfaceType.ETHERNET, MAC, 1500, "down")


def bond(monitor: MiiMonitor | ArpMonitor | None) -> HostInterface:
    details = BondDetails("active-backup", monitor, (ETH0, ETH1))
    return HostInterface("bond0", InterfaceType.BOND, MAC, 1500, "up", 1000, details=details)


def test_a_bond_watched_by_mii():
    assert (
        format_interface(bond(MiiMonitor(100, up_delay=200)))
        == """\
<interface type='bond' name='bond0'>
  <mtu size='1500'/>
  <link speed='1000' state='up'/>
  <bond mode='active-backup'>
    <miimon freq='100' updelay='200' carrier='netif'/>
    <interface type='ethernet' name='eth0'>
      <link speed='1000' state='up'/>
      <mac address='52:54:00:00:00:01'/>
    </interface>
    <interface type='ethernet' name='eth1'>
      <link state='down'/>
      <mac address='52:54:00:00:00:01'/>
    </interface>
  </bond>
</interface>
"""
    )


def test_a_bond_watched_by_arp():
    document = format_interface(bond(ArpMonitor(1000, "192.0.2.1", "active")))
    assert "<arpmon interval='1000' target='192.0.2.1' validate='active'/>" in document


def test_a_bond_that_nobody_watches():
    document = format_interface(bond(None))
    assert "miimon" not in document
    assert "arpmon" not in document


def test_a_vlan():
    details = VlanDetails(42, "eth0")
    vlan = HostInterface("eth0.42", InterfaceType.VLAN, MAC, 1496, "up", 1000, details=details)
    assert (
        format_interface(vlan)
        == """\
<interface type='vlan' name='eth0.42'>
  <mtu size='1496'/>
  <link speed='1000' state='up'/>
  <vlan tag='42'>
    <interface name='eth0'/>
  </vlan>
</interface>
"""
    )


def test_a_state_that_libvirt_does_not_know_is_left_out():
    odd = HostInterface("x", InterfaceType.ETHERNET, MAC, 1500, "frobbed")
    assert "<link" not in format_interface(odd)
