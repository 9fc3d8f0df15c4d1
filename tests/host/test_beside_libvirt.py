"""What a started network is under the real libvirt, beside what ours is planned to be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

import pytest

from oracle.libvirtd import Libvirtd
from oracle.rpc import OracleError
from pasarela.errors import PasarelaError
from pasarela.model.paths import Paths
from pasarela.plan.checks_start import check_start
from pasarela.plan.facts import Facts, RouteFact
from pasarela.plan.network import desired
from pasarela.plan.resources import (
    BridgeLink,
    HostState,
    LinkAddress,
    LinkRoute,
    Sysctl,
    TextFile,
)
from pasarela.xml.network import parse_network

pytestmark = pytest.mark.oracle

CASES = Path(__file__).parents[1] / "cases"
SAME = (
    "default",
    "isolated",
    "very-isolated",
    "very-isolated-ipv6",
    "routed",
    "open",
    "nat-ipv6",
    "dhcpv6",
    "isolated-ipv6",
    "dhcp-hosts",
    "dhcp-hosts-only",
    "dns-own-upstream",
    "no-dns",
    "nothing-served",
    "static-routes",
    "dnsmasq-options",
)
# Ours alone; the reasons stand in plan/dnsmasq.py.
OURS = ("bind-interfaces", "no-ping", "dhcp-leasefile=", "dhcp-script=")
THEIRS = ("bind-dynamic",)
OUR_SETTING = "arp_ignore"  # of very isolated networks: plan/links.py


@pytest.fixture(scope="module", params=SAME)
def case(request: pytest.FixtureRequest, libvirtd: Libvirtd) -> Iterator[str]:
    """A case whose network runs under libvirt."""
    name: str = request.param
    network = libvirtd.create((CASES / name / "network.xml").read_text())
    yield name
    libvirtd.destroy(network)


def planned(case: str) -> HostState:
    network = parse_network((CASES / case / "network.xml").read_text())
    return desired(network, Facts(lease_helper="/helper"), Paths()).state


def test_the_bridge_is_the_same(case: str, libvirtd: Libvirtd):
    state = planned(case)
    (shown,) = json.loads(libvirtd.run("ip", "-json", "-details", "addr", "show", "virbr0").stdout)
    (link,) = [one for one in state if isinstance(one, BridgeLink)]
    data = shown["linkinfo"]["info_data"]
    assert shown["address"] == link.mac
    assert shown["mtu"] == (link.mtu or 1500)
    assert (data["stp_state"], data["forward_delay"]) == (int(link.stp), link.forward_delay)
    held = {f"{one['local']}/{one['prefixlen']}" for one in shown["addr_info"]}
    wanted = {str(one.address) for one in state if isinstance(one, LinkAddress)}
    assert held == {address for address in wanted if not address.startswith("fe80:")}


def test_the_settings_are_the_same(case: str, libvirtd: Libvirtd):
    settings = {one.path: one.value for one in planned(case) if isinstance(one, Sysctl)}
    assert settings
    for path, value in settings.items():
        if path.endswith(OUR_SETTING):
            continue
        assert libvirtd.run("cat", f"/proc/sys/{path}").stdout.strip() == value, path


def test_the_routes_are_the_same(case: str, libvirtd: Libvirtd):
    shown = json.loads(libvirtd.run("ip", "-json", "route", "show", "dev", "virbr0").stdout)
    routes = {(one["dst"], one["gateway"], one["metric"]) for one in shown if "gateway" in one}
    wanted = [one for one in planned(case) if isinstance(one, LinkRoute)]
    assert routes == {(str(one.destination), str(one.gateway), one.metric) for one in wanted}


def test_dnsmasqs_files_are_the_same_but_for_what_we_chose(case: str, libvirtd: Libvirtd):
    files = {one.path: one.content for one in planned(case) if isinstance(one, TextFile)}
    name = parse_network((CASES / case / "network.xml").read_text()).name
    for suffix in ("hostsfile", "addnhosts", "conf"):
        path = Path(f"/var/lib/libvirt/dnsmasq/{name}.{suffix}")
        try:
            theirs = libvirtd.read(str(path))
        except FileNotFoundError:
            assert path not in files
            continue
        assert options(files.get(path, ""), OURS) == options(theirs, THEIRS), suffix


def options(text: str, own: tuple[str, ...]) -> list[str]:
    """The lines that both sides should have, in any order, each once."""
    lines = {line for line in text.splitlines() if line and not line.startswith("#")}
    return sorted(line for line in lines if not line.startswith((*own, *OURS, *THEIRS)))


# what a start is refused for

DOCUMENT = """<network><name>n</name><forward mode='{mode}'/>
<bridge name='{bridge}'/><mac address='52:54:00:00:00:07'/>
<ip address='{address}' netmask='{netmask}'/></network>"""


@pytest.mark.parametrize(
    ("mode", "bridge", "address", "netmask"),
    [
        ("nat", "virbr7", "10.77.0.1", "255.255.255.0"),
        ("nat", "virbr7", "10.77.0.1", "255.255.0.0"),
        ("nat", "virbr7", "10.77.0.1", "255.255.255.128"),
        ("nat", "virbr7", "10.78.0.1", "255.0.255.0"),
        ("route", "virbr7", "10.78.0.1", "255.0.255.0"),
        ("open", "virbr7", "10.78.0.1", "255.0.255.0"),
        ("none", "virbr7", "10.78.0.1", "255.0.255.0"),
        ("nat", "a-name-of-16-byte", "10.78.0.1", "255.0.255.0"),
    ],
)
@pytest.mark.usefixtures("taken_subnet")
def test_a_start_is_refused_in_the_same_words(
    libvirtd: Libvirtd, mode: str, bridge: str, address: str, netmask: str
):
    xml = DOCUMENT.format(mode=mode, bridge=bridge, address=address, netmask=netmask)
    routes = libvirtd.run("ip", "-json", "route").stdout
    assert "10.77.0.0/24" in routes
    facts = Facts(routes=tuple(route_facts(json.loads(routes))))
    assert refused_by_us(xml, facts) == refused_by_libvirt(libvirtd, xml)


@pytest.fixture
def taken_subnet(libvirtd: Libvirtd) -> Iterator[None]:
    """10.77.0.0/24 belongs to another device of the daemon's host."""
    libvirtd.run("ip", "link", "add", "taken", "up", "type", "bridge")
    libvirtd.run("ip", "address", "add", "10.77.0.9/24", "dev", "taken")
    yield
    libvirtd.run("ip", "link", "delete", "taken")


def route_facts(shown: list[dict[str, str]]) -> Iterator[RouteFact]:
    for one in shown:
        if one["dst"] != "default":
            yield RouteFact(ip_network(one["dst"]), one["dev"])


def refused_by_us(xml: str, facts: Facts) -> tuple[int, int, str] | None:
    try:
        check_start(parse_network(xml), facts)
    except PasarelaError as error:
        return int(error.code), int(error.domain), error.message
    return None


def refused_by_libvirt(libvirtd: Libvirtd, xml: str) -> tuple[int, int, str] | None:
    try:
        libvirtd.destroy(libvirtd.create(xml))
    except OracleError as error:
        return error.code, error.domain, error.message
    return None
