"""What libvirt refuses at a start, in its words, and what it lets pass."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from pasarela.errors import ErrorCode, ErrorDomain, PasarelaError
from pasarela.model.network import Bridge, ForwardMode, Ip, Network, Route
from pasarela.plan.checks_start import check_start
from pasarela.plan.facts import Facts, RouteFact
from samples import network, subnet


def routed(*routes: tuple[str, str]) -> Facts:
    return Facts(routes=tuple(RouteFact(ip_network(to), link) for to, link in routes))


def refusal(one: Network, facts: Facts | None = None) -> PasarelaError:
    with pytest.raises(PasarelaError) as caught:
        check_start(one, facts or Facts())
    return caught.value


def test_an_exact_match_with_a_route_of_the_host_is_refused():
    error = refusal(network(), routed(("0.0.0.0/0", "eth0"), ("10.0.0.0/24", "eth1")))
    assert error.message == "internal error: Network is already in use by interface eth1"
    assert (error.code, error.domain) == (ErrorCode.INTERNAL, ErrorDomain.NONE)
    assert "eth1" in (error.remedy or "")


@pytest.mark.parametrize("route", ["10.0.0.0/16", "10.0.0.0/25", "10.0.1.0/24", "0.0.0.0/0"])
def test_a_larger_or_smaller_overlap_passes(route: str):
    check_start(network(), routed((route, "eth1")))


def test_the_route_of_its_own_bridge_is_no_clash():
    check_start(network(), routed(("10.0.0.0/24", "virbr0")))


def test_of_two_routes_the_first_is_named():
    error = refusal(network(), routed(("10.0.0.0/24", "eth1"), ("10.0.0.0/24", "eth2")))
    assert "interface eth1" in error.message


def test_ipv6_routes_are_not_looked_at():
    one = network(ips=(subnet("fd00::1", 64, dhcp=False),))
    check_start(one, routed(("fd00::/64", "eth1")))


def test_a_static_route_that_the_host_has_is_refused():
    one = network(routes=(Route(ip_address("10.9.0.0"), ip_address("10.0.0.2"), prefix=16),))
    error = refusal(one, routed(("10.9.0.0/16", "eth1")))
    assert error.message == (
        "internal error: Route address '10.9.0.0' conflicts with IP address for 'eth1'"
    )
    assert (error.code, error.domain) == (ErrorCode.INTERNAL, ErrorDomain.NONE)


def test_a_bridge_name_that_is_too_long_is_refused():
    error = refusal(network(bridge=Bridge("b" * 16)))
    assert error.message == (
        f"error creating bridge interface {'b' * 16}: Numerical result out of range"
    )
    assert (error.code, error.errno) == (ErrorCode.SYSTEM_ERROR, 34)
    check_start(network(bridge=Bridge("b" * 15)), Facts())


@pytest.mark.parametrize(
    ("mode", "text", "domain"),
    [
        (ForwardMode.NAT, "Invalid prefix or netmask for 'virbr0'", ErrorDomain.NONE),
        (ForwardMode.ROUTE, "Invalid prefix or netmask for 'virbr0'", ErrorDomain.NONE),
        (
            ForwardMode.OPEN,
            "bridge 'virbr0' has an invalid netmask or IP address",
            ErrorDomain.NETWORK,
        ),
        (
            ForwardMode.NONE,
            "bridge 'virbr0' has an invalid netmask or IP address",
            ErrorDomain.NETWORK,
        ),
    ],
)
def test_a_netmask_with_holes_is_refused(mode: ForwardMode, text: str, domain: ErrorDomain):
    holes = Ip(ip_address("10.0.0.1"), netmask=ip_address("255.0.255.0"))
    error = refusal(network(mode=mode, ips=(holes,)))
    assert (error.message, error.domain) == (f"internal error: {text}", domain)


def test_a_firewalld_zone_is_refused():
    error = refusal(network(bridge=Bridge("virbr0", zone="public")))
    assert error.message == (
        "internal error: zone public requested for network n0 but firewalld is not active"
    )


def test_a_network_on_somebody_elses_bridge_is_not_checked():
    borrowed = network(mode=ForwardMode.BRIDGE, bridge=Bridge("b" * 16), ips=())
    check_start(borrowed, routed(("10.0.0.0/24", "eth1")))
