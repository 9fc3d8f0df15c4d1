"""The port document where the real libvirt cannot be asked: whatever is written is read.

Beside the real libvirt it runs in tests/oracle/test_ports.py.
"""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pasarela.errors import PasarelaError
from pasarela.model.network import MacTableManager
from pasarela.model.port import Plug, PlugType, Port
from pasarela.model.values import (
    Bandwidth,
    MacAddress,
    PciAddress,
    Rate,
    VirtualPort,
    VirtualPortType,
    Vlan,
    VlanTag,
)
from pasarela.xml.port import format_port, parse_port

texts = st.text(st.characters(min_codepoint=0x20, exclude_categories=["Cs"]), min_size=1).filter(
    lambda text: text.strip() == text and "\ufffe" not in text and "\uffff" not in text
)
flags = st.none() | st.booleans()
rates = st.builds(
    Rate,
    average=st.integers(1, 2**32),
    peak=st.integers(0, 2**32),
    floor=st.integers(0, 2**32),
    burst=st.integers(0, 2**20),
)
inbound_only = st.builds(Bandwidth, inbound=rates, class_id=st.none() | st.integers(3, 99))
tags = st.builds(VlanTag, st.integers(0, 4095), st.sampled_from([None, "tagged", "untagged"]))
vlans = st.builds(lambda tag: Vlan((tag,), trunk=tag.native_mode is not None), tags)
profiles = st.builds(
    VirtualPort,
    type=st.just(VirtualPortType.OPENVSWITCH),
    interface_id=st.none() | st.uuids().map(str),
)
plugs = st.one_of(
    st.builds(
        Plug,
        st.sampled_from([PlugType.NETWORK, PlugType.BRIDGE]),
        bridge=texts,
        mac_table_manager=st.none() | st.sampled_from(MacTableManager),
    ),
    st.builds(
        Plug,
        st.just(PlugType.DIRECT),
        dev=texts,
        mode=st.sampled_from(["vepa", "private", "bridge", "passthrough"]),
    ),
    st.builds(
        Plug,
        st.just(PlugType.HOSTDEV_PCI),
        managed=flags,
        driver_name=st.none() | st.just("vfio"),
        address=st.builds(
            PciAddress,
            st.integers(0, 0xFFFF),
            st.integers(0, 0xFF),
            st.integers(0, 0x1F),
            st.integers(0, 7),
        ),
    ),
)
ports = st.builds(
    Port,
    uuid=st.uuids(),
    owner_name=texts,
    owner_uuid=st.uuids(),
    mac=st.binary(min_size=6, max_size=6).map(MacAddress.from_bytes),
    group=st.none() | texts,
    virtual_port=st.none() | profiles,
    bandwidth=st.none() | inbound_only,
    vlan=st.none() | vlans,
    isolated=flags,
    trust_guest_rx_filters=flags,
    plug=st.none() | plugs,
)

HEAD = (
    "<uuid>6b1f5a0e-0000-4000-8000-00000000000a</uuid><owner><name>guest</name>"
    "<uuid>6b1f5a0e-0000-4000-8000-00000000000b</uuid></owner><mac address='52:54:00:00:00:01'/>"
)


@given(ports)
def test_what_is_written_is_read(port: Port):
    assert parse_port(format_port(port)) == port


def test_a_plugged_port_in_full():
    plug = Plug(
        PlugType.HOSTDEV_PCI,
        managed=False,
        driver_name="vfio",
        driver_model="vfio-pci-x",
        address=PciAddress(0, 3, 16, 1),
    )
    port = Port(UUID(int=10), "g", UUID(int=11), MacAddress("52:54:00:00:00:01"), plug=plug)
    assert (
        format_port(port)
        == """\
<networkport>
  <uuid>00000000-0000-0000-0000-00000000000a</uuid>
  <owner>
    <name>g</name>
    <uuid>00000000-0000-0000-0000-00000000000b</uuid>
  </owner>
  <mac address='52:54:00:00:00:01'/>
  <plug type='hostdev-pci' managed='no'>
    <driver name='vfio' model='vfio-pci-x'/>
    <address type='pci' domain='0x0000' bus='0x03' slot='0x10' function='0x1'/>
  </plug>
</networkport>
"""
    )


def test_a_written_class_is_read():
    bandwidth = "<bandwidth classID='4'><inbound average='7' floor='5'/></bandwidth>"
    port = parse_port(f"<networkport>{HEAD}{bandwidth}</networkport>")
    assert port.bandwidth == Bandwidth(Rate(7, floor=5), class_id=4)
    assert "<bandwidth classID='4'>" in format_port(port)


@pytest.mark.parametrize(
    ("plug", "complaint"),
    [
        ("<plug type='bogus'/>", "Invalid value for attribute 'type' in element 'plug'"),
        ("<plug type='bridge'/>", "Missing network port bridge name"),
        ("<plug type='direct'/>", "Missing network port link device name"),
        ("<plug type='hostdev-pci'/>", "Missing network port PCI address"),
    ],
)
def test_refusals_say_where_and_what_to_do(plug: str, complaint: str):
    with pytest.raises(PasarelaError, match=complaint) as refusal:
        parse_port(f"<networkport>\n{HEAD}\n{plug}</networkport>", source="port.xml")
    location = refusal.value.location
    assert location is not None
    assert str(location) == "port.xml:3 <plug>"


@pytest.mark.parametrize("extra", ["<unknown/>", "<port isolated='yes' more='x'/>"])
def test_validation_is_strict(extra: str):
    document = f"<networkport>{HEAD}{extra}</networkport>"
    parse_port(document)
    with pytest.raises(PasarelaError) as refusal:
        parse_port(document, validate=True)
    assert refusal.value.code == 92
