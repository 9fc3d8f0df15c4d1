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
from pasarela.host.netlink.socket import Message, NetlinkSocket
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
NETLINK_NETFILTER = 12
CTNETLINK_DELETE = 1 << 8 | 2  # NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_DELETE
VERSIONS = pytest.mark.parametrize("at", [V4, V6], ids=["v4", "v6"])


OTHER4 = Addresses(HOST4, OUTSIDE4, "10.50.0.1", "10.50.0.11", "10.50.0.12", 24)
OTHER6 = Addresses(HOST6, OUTSIDE6, "fd00:50::1", "fd00:50::11", "fd00:50::12", 64)
LONE4 = Addresses(HOST4, OUTSIDE4, "10.60.0.1", "10.60.0.11", "10.60.0.12", 24)
LONE6 = Addresses(HOST6, OUTSIDE6, "fd00:60::1", "fd00:60::11", "fd00:60::12", 64)


STRANGER4, STRANGER6 = "10.66.0.5", "fd00:66::5"


class Ground:
    """Bridges and guests for all tests of this module.

    Guests a and b are on virbr0, which has a second subnet with guest c; d is on virbr1; lone a
    and b are on virbr2, where the host has no address.
    """

    def __init__(self) -> None:
        self.topology = Topology()
        self.host, self.outside = self.topology.host, self.topology.outside
        self.topology.bridge("virbr0", *_on_link("bridge", V4, V6), "192.168.123.1/24")
        self.topology.bridge("virbr1", *_on_link("bridge", OTHER4, OTHER6))
        self.topology.bridge("virbr2")
        self.a = self._guest("virbr0", "a", V4, V6)
        for stranger in (STRANGER4, STRANGER6):  # deprecated: only who binds it uses it
            self.a.ip(f"address add {stranger} dev eth0 preferred_lft 0")
        self.b = self._guest("virbr0", "b", V4, V6)
        self.c = self.topology.guest(
            "virbr0", "virbr0-c", "192.168.123.11/24", via=("192.168.123.1",)
        )
        self.d = self._guest("virbr1", "a", OTHER4, OTHER6)
        self.lone_a = self._guest("virbr2", "a", LONE4, LONE6)
        self.lone_b = self._guest("virbr2", "b", LONE4, LONE6)
        for port in ("virbr0-a", "virbr0-b", "virbr0-c", "virbr1-a", "virbr2-a", "virbr2-b"):
            self.topology.wait_until_forwarding(port)

    def _guest(self, bridge: str, who: str, *versions: Addresses) -> Namespace:
        addresses = _on_link(who, *versions)
        gateways = tuple(at.bridge for at in versions)
        return self.topology.guest(bridge, f"{bridge}-{who}", *addresses, via=gateways)


def _on_link(who: str, *versions: Addresses) -> list[str]:
    return [at.on_link(getattr(at, who)) for at in versions]


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    with Namespace.new().inside():
        built = Ground()
        yield built
        built.topology.close()


@pytest.fixture
def firewall(ground: Ground) -> Iterator[Firewall]:
    """In the ground's host; afterwards there is no rule, no connection and no neighbour known."""
    opened = Firewall()
    yield opened
    opened.close()
    nft("flush", "ruleset")
    forget_connections()
    ground.topology.forget_neighbours()


def forget_connections() -> None:
    netfilter = NetlinkSocket(NETLINK_NETFILTER)
    netfilter.execute([Message(CTNETLINK_DELETE, 0, bytes(4), "forget all connections")])
    netfilter.close()


def of_kind(mode: ForwardMode, *, nat: Nat | None = None, dev: str | None = None) -> Network:
    addresses = (V4.on_link(V4.bridge), V6.on_link(V6.bridge))
    return network("virbr0", *addresses, mode=mode, nat=nat, dev=dev)


def install(firewall: Firewall, *networks: Network) -> None:
    firewall.apply([Create(section(one)) for one in networks])


def check_neighbours(ground: Ground, at: Addresses) -> None:
    """Guest to guest, and guest to host and back: the same for every kind but one."""
    assert all_ways(ground.a, ground.b, at.b) == {at.a}
    assert all_ways(ground.a, ground.host, at.bridge) == {at.a}
    assert all_ways(ground.a, ground.host, at.host) == {at.a}
    assert all_ways(ground.host, ground.a, at.a) == {at.bridge}


@VERSIONS
def test_without_rules_everything_passes(ground, firewall, at):
    check_neighbours(ground, at)
    assert all_ways(ground.a, ground.outside, at.outside) == {at.a}
    assert all_ways(ground.outside, ground.a, at.a) == {at.outside}


@VERSIONS
def test_nat_translates_outwards_and_lets_nothing_in(ground, firewall, at):
    install(firewall, of_kind(NAT, nat=Nat(ipv6=True)))
    check_neighbours(ground, at)
    assert all_ways(ground.a, ground.outside, at.outside) == {at.host}
    assert all_ways(ground.outside, ground.a, at.a) == {REFUSED}


def test_v6_of_a_nat_network_is_routed_unless_asked_for(ground, firewall):
    install(firewall, of_kind(NAT))
    assert all_ways(ground.a, ground.outside, V4.outside) == {V4.host}
    assert all_ways(ground.a, ground.outside, V6.outside) == {V6.a}
    assert all_ways(ground.outside, ground.a, V6.a) == {V6.outside}


@VERSIONS
def test_routed_passes_both_ways_as_it_is(ground, firewall, at):
    install(firewall, of_kind(ROUTE))
    check_neighbours(ground, at)
    assert all_ways(ground.a, ground.outside, at.outside) == {at.a}
    assert all_ways(ground.outside, ground.a, at.a) == {at.outside}


@VERSIONS
def test_isolated_reaches_the_host_and_nobody_else(ground, firewall, at):
    install(firewall, of_kind(ForwardMode.NONE))
    check_neighbours(ground, at)
    assert all_ways(ground.a, ground.outside, at.outside) == {REFUSED}
    assert all_ways(ground.outside, ground.a, at.a) == {REFUSED}


@pytest.mark.parametrize(
    ("at", "ipv6", "neighbour"),
    [(LONE4, False, LONE4.a), (LONE6, False, SILENCE), (LONE6, True, LONE6.a)],
    ids=["v4", "v6", "v6-allowed"],
)
def test_very_isolated_reaches_no_host_either(ground, firewall, at, ipv6, neighbour):
    mac = ground.host.show("virbr2")["address"]
    for guest in (ground.lone_a, ground.lone_b):  # as if the host had answered for its gateway
        guest.ip("neighbour flush dev eth0")
        guest.ip(f"neighbour replace {at.bridge} lladdr {mac} dev eth0")
    ground.host.ip(f"route replace {at.a} dev virbr2")
    install(firewall, network("virbr2", ipv6=ipv6))
    a, b = ground.lone_a, ground.lone_b
    patience = SHORT if neighbour == SILENCE else PATIENCE
    assert all_ways(a, b, at.b, patience=patience) == {neighbour}
    assert all_ways(a, ground.host, at.host, patience=SHORT) == {SILENCE}
    assert all_ways(a, ground.outside, at.outside, patience=SHORT) == {SILENCE}
    assert all_ways(ground.outside, a, at.a, patience=SHORT) == {SILENCE}
    assert reach(ground.host, a, at.a, "udp", source=(at.host, 0)) == REFUSED  # EPERM at once


@pytest.mark.parametrize("mode", [NAT, ROUTE], ids=["nat", "routed"])
@VERSIONS
def test_another_uplink_than_the_named_one_is_closed(ground, firewall, mode, at):
    here, elsewhere = (of_kind(mode, nat=Nat(ipv6=True), dev=dev) for dev in ("up0", "up1"))
    install(firewall, here)
    assert all_ways(ground.a, ground.outside, at.outside) == {at.host if mode is NAT else at.a}
    firewall.apply([Change(section(here), section(elsewhere))])
    assert all_ways(ground.a, ground.outside, at.outside) == {REFUSED}
    assert all_ways(ground.outside, ground.a, at.a) == {REFUSED}


@pytest.mark.parametrize("mode", [NAT, ROUTE, ForwardMode.NONE], ids=["nat", "routed", "isolated"])
@VERSIONS
def test_a_guest_with_a_strangers_address_stays_in(ground, firewall, mode, at):
    stranger = STRANGER4 if at is V4 else STRANGER6
    ground.host.ip(f"route replace {stranger} dev virbr0")
    install(firewall, of_kind(mode, nat=Nat(ipv6=True)))
    for protocol in ("tcp", "udp"):
        seen = reach(ground.a, ground.outside, at.outside, protocol, source=(stranger, 0))
        assert seen == REFUSED


def test_a_low_port_leaves_as_a_high_one(ground, firewall):
    install(firewall, of_kind(NAT))
    for protocol in ("tcp", "udp"):
        low = (V4.a, 600)
        seen = reach(ground.a, ground.outside, OUTSIDE4, protocol, source=low, source_port=True)
        address, port = seen.split(":")
        assert (address, int(port) >= 1024) == (HOST4, True)


def test_an_address_pool_and_ports_are_kept_to(ground, firewall):
    ground.host.ip("address replace 203.0.113.64/32 dev up0")
    pool = AddressRange(ip_address("203.0.113.64"), ip_address("203.0.113.64"))
    install(firewall, of_kind(NAT, nat=Nat(pool, PortRange(3000, 3003))))
    for protocol in ("tcp", "udp"):
        seen = reach(ground.a, ground.outside, OUTSIDE4, protocol, source_port=True)
        address, port = seen.split(":")
        assert (address, 3000 <= int(port) <= 3003) == ("203.0.113.64", True)
    assert reach(ground.a, ground.outside, OUTSIDE4, "icmp") == "203.0.113.64"


@VERSIONS
def test_the_host_as_its_bridge_is_translated_too(ground, firewall, at):
    install(firewall, of_kind(NAT, nat=Nat(ipv6=True)))
    bridge = (at.bridge, 0)
    for protocol in ("tcp", "udp"):
        seen = reach(ground.host, ground.outside, at.outside, protocol, source=bridge)
        assert seen == at.host
        # towards the guests and towards itself it stays what it is
        assert reach(ground.host, ground.a, at.a, protocol, source=bridge) == at.bridge
        assert reach(ground.host, ground.host, at.host, protocol, source=bridge) == at.bridge


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
def test_between_networks_both_must_agree(ground, firewall, modes, seen, at):
    here, other = at
    target = network("virbr1", other.on_link(other.bridge), mode=modes[1], nat=Nat(ipv6=True))
    install(firewall, of_kind(modes[0], nat=Nat(ipv6=True)), target)
    if seen is None:
        assert all_ways(ground.a, ground.d, other.a) == {REFUSED}
    else:
        expected = other.bridge if seen == "bridge" else here.a
        assert all_ways(ground.a, ground.d, other.a) == {expected}


@VERSIONS
def test_services_of_a_bridge_answer_only_there(ground, firewall, at):
    other = OTHER4 if at is V4 else OTHER6
    routed = network("virbr1", other.on_link(other.bridge), mode=ROUTE)
    install(firewall, of_kind(ROUTE), routed)

    def asked(by: Namespace, patience: float = PATIENCE) -> set[str]:
        services = (("udp", 53), ("tcp", 53), ("udp", 67), ("udp", 69), ("udp", 547))
        way = (by, ground.host, at.bridge)
        with ThreadPoolExecutor() as pool:
            tasks = [
                pool.submit(reach, *way, protocol, port=port, patience=patience)
                for protocol, port in services
            ]
        return {task.result() for task in tasks}

    assert asked(ground.a) == {at.a}
    assert asked(ground.host) == {at.bridge}
    assert asked(ground.outside, SHORT) == {SILENCE}
    assert asked(ground.d, SHORT) == {SILENCE}
    assert reach(ground.outside, ground.host, at.bridge, "udp", port=5353) == at.outside
    assert reach(ground.outside, ground.host, at.host, "udp", port=53) == at.outside


def test_a_broadcast_asking_for_an_address_is_heard(ground, firewall):
    install(firewall, of_kind(NAT))
    with ground.host.inside():
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with ground.a.inside():
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with server, client:
        server.bind(("", 67))
        server.settimeout(PATIENCE)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        client.sendto(b"discover", ("255.255.255.255", 67))
        assert server.recv(100) == b"discover"


@VERSIONS
def test_what_the_administrator_forwards_gets_in(ground, firewall, at):
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
        assert reach(ground.outside, ground.a, at.host, protocol, port=5353) == at.outside


def test_a_flow_from_before_the_translation_does_not_go_on(ground, firewall):
    """On a network that was routed and becomes a NAT one, while conntrack is at work."""
    routed, nat = (section(of_kind(mode)) for mode in (ROUTE, NAT))
    neighbour = section(network("virbr7", "10.77.0.1/24", mode=NAT))
    firewall.apply([Create(routed), Create(neighbour)])
    with ground.outside.inside():
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with ground.a.inside():
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


def test_a_packet_that_conntrack_does_not_follow_does_not_leave(ground, firewall):
    install(firewall, of_kind(NAT))
    nft(
        text="""table ip mine { chain pre {
        type filter hook prerouting priority raw;
        iifname "virbr0" notrack
    }
    }"""
    )
    assert reach(ground.a, ground.outside, OUTSIDE4, "udp", patience=SHORT) == SILENCE


def test_guests_behind_a_guest_of_a_routed_network(ground, firewall):
    """``<route>``: a subnet that lies behind guest a."""
    ground.a.ip("address replace 10.9.0.1/32 dev lo")
    ground.host.ip(f"route replace 10.9.0.0/16 via {V4.a}")
    routes = (Route(ip_address("10.9.0.0"), ip_address(V4.a), prefix=16),)
    install(firewall, network("virbr0", V4.on_link(V4.bridge), mode=ROUTE, routes=routes))
    assert reach(ground.outside, ground.a, "10.9.0.1", "tcp") == OUTSIDE4
    seen = reach(ground.a, ground.outside, OUTSIDE4, "udp", source=("10.9.0.1", 0))
    assert seen == "10.9.0.1"


@pytest.mark.parametrize("mode", [NAT, ROUTE, ForwardMode.NONE], ids=["nat", "routed", "isolated"])
def test_two_subnets_of_one_network_see_each_other_as_they_are(ground, firewall, mode):
    install(firewall, network("virbr0", "192.168.122.1/24", "192.168.123.1/24", mode=mode))
    assert all_ways(ground.a, ground.c, "192.168.123.11") == {"192.168.122.11"}
    seen = reach(ground.host, ground.a, "192.168.122.11", "udp", source=("192.168.123.1", 0))
    assert seen == "192.168.123.1"


@VERSIONS
def test_an_error_from_outside_about_a_guests_packet_comes_back(ground, firewall, at):
    install(firewall, of_kind(NAT, nat=Nat(ipv6=True)))
    with ground.a.inside():
        client = socket.socket(socket.AF_INET if at is V4 else socket.AF_INET6, socket.SOCK_DGRAM)
    with client:
        client.settimeout(PATIENCE)
        client.connect((at.outside, 9))  # nobody listens there
        client.send(b"?")
        with pytest.raises(ConnectionRefusedError):
            client.recv(100)


@pytest.mark.parametrize("group", ["224.0.0.251", "255.255.255.255"])
def test_what_no_router_forwards_keeps_its_source(ground, firewall, group):
    """The host's own, as the bridge, on another link."""
    install(firewall, of_kind(NAT))
    with ground.host.inside():
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with ground.outside.inside():
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


def test_a_v6_group_of_the_link_keeps_its_source(ground, firewall):
    install(firewall, of_kind(NAT, nat=Nat(ipv6=True)))
    with ground.host.inside():
        sender = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        uplink = socket.if_nametoindex("up0")
    with ground.outside.inside():
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
