"""A network's bridge: what the kernel is asked for, and what is left out where it cannot."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

import pytest

from pasarela.model.network import Bridge, ForwardMode, MacTableManager, Route
from pasarela.plan.facts import Capabilities, Facts
from pasarela.plan.links import bridge_link, bridge_resources, route_prefix
from pasarela.plan.resources import LinkAddress, LinkRoute, Rank, Resource, Sysctl
from samples import network, subnet

SIX = subnet("fd00::1", 64, dhcp=False)
NO_IPV6 = Facts(capabilities=Capabilities(ipv6=False))


@pytest.mark.parametrize(
    ("stp", "seconds", "centiseconds"),
    [
        (None, None, 200),
        (True, 0, 200),
        (True, 1, 200),
        (True, 15, 1500),
        (True, 99, 3000),
        (False, None, 0),
        (False, 1, 100),
        (False, 2**32 - 1, 3000),
    ],
)
def test_the_forward_delay_is_what_the_kernel_makes_of_it(
    stp: bool | None, seconds: int | None, centiseconds: int
):
    one = network(bridge=Bridge("virbr0", stp=stp, delay=seconds))
    link = bridge_link(one, Facts())
    assert (link.stp, link.forward_delay) == (stp is not False, centiseconds)


def test_vlan_filtering_is_for_mac_table_manager_libvirt_where_the_kernel_can():
    managed = network(bridge=Bridge("virbr0", mac_table_manager=MacTableManager.LIBVIRT))
    poor = Facts(capabilities=Capabilities(vlan_filtering=False))
    assert bridge_link(managed, Facts()).vlan_filtering
    assert not bridge_link(managed, poor).vlan_filtering
    assert not bridge_link(network(), Facts()).vlan_filtering


def test_a_bridge_without_ipv6_has_it_turned_off_before_it_is_up():
    settings = sysctls(network())
    assert settings["net/ipv6/conf/virbr0/disable_ipv6"] == "1"
    assert settings["net/ipv6/conf/virbr0/accept_ra"] == "0"
    assert settings["net/ipv6/conf/virbr0/autoconf"] == "0"
    assert Rank.LINK < Rank.LINK_SYSCTL < Rank.LINK_UP
    assert sysctls(network(ips=(SIX,)))["net/ipv6/conf/virbr0/disable_ipv6"] == "0"


def test_a_bridge_with_ipv6_has_its_link_local_address_from_the_start():
    held = list(bridge_resources(network(ips=(SIX,)), Facts()))
    assert [str(one.address) for one in held if isinstance(one, LinkAddress)] == [
        "fd00::1/64",
        "fe80::5054:ff:fe00:0/64",
    ]


def test_a_host_without_ipv6_is_asked_for_none_of_it():
    both = network(
        ips=(subnet("10.0.0.1"), SIX),
        routes=(Route(ip_address("2001:db8::"), ip_address("fd00::2"), prefix=32),),
    )
    found = list(bridge_resources(both, NO_IPV6))
    assert not [one for one in found if isinstance(one, Sysctl) and "ipv6" in one.path]
    assert [str(one.address) for one in found if isinstance(one, LinkAddress)] == ["10.0.0.1/24"]
    assert not [one for one in found if isinstance(one, LinkRoute)]


@pytest.mark.parametrize(
    ("mode", "forwarding"),
    [
        (ForwardMode.NONE, set()),
        (ForwardMode.NAT, {"net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding"}),
        (ForwardMode.ROUTE, {"net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding"}),
        (ForwardMode.OPEN, {"net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding"}),
    ],
)
def test_only_networks_with_an_outside_make_the_host_forward(
    mode: ForwardMode, forwarding: set[str]
):
    both = network(mode=mode, ips=(subnet("10.0.0.1"), SIX))
    found = bridge_resources(both, Facts())
    assert {
        one.path for one in found if isinstance(one, Sysctl) and one.rank is Rank.FORWARDING
    } == forwarding


def test_an_uplink_keeps_its_learned_routes_when_the_host_begins_to_forward():
    facts = Facts(ra_uplinks=frozenset({"enp3s0"}))
    settings = {one.key[1]: one for one in all_sysctls(network(ips=(SIX,)), facts)}
    assert settings["net/ipv6/conf/enp3s0/accept_ra"].value == "2"
    assert settings["net/ipv6/conf/enp3s0/accept_ra"].rank < Rank.FORWARDING
    assert "net/ipv6/conf/enp3s0/accept_ra" not in sysctls(network(), facts)


@pytest.mark.parametrize(
    ("address", "fields", "prefix"),
    [
        ("10.1.0.0", {"prefix": 16}, 16),
        ("10.1.0.0", {"netmask": ip_address("255.255.0.0")}, 16),
        ("0.0.0.0", {}, 0),
        ("10.0.0.0", {}, 8),
        ("172.16.0.0", {}, 16),
        ("192.168.1.0", {}, 24),
        ("2001:db8::", {}, 64),
        ("::", {}, 0),
    ],
)
def test_a_routes_prefix(address: str, fields: dict[str, object], prefix: int):
    route = Route(ip_address(address), ip_address("10.0.0.2"))
    assert route_prefix(replace(route, **fields)) == prefix  # type: ignore[arg-type]


def test_a_route_without_a_metric_has_libvirts():
    one = network(routes=(Route(ip_address("10.9.0.0"), ip_address("10.0.0.2"), prefix=16),))
    (route,) = [found for found in bridge_resources(one, Facts()) if isinstance(found, LinkRoute)]
    assert route.metric == 1


def all_sysctls(one: object, facts: Facts) -> list[Sysctl]:
    found: list[Resource] = list(bridge_resources(one, facts))  # type: ignore[arg-type]
    return [resource for resource in found if isinstance(resource, Sysctl)]


def sysctls(one: object, facts: Facts | None = None) -> dict[str, str]:
    return {setting.path: setting.value for setting in all_sysctls(one, facts or Facts())}


@pytest.mark.parametrize(
    ("path", "link"),
    [
        ("net/ipv4/conf/virbr0/arp_ignore", "virbr0"),
        ("net/ipv6/conf/eth0.5/accept_ra", "eth0.5"),
        ("net/ipv6/conf/all/forwarding", None),
        ("net/ipv6/conf/default/forwarding", None),
        ("net/ipv4/ip_forward", None),
    ],
)
def test_a_kernel_setting_knows_its_link(path: str, link: str | None) -> None:
    assert Sysctl(path, "1").link == link
