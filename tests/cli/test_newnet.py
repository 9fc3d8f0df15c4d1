"""net-new's choices: what a network of each kind is, and what a copy changes."""

from __future__ import annotations

import os
from dataclasses import replace
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Network,
    ip_address,
    ip_network,
)

import pytest

from pasarela.cli.newnet.host_access import host_access_of
from pasarela.cli.newnet.likeness import network_like
from pasarela.cli.newnet.recipe import new_network
from pasarela.cli.newnet.request import (
    Kind,
    Request,
    Surroundings,
    parse_dhcp,
    parse_guests,
    parse_host_access,
    parse_kind,
    parse_subnets,
)
from pasarela.errors import InvalidArgument
from pasarela.model.host_access import HostAccess
from pasarela.model.network import AddressRange, ForwardMode, Network
from pasarela.plan.facts import Facts, RouteFact
from pasarela.xml.network import format_network, parse_network

DEFAULT = """
<network>
  <name>default</name>
  <uuid>bba275f0-8866-4580-ad86-eb42e94c07fd</uuid>
  <forward mode='nat'/>
  <bridge name='virbr0' stp='on' delay='0'/>
  <mac address='52:54:00:2f:a3:d9'/>
  <domain name='default'/>
  <dns>
    <host ip='192.168.122.7'><hostname>seven</hostname></host>
    <host ip='10.9.9.9'><hostname>elsewhere</hostname></host>
  </dns>
  <ip address='192.168.122.1' netmask='255.255.255.0'>
    <dhcp>
      <range start='192.168.122.2' end='192.168.122.254'/>
      <host mac='52:54:00:00:00:01' ip='192.168.122.9'/>
    </dhcp>
  </ip>
  <ip family='ipv6' address='fd00::1' prefix='64'/>
  <route address='10.1.0.0' prefix='16' gateway='192.168.122.3'/>
</network>
"""


@pytest.fixture
def default() -> Network:
    return parse_network(DEFAULT)


@pytest.fixture
def around(default: Network) -> Surroundings:
    routes = (
        RouteFact(ip_network("0.0.0.0/0"), "enp3s0"),
        RouteFact(ip_network("192.168.123.0/24"), "enp3s0"),
    )
    facts = Facts(links=frozenset({"lo", "enp3s0", "br0", "virbr1"}), routes=routes)
    return Surroundings(facts, (default,), os.urandom)


def test_nat_is_the_default_and_clashes_with_nothing(around: Surroundings) -> None:
    network = new_network(Request("mired2"), around)
    (ip,) = network.ips
    assert network.forward.mode is ForwardMode.NAT
    assert (network.bridge.name, network.bridge.stp, network.bridge.delay) == ("virbr2", False, 0)
    assert str(network.mac).startswith("52:54:00:")
    assert network.uuid is not None
    assert network.uuid.version == 4
    assert ip.network == IPv4Network("192.168.124.0/24")  # 122 and 123 are taken
    assert ip.address == IPv4Address("192.168.124.1")
    assert [(str(r.start), str(r.end)) for r in ip.ranges] == [("192.168.124.2", "192.168.124.254")]


@pytest.mark.parametrize(
    ("kind", "mode", "addresses"),
    [
        (Kind.NAT, ForwardMode.NAT, 1),
        (Kind.ISOLATED, ForwardMode.NONE, 1),
        (Kind.VERY_ISOLATED, ForwardMode.NONE, 0),
        (Kind.ROUTE, ForwardMode.ROUTE, 1),
        (Kind.OPEN, ForwardMode.OPEN, 1),
        (Kind.MACVTAP, ForwardMode.BRIDGE, 0),
    ],
)
def test_every_kind_is_a_document_that_reads_back(
    kind: Kind, mode: ForwardMode, addresses: int, around: Surroundings
) -> None:
    network = new_network(Request("x", kind), around)
    assert (network.forward.mode, len(network.ips)) == (mode, addresses)
    assert parse_network(format_network(network), validate=True) == network


def test_bridge_needs_a_bridge(around: Surroundings) -> None:
    around = replace(around, bridges=("br0", "br1"))
    network = new_network(Request("x", Kind.BRIDGE, bridge="br0"), around)
    assert (network.bridge.name, network.bridge.stp, network.mac) == ("br0", None, None)
    with pytest.raises(InvalidArgument, match="needs a bridge of the host"):
        new_network(Request("x", Kind.BRIDGE), around)
    with pytest.raises(InvalidArgument, match="'enp3s0' is no bridge"):
        new_network(Request("x", Kind.BRIDGE, bridge="enp3s0"), around)


def test_macvtap_takes_the_interface_of_the_default_route(around: Surroundings) -> None:
    assert new_network(Request("x", Kind.MACVTAP), around).forward.dev == "enp3s0"
    assert new_network(Request("x", Kind.MACVTAP, dev="eno1"), around).forward.dev == "eno1"
    alone = replace(around, facts=Facts())
    with pytest.raises(InvalidArgument, match="no default route"):
        new_network(Request("x", Kind.MACVTAP), alone)


def test_what_is_given_is_taken(around: Surroundings) -> None:
    request = Request(
        "x",
        Kind.ROUTE,
        subnets=parse_subnets("10.7.0.0/16,fd00:7::/64"),
        bridge="virbr9",
        dev="enp3s0",
        dhcp=AddressRange(ip_address("10.7.1.1"), ip_address("10.7.1.9")),
        domain="x.example",
    )
    network = new_network(request, around)
    four, six = network.ips
    assert (four.address, four.netmask) == (ip_address("10.7.0.1"), ip_address("255.255.0.0"))
    assert [(str(r.start), str(r.end)) for r in four.ranges] == [("10.7.1.1", "10.7.1.9")]
    assert (six.family, six.prefix, six.address) == ("ipv6", 64, ip_address("fd00:7::1"))
    assert [(str(r.start), str(r.end)) for r in six.ranges] == [("fd00:7::100", "fd00:7::1ff")]
    assert (network.bridge.name, network.forward.dev) == ("virbr9", "enp3s0")
    assert network.domain is not None
    assert network.domain.name == "x.example"


def test_nat_of_an_ipv6_subnet_translates_it(around: Surroundings) -> None:
    network = new_network(Request("x", subnets=parse_subnets("fd00:7::/64")), around)
    assert network.forward.nat is not None
    assert network.forward.nat.ipv6 is True


@pytest.mark.parametrize(
    ("host", "pool"),
    [
        ("10.7.0.1/24", ("10.7.0.2", "10.7.0.254")),
        ("10.7.0.254/24", ("10.7.0.1", "10.7.0.253")),
        ("10.7.0.10/24", ("10.7.0.11", "10.7.0.254")),
        ("10.7.0.200/24", ("10.7.0.1", "10.7.0.199")),
        ("10.7.0.0/29", ("10.7.0.2", "10.7.0.6")),
        ("10.7.0.0/30", ("10.7.0.2", "10.7.0.2")),
        ("10.7.0.2/30", ("10.7.0.1", "10.7.0.1")),
        ("172.16.0.0/12", ("172.16.0.2", "172.16.255.255")),
        ("172.31.255.254/12", ("172.16.0.1", "172.16.255.255")),
    ],
)
def test_the_pool_leaves_out_the_networks_own_address(
    host: str, pool: tuple[str, str], around: Surroundings
) -> None:
    network = new_network(Request("x", subnets=parse_subnets(host)), around)
    assert [(str(r.start), str(r.end)) for r in network.ips[0].ranges] == [pool]


def test_dhcp_off(around: Surroundings) -> None:
    assert new_network(Request("x", dhcp_off=True), around).ips[0].ranges == ()


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (Request("x", subnets=parse_subnets("192.168.122.0/25")), "is taken: network 'default'"),
        (Request("x", subnets=parse_subnets("192.168.0.0/16")), "is taken: route to 192.168.123"),
        (Request("x", bridge="virbr0"), "bridge 'virbr0' belongs to network 'default'"),
        (Request("x", bridge="br0"), "there is an interface 'br0' already"),
        (Request("x", Kind.ISOLATED, dev="enp3s0"), "--dev means nothing"),
        (Request("x", Kind.OPEN, dev="enp3s0"), "--dev means nothing"),
        (Request("x", Kind.MACVTAP, bridge="br0"), "--bridge means nothing"),
        (Request("x", Kind.VERY_ISOLATED, dhcp_off=True), "--dhcp means nothing"),
        (
            Request("x", dhcp=AddressRange(ip_address("10.0.0.1"), ip_address("10.0.1.2"))),
            "is not inside 10.0.0.0/24",
        ),
        (
            Request("x", dhcp=AddressRange(ip_address("192.168.122.8"), ip_address("10.0.1.2"))),
            "192.168.122.0/24 is taken",
        ),
    ],
)
def test_what_cannot_be(request_: Request, message: str, around: Surroundings) -> None:
    with pytest.raises(InvalidArgument, match=message) as caught:
        new_network(request_, around)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("first", "last", "own"),
    [
        ("10.8.0.10", "10.8.0.99", "10.8.0.1/24"),
        ("10.8.0.1", "10.8.0.99", "10.8.0.254/24"),
        ("fd08::100", "fd08::1ff", "fd08::1/64"),
    ],
)
def test_a_range_says_the_subnet(first: str, last: str, own: str, around: Surroundings) -> None:
    pool = AddressRange(ip_address(first), ip_address(last))
    (ip,) = new_network(Request("x", dhcp=pool), around).ips
    assert f"{ip.address}/{ip.network.prefixlen}" == own
    assert [(str(r.start), str(r.end)) for r in ip.ranges] == [(first, last)]


def test_the_hosts_only_bridge_is_taken(around: Surroundings) -> None:
    one = replace(around, bridges=("br0", "virbr0"))  # virbr0 is network default's
    assert new_network(Request("x", Kind.BRIDGE), one).bridge.name == "br0"
    two = replace(around, bridges=("br0", "br1"))
    with pytest.raises(InvalidArgument) as caught:
        new_network(Request("x", Kind.BRIDGE), two)
    assert caught.value.remedy == "name it with --bridge, as --bridge br0 (it has br0, br1)"


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "10.0.0.0/33",
        "10.0.0.0/31",
        "10.0.0.255/24",
        "10.0.0.0",
        "224.0.0.0/24",
        "127.3.0.0/16",
        "169.254.7.0/24",
        "0.0.0.0/0",
        "fe80::/64",
        "ff02::/64",
    ],
)
def test_subnets_that_are_none(text: str) -> None:
    with pytest.raises(InvalidArgument):
        parse_subnets(text)


def test_a_pool_of_a_large_subnet_reads_back(around: Surroundings) -> None:
    network = new_network(Request("x", subnets=parse_subnets("172.16.0.1/12")), around)
    assert parse_network(format_network(network)).ips[0].ranges == network.ips[0].ranges


def test_a_kind_that_is_nearly_one() -> None:
    with pytest.raises(InvalidArgument) as caught:
        parse_kind("router")
    assert str(caught.value.remedy).startswith("did you mean 'route'? Known are nat, isolated,")


def test_dhcp_words() -> None:
    four = AddressRange(ip_address("10.0.0.1"), ip_address("10.0.0.9"))
    assert parse_dhcp(None) == (None, False)
    assert parse_dhcp("off") == (None, True)
    assert parse_dhcp("10.0.0.1, 10.0.0.9") == (four, False)
    assert parse_dhcp("10.0.0.1-10.0.0.9") == (four, False)
    for wrong in ("on", "10.0.0.1", "a,b"):
        with pytest.raises(InvalidArgument, match="is no range"):
            parse_dhcp(wrong)
    with pytest.raises(InvalidArgument, match="unknown kind 'router'"):
        parse_kind("router")


# --like


def test_a_copy_has_an_identity_of_its_own(default: Network, around: Surroundings) -> None:
    copy = network_like(default, Request("mired2"), around)
    assert copy.name == "mired2"
    assert copy.uuid not in (None, default.uuid)
    assert copy.mac not in (None, default.mac)
    assert (copy.bridge.name, copy.bridge.stp) == ("virbr2", False)
    assert copy.domain is not None
    assert copy.domain.name == "mired2"
    assert copy.forward == default.forward
    assert parse_network(format_network(copy)) == copy


def test_a_copys_addresses_move_into_a_free_subnet(default: Network, around: Surroundings) -> None:
    copy = network_like(default, Request("mired2"), around)
    four, six = copy.ips
    assert four.network == IPv4Network("192.168.124.0/24")
    assert [(str(r.start), str(r.end)) for r in four.ranges] == [
        ("192.168.124.2", "192.168.124.254")
    ]
    assert four.hosts == ()
    assert isinstance(six.network, IPv6Network)
    assert six.network.subnet_of(IPv6Network("fd00::/8"))
    assert six.network != IPv6Network("fd00::/64")
    assert (six.prefix, six.address) == (64, six.network[1])
    assert str(copy.routes[0].gateway) == "192.168.124.3"
    assert copy.dns is not None
    assert [str(host.address) for host in copy.dns.hosts] == ["192.168.124.7", "10.9.9.9"]


def test_a_copy_into_given_subnets(default: Network, around: Surroundings) -> None:
    subnets = parse_subnets("10.5.0.0/24,fd05::/64")
    copy = network_like(default, Request("x", subnets=subnets, dhcp_off=True), around)
    assert [str(ip.network) for ip in copy.ips] == ["10.5.0.0/24", "fd05::/64"]
    assert not any(ip.has_dhcp for ip in copy.ips)
    with pytest.raises(InvalidArgument, match="has 2 subnets, not 1"):
        network_like(default, Request("x", subnets=parse_subnets("10.5.0.0/24")), around)


def test_a_copy_of_a_network_on_a_hosts_bridge_shares_it(around: Surroundings) -> None:
    around = replace(around, bridges=("br0",))
    model = new_network(Request("lan", Kind.BRIDGE, bridge="br0"), around)
    copy = network_like(model, Request("lan2"), around)
    assert (copy.bridge, copy.mac, copy.ips) == (model.bridge, None, ())
    assert copy.uuid != model.uuid


def test_two_subnets_of_a_copy_do_not_clash(around: Surroundings) -> None:
    model = new_network(Request("x", subnets=parse_subnets("10.3.0.0/24,10.4.0.0/24")), around)
    copy = network_like(model, Request("y"), replace(around, networks=(model,)))
    first, second = (ip.network for ip in copy.ips)
    assert isinstance(first, IPv4Network)
    assert isinstance(second, IPv4Network)
    assert not first.overlaps(second)
    assert IPv4Interface(f"{first[1]}/24").network == first


class TestHostAccess:
    @pytest.fixture
    def lan(self, around: Surroundings) -> Surroundings:
        facts = replace(
            around.facts,
            links=frozenset({"lo", "enp3s0"}),
            addresses={"enp3s0": (IPv4Interface("172.26.0.100/16"),)},
        )
        return replace(around, facts=facts)

    @staticmethod
    def chosen(lan: Surroundings, *words: str, **more: object) -> HostAccess:
        addresses, dhcp = parse_host_access(words)
        request = Request(
            "direct", Kind.MACVTAP, dev="enp3s0", host_access=addresses, host_access_dhcp=dhcp
        )
        request = replace(request, **more)  # type: ignore[arg-type]
        access = host_access_of(new_network(request, lan), request, lan)
        assert access is not None
        return access

    def test_addresses_that_the_lan_gives(self, lan: Surroundings) -> None:
        access = self.chosen(lan, "dhcp")
        assert (access.link, access.addresses, access.asked) == ("enp3s0-host", (), (4, 6))
        assert 255 < access.table < 2**32
        assert "dhcp=" not in access.element()  # as those say who know no other

    def test_a_fixed_one_and_the_guests_behind_it(self, lan: Surroundings) -> None:
        guests = parse_guests(["172.26.1.0/24"])
        access = self.chosen(lan, "172.26.0.200/16", host_access_guests=guests)
        assert access.addresses == (IPv4Interface("172.26.0.200/16"),)
        assert access.asked == ()
        assert access.guests == guests

    def test_both_versions(self, lan: Surroundings) -> None:
        words = ("172.26.0.200/16", "2001:db8:26::200/64")
        guests = parse_guests(["172.26.1.0/24", "2001:db8:26::8000/113"])
        access = self.chosen(lan, *words, host_access_guests=guests)
        assert tuple(map(str, access.addresses)) == words
        assert f"address='{' '.join(words)}'" in access.element()
        assert "guests='172.26.1.0/24 2001:db8:26::8000/113'" in access.element()

    def test_a_version_with_a_fixed_one_is_not_asked_for(self, lan: Surroundings) -> None:
        access = self.chosen(lan, "2001:db8:26::200/64", "dhcp")
        assert access.asked == (4,)
        assert "dhcp='yes'" in access.element()

    def test_guests_of_a_version_without_an_address(self, lan: Surroundings) -> None:
        guests = parse_guests(["2001:db8:26::8000/113"])
        with pytest.raises(InvalidArgument, match="no IPv6 address there"):
            self.chosen(lan, "172.26.0.200/16", host_access_guests=guests)

    def test_its_name_is_nobody_elses(self, lan: Surroundings) -> None:
        first = self.chosen(lan, "dhcp")
        taken = replace(lan, facts=replace(lan.facts, links=lan.facts.links | {first.link}))
        assert self.chosen(taken, "dhcp").link == "enp3s0-host2"

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("172.26.0.100/16", "already, on enp3s0"),
            ("10.0.0.5/24", "not of the LAN"),
        ],
    )
    def test_an_address_that_cannot_be(self, lan: Surroundings, text: str, said: str) -> None:
        with pytest.raises(InvalidArgument, match=said):
            self.chosen(lan, text)

    @pytest.mark.parametrize("text", ["yes", "172.26.0.200", "fd00::1", "fe80::1/64", "off"])
    def test_words_that_are_none(self, text: str) -> None:
        with pytest.raises(InvalidArgument, match="no address on a LAN"):
            parse_host_access(["dhcp", text])

    def test_only_where_guests_are_on_the_nic(self, lan: Surroundings) -> None:
        with pytest.raises(InvalidArgument, match="--host-access means nothing"):
            new_network(Request("n", Kind.NAT, host_access_dhcp=True), lan)

    def test_guests_without_access(self, lan: Surroundings) -> None:
        request = Request("n", Kind.MACVTAP, host_access_guests=(IPv4Network("172.26.1.0/24"),))
        with pytest.raises(InvalidArgument, match="part of --host-access"):
            host_access_of(new_network(request, lan), request, lan)
