"""Choosing a subnet and a bridge name that clash with nothing."""

from __future__ import annotations

from ipaddress import IPv4Network, ip_address, ip_interface, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pasarela.errors import InternalError
from pasarela.model.network import Bridge, Ip, Network, Route
from pasarela.plan.facts import Facts, RouteFact
from pasarela.plan.subnets import DEFAULT_SUBNET, clashes, free_bridge_name, free_subnet
from samples import network, subnet


def routed(*routes: str) -> Facts:
    return Facts(routes=tuple(RouteFact(ip_network(route), "eth0") for route in routes))


def test_libvirts_own_comes_first():
    assert free_subnet(Facts()) == DEFAULT_SUBNET
    assert free_subnet(routed("0.0.0.0/0", "192.168.1.0/24")) == DEFAULT_SUBNET


def test_then_the_one_behind_it():
    assert str(free_subnet(routed("192.168.122.0/24"))) == "192.168.123.0/24"
    assert str(free_subnet(routed("192.168.122.128/25"))) == "192.168.123.0/24"


def test_then_other_private_ranges_then_what_lies_before_it():
    assert (
        str(free_subnet(routed("192.168.122.0/23", "192.168.124.0/22", "192.168.128.0/17")))[:7]
        == "172.16."
    )
    later = routed("192.168.122.0/23", "192.168.124.0/22", "192.168.128.0/17", "172.16.0.0/12")
    assert str(free_subnet(later)) == "10.0.0.0/24"
    only_before = routed(
        "192.168.122.0/23", "192.168.124.0/22", "192.168.128.0/17", "172.16.0.0/12", "10.0.0.0/8"
    )
    assert str(free_subnet(only_before)) == "192.168.0.0/24"


def test_networks_that_are_not_started_count_too():
    defined = network(ips=(subnet("192.168.122.1"),))
    routing = network(
        1, routes=(Route(ip_address("192.168.123.0"), ip_address("10.0.1.2"), prefix=24),)
    )
    assert str(free_subnet(Facts(), [defined, routing])) == "192.168.124.0/24"


def test_addresses_of_the_host_count_too():
    facts = Facts(addresses={"tun0": (ip_interface("192.168.122.77/24"),)})
    assert str(free_subnet(facts)) == "192.168.123.0/24"
    assert clashes(DEFAULT_SUBNET, facts) == ["address 192.168.122.77/24 on tun0"]


def test_a_netmask_with_holes_is_no_obstacle():
    broken = network(ips=(Ip(ip_address("10.0.0.1"), netmask=ip_address("255.0.255.0")),))
    assert free_subnet(Facts(), [broken]) == DEFAULT_SUBNET


def test_who_clashes_is_named():
    defined = network(ips=(subnet("192.168.122.1"),))
    assert clashes(DEFAULT_SUBNET, routed("0.0.0.0/0", "192.168.0.0/16"), [defined]) == [
        "route to 192.168.0.0/16 through eth0",
        "network 'n0' (192.168.122.0/24)",
    ]
    assert clashes(ip_network("10.9.0.0/24"), routed("fd00::/8", "0.0.0.0/0")) == []


def test_a_small_one_is_found_at_once_in_a_full_range():
    full = routed("192.168.0.0/16", "172.16.0.0/12", "10.0.0.0/9", "10.128.0.0/10")
    assert str(free_subnet(full, prefix=30)) == "10.192.0.0/30"


def test_nothing_left_is_said():
    with pytest.raises(InternalError, match="no free private IPv4 subnet"):
        free_subnet(routed("192.168.0.0/16", "172.16.0.0/12", "10.0.0.0/8"))


@given(
    routes=st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(9, 30)), max_size=12),
    prefix=st.integers(16, 30),
)
def test_what_is_chosen_is_private_of_that_size_and_free(
    routes: list[tuple[int, int]], prefix: int
):
    taken = [IPv4Network((number, length), strict=False) for number, length in routes]
    chosen = free_subnet(routed(*map(str, taken)), prefix=prefix)
    assert chosen.prefixlen == prefix
    assert chosen.is_private
    assert not any(chosen.overlaps(other) for other in taken)


def named(*names: str) -> list[Network]:
    return [network(bridge=Bridge(name)) for name in names]


@pytest.mark.parametrize(
    ("taken", "links", "pattern", "chosen"),
    [
        ((), (), None, "virbr0"),
        (("virbr0",), (), None, "virbr1"),
        (("virbr0",), ("virbr1", "lo"), None, "virbr2"),
        (("virbr1",), (), None, "virbr0"),
        ((), (), "lan%d", "lan0"),
        (("lan0",), (), "lan%d", "lan1"),
        ((), (), "lan%d%d", "virbr0"),
        ((), (), "lan%s", "virbr0"),
        ((), (), "100%", "virbr0"),
    ],
)
def test_bridge_names(
    taken: tuple[str, ...], links: tuple[str, ...], pattern: str | None, chosen: str
):
    assert free_bridge_name(named(*taken), links, pattern) == chosen


def test_bridge_names_run_out():
    with pytest.raises(InternalError) as caught:
        free_bridge_name((), [f"virbr{number}" for number in range(257)])
    assert free_bridge_name((), [f"virbr{n}" for n in range(257)], limit=999) == "virbr257"
    assert caught.value.detail == "Bridge generation exceeded max id 256"
