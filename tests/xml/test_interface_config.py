"""The configured interface's document: any value goes through it, and no text does harm."""

from __future__ import annotations

import time
from ipaddress import IPv4Interface, IPv6Interface

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interface_documents import DEVIATIONS, INVALID, VALID, bridge, ethernet
from pasarela.errors import PasarelaError, XmlContentError
from pasarela.model.interface import ArpMonitor, InterfaceType, MiiMonitor
from pasarela.model.interface_config import (
    BondConfig,
    BridgeConfig,
    InterfaceConfig,
    IpConfig,
    StartMode,
    VlanConfig,
)
from pasarela.model.values import MacAddress
from pasarela.xml.interface_config import format_config, parse_interface

NAMES = st.from_regex(r"[a-z][a-z0-9.-]{0,14}", fullmatch=True)
MACS = st.binary(min_size=6, max_size=6).map(MacAddress.from_bytes)
ETHERNETS = st.builds(InterfaceConfig, NAMES, mac=st.none() | MACS)
NUMBERS = st.integers(0, 2**31 - 1)
MONITORS = st.one_of(
    st.none(),
    st.builds(MiiMonitor, NUMBERS, NUMBERS, NUMBERS, st.sampled_from(["netif", "ioctl"])),
    st.builds(
        ArpMonitor,
        NUMBERS,
        st.ip_addresses(v=4).map(str),
        st.sampled_from([None, "active", "backup", "all"]),
    ),
)
VLANS = st.builds(VlanConfig, st.integers(0, 4094), NAMES)


def ports(of: st.SearchStrategy[InterfaceConfig]) -> st.SearchStrategy[tuple[InterfaceConfig, ...]]:
    return st.lists(of, max_size=3, unique_by=lambda port: port.name).map(tuple)


BONDS = st.builds(
    BondConfig, ports(ETHERNETS), st.sampled_from([None, "802.3ad", "balance-rr"]), MONITORS
)
MEMBERS = st.one_of(
    ETHERNETS,
    st.builds(InterfaceConfig, NAMES, st.just(InterfaceType.BOND), details=BONDS),
    st.builds(InterfaceConfig, NAMES, st.just(InterfaceType.VLAN), details=VLANS),
)
BRIDGES = st.builds(
    BridgeConfig,
    ports(MEMBERS),
    st.none() | st.booleans(),
    st.none() | st.integers(0, 300).map(lambda tenths: tenths / 10),
)
TYPES = st.one_of(
    st.tuples(st.just(InterfaceType.ETHERNET), st.none()),
    st.tuples(st.just(InterfaceType.BRIDGE), BRIDGES),
    st.tuples(st.just(InterfaceType.BOND), BONDS),
    st.tuples(st.just(InterfaceType.VLAN), VLANS),
)


@st.composite
def ips(draw: st.DrawFn, version: int) -> IpConfig:
    kind = IPv4Interface if version == 4 else IPv6Interface
    bits = 32 if version == 4 else 128
    pairs = draw(st.lists(st.tuples(st.ip_addresses(v=version), st.integers(1, bits)), max_size=3))
    dhcp = draw(st.booleans())
    return IpConfig(
        dhcp=dhcp,
        autoconf=version == 6 and draw(st.booleans()),
        peer_dns=draw(st.none() | st.booleans()) if dhcp else None,
        addresses=tuple(kind(pair) for pair in pairs),
        gateway=draw(st.none() | st.ip_addresses(v=version)),
    )


@st.composite
def interfaces(draw: st.DrawFn) -> InterfaceConfig:
    kind, details = draw(TYPES)
    return InterfaceConfig(
        name=draw(NAMES),
        type=kind,
        start=draw(st.sampled_from(StartMode)),
        mac=draw(st.none() | MACS) if kind is InterfaceType.ETHERNET else None,
        mtu=draw(st.none() | st.integers(1, 100000)),
        ipv4=draw(st.none() | ips(4)),
        ipv6=draw(st.none() | ips(6)),
        details=details,
    )


@given(interfaces())
def test_what_is_written_is_read_the_same(interface: InterfaceConfig):
    assert parse_interface(format_config(interface), validate=False) == interface


@given(interfaces())
def test_what_is_written_is_valid(interface: InterfaceConfig):
    try:
        parse_interface(format_config(interface), validate=True)
    except PasarelaError as error:
        assert "<bond> needs an element <interface>" in error.detail


EVERYTHING = [*VALID.values(), *INVALID.values(), *(entry[0] for entry in DEVIATIONS.values())]


@given(st.sampled_from(EVERYTHING), st.data())
def test_any_text_is_read_or_refused(document: str, data: st.DataObject):
    at = data.draw(st.integers(0, len(document)))
    piece = data.draw(st.text(max_size=3) | st.sampled_from(["'", "<", ">", "&#10;", "<interface"]))
    try:
        parse_interface(document[:at] + piece + document[at:], validate=data.draw(st.booleans()))
    except PasarelaError as error:
        assert error.message


@pytest.mark.parametrize(
    "name", ["-a", "a b", "a\nb", "a;b", "a#b", "../a", "a" * 16, "", ".", "..", "ä", "a\x7f"]
)
def test_a_name_that_a_file_or_a_program_may_misread_is_refused(name: str):
    with pytest.raises(XmlContentError) as refused:
        parse_interface(ethernet(attributes=f'name="{name}"'.replace("\n", "&#10;")))
    assert refused.value.remedy


def test_an_error_says_where_and_what_to_do():
    with pytest.raises(XmlContentError) as refused:
        parse_interface("<interface type='bridge' name='br0'>\n <bridge stp='yes'/>\n</interface>")
    assert str(refused.value.location) == "line 2 <bridge>"
    assert refused.value.remedy == "write stp='on' or stp='off'"


def test_what_is_no_document_is_told_how_one_begins():
    with pytest.raises(PasarelaError) as error:
        parse_interface("auto eth0")
    assert error.value.remedy == "the document must begin with a tag, such as <interface>"


def test_a_bridge_of_very_many_ports_is_read_at_once():
    many = "".join(f"<interface type='ethernet' name='p{number}'/>" for number in range(80_000))
    before = time.monotonic()
    parsed = parse_interface(bridge(many))
    assert len(parsed.ports) == 80_000
    assert time.monotonic() - before < 10
