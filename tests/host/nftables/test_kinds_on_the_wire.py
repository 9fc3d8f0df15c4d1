"""Each kind's row of the table, by packets: TCP, UDP and ICMP, IPv4 and IPv6."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import ip_address

import pytest

from host.nftables.kinds import NAT, ROUTE, network, section
from host.nftables.listing import nft
from host.nftables.probe import PATIENCE, REFUSED, SHORT, SILENCE, all_ways, reach
from host.nftables.topology import HOST4, HOST6, OUTSIDE4, OUTSIDE6, Namespace, Topology
from pasarela.host.nftables import Firewall
from pasarela.model.network import AddressRange, ForwardMode, Nat, Network, Route
from pasarela.model.values import PortRange
from pasarela.plan.actions import Change, Create

pytestmark = pytest.mark.netns


@dataclass(frozen=True)
class Addresses:
    """A version's addresses of host, outside and the guests' subnet."""

    host: str
    outside: str
    bridge: str
    a: str
    b: str
    prefix: int

    def on_link(self, address: str) -> str:
        return f"{address}/{self.prefix}"


V4 = Addresses(HOST4, OUTSIDE4, "192.168.122.1", "192.168.122.11", "192.168.122.12", 24)
V6 = Addresses(HOST6, OUTSIDE6, "fd00:122::1", "fd00:122::11", "fd00:122::12", 64)
VERSIONS = pytest.mark.parametrize("at", [V4, V6], ids=["v4", "v6"])


@pytest.fixture
def topology(netns: None) -> Iterator[Topology]:
    built = Topology()
    yield built
    built.close()


@pytest.fixture
def two_guests(topology: Topology) -> tuple[Namespace, Namespace]:
    """Guests a and b on virbr0, with addresses of both versions."""
    topology.bridge("virbr0", V4.on_link(V4.bridge), V6.on_link(V6.bridge))
    return join(topology, "virbr0", V4, V6)


def join(topology: Topology, bridge: str, *versions: Addresses) -> tuple[Namespace, Namespace]:
    gateways = tuple(at.bridge for at in versions)
    made = [
        topology.guest(bridge, f"{bridge}-{who}", *addresses, via=gateways)
        for who, addresses in (
            ("a", [at.on_link(at.a) for at in versions]),
            ("b", [at.on_link(at.b) for at in versions]),
        )
    ]
    return made[0], made[1]


def of_kind(mode: ForwardMode, *, nat: Nat | None = None, dev: str | None = None) -> Network:
    addresses = (V4.on_link(V4.bridge), V6.on_link(V6.bridge))
    return network("virbr0", *addresses, mode=mode, nat=nat, dev=dev)


def install(firewall: Firewall, *networks: Network) -> None:
    firewall.apply([Create(section(one)) for one in networks])


def check_neighbours(topology: Topology, a: Namespace, b: Namespace, at: Addresses) -> None:
    """Guest to guest, and guest to host and back: the same for every kind but one."""
    assert all_ways(a, b, at.b) == {at.a}
    assert all_ways(a, topology.host, at.bridge) == {at.a}
    assert all_ways(a, topology.host, at.host) == {at.a}
    assert all_ways(topology.host, a, at.a) == {at.bridge}


@VERSIONS
def test_without_rules_everything_passes(topology, two_guests, at: Addresses):
    a, b = two_guests
    check_neighbours(topology, a, b, at)
    assert all_ways(a, topology.outside, at.outside) == {at.a}
    assert all_ways(topology.outside, a, at.a) == {at.outside}


@VERSIONS
def test_nat_translates_outwards_and_lets_nothing_in(topology, two_guests, firewall, at):
    a, b = two_guests
    install(firewall, of_kind(NAT, nat=Nat(ipv6=True)))
    check_neighbours(topology, a, b, at)
    assert all_ways(a, topology.outside, at.outside) == {at.host}
    assert all_ways(topology.outside, a, at.a) == {REFUSED}


def test_v6_of_a_nat_network_is_routed_unless_asked_for(topology, two_guests, firewall):
    a, _ = two_guests
    install(firewall, of_kind(NAT))
    assert all_ways(a, topology.outside, V4.outside) == {V4.host}
    assert all_ways(a, topology.outside, V6.outside) == {V6.a}
    assert all_ways(topology.outside, a, V6.a) == {V6.outside}


@VERSIONS
def test_routed_passes_both_ways_as_it_is(topology, two_guests, firewall, at):
    a, b = two_guests
    install(firewall, of_kind(ROUTE))
    check_neighbours(topology, a, b, at)
    assert all_ways(a, topology.outside, at.outside) == {at.a}
    assert all_ways(topology.outside, a, at.a) == {at.outside}


@VERSIONS
def test_isolated_reaches_the_host_and_nobody_else(topology, two_guests, firewall, at):
    a, b = two_guests
    install(firewall, of_kind(ForwardMode.NONE))
    check_neighbours(topology, a, b, at)
    assert all_ways(a, topology.outside, at.outside) == {REFUSED}
    assert all_ways(topology.outside, a, at.a) == {REFUSED}


@VERSIONS
def test_very_isolated_reaches_no_host_either(topology, firewall, at):
    topology.bridge("virbr0")
    a, b = join(topology, "virbr0", at)
    mac = topology.host.show("virbr0")["address"]
    a.ip(f"neighbour add {at.bridge} lladdr {mac} dev eth0")  # as if the host had answered
    install(firewall, network("virbr0"))
    assert all_ways(a, b, at.b) == {at.a}
    topology.host.ip(f"route add {at.a} dev virbr0")
    assert all_ways(a, topology.host, at.host, patience=SHORT) == {SILENCE}
    assert all_ways(a, topology.outside, at.outside, patience=SHORT) == {SILENCE}
    assert all_ways(topology.outside, a, at.a, patience=SHORT) == {SILENCE}
    assert reach(topology.host, a, at.a, "udp", source=(at.host, 0)) == REFUSED  # EPERM at once


@pytest.mark.parametrize("mode", [NAT, ROUTE], ids=["nat", "routed"])
@VERSIONS
def test_another_uplink_than_the_named_one_is_closed(topology, two_guests, firewall, mode, at):
    a, _ = two_guests
    here, elsewhere = (of_kind(mode, nat=Nat(ipv6=True), dev=dev) for dev in ("up0", "up1"))
    install(firewall, here)
    assert all_ways(a, topology.outside, at.outside) == {at.host if mode is NAT else at.a}
    firewall.apply([Change(section(here), section(elsewhere))])
    assert all_ways(a, topology.outside, at.outside) == {REFUSED}
    assert all_ways(topology.outside, a, at.a) == {REFUSED}


@pytest.mark.parametrize("mode", [NAT, ROUTE, ForwardMode.NONE], ids=["nat", "routed", "isolated"])
@VERSIONS
def test_a_guest_with_a_strangers_address_stays_in(topology, two_guests, firewall, mode, at):
    a, _ = two_guests
    stranger = "10.66.0.5" if at is V4 else "fd00:66::5"
    a.ip(f"address add {stranger} dev eth0")
    topology.host.ip(f"route add {stranger} dev virbr0")
    install(firewall, of_kind(mode, nat=Nat(ipv6=True)))
    for protocol in ("tcp", "udp"):
        seen = reach(a, topology.outside, at.outside, protocol, source=(stranger, 0))
        assert seen == REFUSED


def test_a_low_port_leaves_as_a_high_one(topology, two_guests, firewall):
    a, _ = two_guests
    install(firewall, of_kind(NAT))
    for protocol in ("tcp", "udp"):
        seen = reach(a, topology.outside, OUTSIDE4, protocol, source=(V4.a, 600), source_port=True)
        address, port = seen.split(":")
        assert (address, int(port) >= 1024) == (HOST4, True)


def test_an_address_pool_and_ports_are_kept_to(topology, two_guests, firewall):
    a, _ = two_guests
    topology.host.ip("address add 203.0.113.64/32 dev up0")
    pool = AddressRange(ip_address("203.0.113.64"), ip_address("203.0.113.64"))
    install(firewall, of_kind(NAT, nat=Nat(pool, PortRange(3000, 3003))))
    for protocol in ("tcp", "udp"):
        seen = reach(a, topology.outside, OUTSIDE4, protocol, source_port=True)
        address, port = seen.split(":")
        assert (address, 3000 <= int(port) <= 3003) == ("203.0.113.64", True)
    assert reach(a, topology.outside, OUTSIDE4, "icmp") == "203.0.113.64"


@VERSIONS
def test_the_host_as_its_bridge_is_translated_too(topology, two_guests, firewall, at):
    install(firewall, of_kind(NAT, nat=Nat(ipv6=True)))
    bridge = (at.bridge, 0)
    for protocol in ("tcp", "udp"):
        seen = reach(topology.host, topology.outside, at.outside, protocol, source=bridge)
        assert seen == at.host
        # towards the guests and towards itself it stays what it is
        assert reach(topology.host, two_guests[0], at.a, protocol, source=bridge) == at.bridge
        assert reach(topology.host, topology.host, at.host, protocol, source=bridge) == at.bridge


OTHER4 = Addresses(HOST4, OUTSIDE4, "10.50.0.1", "10.50.0.11", "10.50.0.12", 24)
OTHER6 = Addresses(HOST6, OUTSIDE6, "fd00:50::1", "fd00:50::11", "fd00:50::12", 64)
BETWEEN = {  # from, to: what the other network's guest sees; None is a refusal
    (ForwardMode.NONE, ROUTE): None,  # libvirt lets this one pass
    (ForwardMode.NONE, NAT): None,
    (ForwardMode.NONE, ForwardMode.NONE): None,
    (NAT, ForwardMode.NONE): None,
    (NAT, NAT): None,
    (ROUTE, NAT): None,
    (ROUTE, ForwardMode.NONE): None,
    (NAT, ROUTE): "bridge",
    (ROUTE, ROUTE): "a",
}


@pytest.mark.parametrize(("modes", "seen"), BETWEEN.items(), ids=lambda x: str(x)[:60])
@pytest.mark.parametrize("at", [(V4, OTHER4), (V6, OTHER6)], ids=["v4", "v6"])
def test_between_networks_both_must_agree(topology, two_guests, firewall, modes, seen, at):
    a, _ = two_guests
    here, other = at
    topology.bridge("virbr1", other.on_link(other.bridge))
    stranger, _ = join(topology, "virbr1", other)
    target = network("virbr1", other.on_link(other.bridge), mode=modes[1], nat=Nat(ipv6=True))
    install(firewall, of_kind(modes[0], nat=Nat(ipv6=True)), target)
    if seen is None:
        assert all_ways(a, stranger, other.a) == {REFUSED}
    else:
        expected = other.bridge if seen == "bridge" else here.a
        assert all_ways(a, stranger, other.a) == {expected}


@VERSIONS
def test_services_of_a_bridge_answer_only_there(topology, two_guests, firewall, at):
    a, _ = two_guests
    other = OTHER4 if at is V4 else OTHER6
    topology.bridge("virbr1", other.on_link(other.bridge))
    stranger, _ = join(topology, "virbr1", other)
    routed = network("virbr1", other.on_link(other.bridge), mode=ROUTE)
    install(firewall, of_kind(ROUTE), routed)

    def asked(by: Namespace, patience: float = PATIENCE) -> set[str]:
        services = (("udp", 53), ("tcp", 53), ("udp", 67), ("udp", 69), ("udp", 547))
        way = (by, topology.host, at.bridge)
        with ThreadPoolExecutor() as pool:
            tasks = [
                pool.submit(reach, *way, protocol, port=port, patience=patience)
                for protocol, port in services
            ]
        return {task.result() for task in tasks}

    assert asked(a) == {at.a}
    assert asked(topology.host) == {at.bridge}
    assert asked(topology.outside, SHORT) == {SILENCE}
    assert asked(stranger, SHORT) == {SILENCE}
    assert reach(topology.outside, topology.host, at.bridge, "udp", port=5353) == at.outside
    assert reach(topology.outside, topology.host, at.host, "udp", port=53) == at.outside


def test_a_broadcast_asking_for_an_address_is_heard(topology, two_guests, firewall):
    a, _ = two_guests
    install(firewall, of_kind(NAT))
    with topology.host.inside():
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with a.inside():
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with server, client:
        server.bind(("", 67))
        server.settimeout(PATIENCE)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        client.sendto(b"discover", ("255.255.255.255", 67))
        assert server.recv(100) == b"discover"


@VERSIONS
def test_what_the_administrator_forwards_gets_in(topology, two_guests, firewall, at):
    a, _ = two_guests
    install(firewall, of_kind(NAT, nat=Nat(ipv6=True)))
    family, target = ("ip", at.a) if at is V4 else ("ip6", at.a)
    rule = f"meta l4proto {{ tcp, udp }} th dport 5353 iifname up0 dnat {family} to {target}"
    nft(
        text=f"""table {family} mine {{ chain pre {{
        type nat hook prerouting priority dstnat;
        {rule}
    }}
    }}"""
    )
    for protocol in ("tcp", "udp"):
        assert reach(topology.outside, a, at.host, protocol, port=5353) == at.outside


def test_a_flow_from_before_the_translation_does_not_go_on(topology, two_guests, firewall):
    """On a network that was routed and becomes a NAT one, while conntrack is at work."""
    a, _ = two_guests
    routed, nat = (section(of_kind(mode)) for mode in (ROUTE, NAT))
    neighbour = section(network("virbr7", "10.77.0.1/24", mode=NAT))
    firewall.apply([Create(routed), Create(neighbour)])
    with topology.outside.inside():
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with a.inside():
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with server, client:
        server.bind((OUTSIDE4, 9))
        server.settimeout(PATIENCE)
        client.settimeout(PATIENCE)
        client.connect((OUTSIDE4, 9))
        client.send(b"one")
        _, seen = server.recvfrom(100)
        assert seen[0] == V4.a
        firewall.apply([Change(routed, nat)])
        client.send(b"two")
        server.settimeout(SHORT)
        with pytest.raises(TimeoutError):
            server.recvfrom(100)


def test_a_packet_that_conntrack_does_not_follow_does_not_leave(topology, two_guests, firewall):
    a, _ = two_guests
    install(firewall, of_kind(NAT))
    nft(
        text="""table ip mine { chain pre {
        type filter hook prerouting priority raw;
        iifname "virbr0" notrack
    }
    }"""
    )
    assert reach(a, topology.outside, OUTSIDE4, "udp", patience=SHORT) == SILENCE


def test_guests_behind_a_guest_of_a_routed_network(topology, two_guests, firewall):
    """``<route>``: a subnet that lies behind guest a."""
    a, _ = two_guests
    a.ip("address add 10.9.0.1/32 dev lo")
    topology.host.ip(f"route add 10.9.0.0/16 via {V4.a}")
    routes = (Route(ip_address("10.9.0.0"), ip_address(V4.a), prefix=16),)
    install(firewall, network("virbr0", V4.on_link(V4.bridge), mode=ROUTE, routes=routes))
    assert reach(topology.outside, a, "10.9.0.1", "tcp") == OUTSIDE4
    seen = reach(a, topology.outside, OUTSIDE4, "udp", source=("10.9.0.1", 0))
    assert seen == "10.9.0.1"


@pytest.mark.parametrize("mode", [NAT, ROUTE, ForwardMode.NONE], ids=["nat", "routed", "isolated"])
def test_two_subnets_of_one_network_see_each_other_as_they_are(topology, firewall, mode):
    topology.bridge("virbr0", "192.168.122.1/24", "192.168.123.1/24")
    a = topology.guest("virbr0", "port-a", "192.168.122.11/24", via=("192.168.122.1",))
    b = topology.guest("virbr0", "port-b", "192.168.123.11/24", via=("192.168.123.1",))
    topology.host.sysctl("ipv4/conf/virbr0/send_redirects", "0")
    topology.host.sysctl("ipv4/conf/all/send_redirects", "0")
    install(firewall, network("virbr0", "192.168.122.1/24", "192.168.123.1/24", mode=mode))
    assert all_ways(a, b, "192.168.123.11") == {"192.168.122.11"}
    seen = reach(topology.host, a, "192.168.122.11", "udp", source=("192.168.123.1", 0))
    assert seen == "192.168.123.1"


@VERSIONS
def test_an_error_from_outside_about_a_guests_packet_comes_back(topology, two_guests, firewall, at):
    a, _ = two_guests
    install(firewall, of_kind(NAT, nat=Nat(ipv6=True)))
    with a.inside():
        client = socket.socket(socket.AF_INET if at is V4 else socket.AF_INET6, socket.SOCK_DGRAM)
    with client:
        client.settimeout(PATIENCE)
        client.connect((at.outside, 9))  # nobody listens there
        client.send(b"?")
        with pytest.raises(ConnectionRefusedError):
            client.recv(100)


@pytest.mark.parametrize("group", ["224.0.0.251", "255.255.255.255"])
def test_what_no_router_forwards_keeps_its_source(topology, two_guests, firewall, group):
    """The host's own, as the bridge, on another link."""
    install(firewall, of_kind(NAT))
    with topology.host.inside():
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with topology.outside.inside():
        listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with sender, listener:
        member = socket.inet_aton("224.0.0.251") + socket.inet_aton(OUTSIDE4)
        listener.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
        listener.settimeout(PATIENCE)
        listener.bind(("", 5353))
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"up0")
        sender.bind((V4.bridge, 0))
        sender.sendto(b"hello", (group, 5353))
        _, seen = listener.recvfrom(100)
        assert seen[0] == V4.bridge


def test_a_v6_group_of_the_link_keeps_its_source(topology, two_guests, firewall):
    install(firewall, of_kind(NAT, nat=Nat(ipv6=True)))
    with topology.host.inside():
        sender = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        uplink = socket.if_nametoindex("up0")
    with topology.outside.inside():
        listener = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        inside = socket.if_nametoindex("out0")
    with sender, listener:
        member = socket.inet_pton(socket.AF_INET6, "ff02::fb") + inside.to_bytes(4, "little")
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, member)
        listener.settimeout(PATIENCE)
        listener.bind(("::", 5353))
        sender.bind((V6.bridge, 0))
        sender.sendto(b"hello", ("ff02::fb", 5353, 0, uplink))
        _, seen = listener.recvfrom(100)[:2]
        assert seen[0] == V6.bridge
