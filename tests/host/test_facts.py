"""What is true of a host, as the adapters read it and as ip(8) shows it."""

from __future__ import annotations

import subprocess
import sys
from ipaddress import ip_address, ip_interface, ip_network
from pathlib import Path

import pytest

from pasarela.host import facts as host_facts
from pasarela.host.linux import LinuxHost
from pasarela.model.network import Bridge, ForwardMode
from pasarela.plan.facts import RouteFact
from samples import network, subnet

pytestmark = pytest.mark.netns

ROUTES = """
from pasarela.host.linux import LinuxHost
from pasarela.xml.network import parse_network
ip = "<ip family='ipv6' address='fd00::1' prefix='64'/>"
six = parse_network(f"<network><name>x</name><forward mode='nat'/>{ip}</network>")
print(LinuxHost().facts().routes, LinuxHost().facts_for([six]).routes)
"""


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


@pytest.fixture
def uplink(netns: None) -> str:
    ip("link", "add", "up0", "up", "type", "bridge")
    ip("address", "add", "192.0.2.5/24", "dev", "up0")
    ip("route", "add", "198.51.100.0/24", "via", "192.0.2.1")
    ip("route", "add", "default", "via", "192.0.2.1")
    return "up0"


def test_links_addresses_and_routes(uplink: str):
    facts = LinuxHost().facts()
    assert facts.links == {"lo", uplink}
    assert ip_interface("192.0.2.5/24") in facts.addresses[uplink]
    assert {fact for fact in facts.routes if fact.destination.version == 4} == {
        RouteFact(ip_network("192.0.2.0/24"), uplink),
        RouteFact(ip_network("198.51.100.0/24"), uplink),
        RouteFact(ip_network("0.0.0.0/0"), uplink),
    }


def test_a_start_needs_less_and_sees_the_same(uplink: str):
    host = LinuxHost()
    whole, part = host.facts(), host.facts_for([network()])
    assert part.links == whole.links
    assert set(part.routes) == {fact for fact in whole.routes if fact.destination.version == 4}


def test_a_host_where_no_link_was_ever_up(netns: None):
    done = subprocess.run(
        ["unshare", "--net", sys.executable, "-c", ROUTES],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "() ()\n"


@pytest.mark.parametrize(("accept_ra", "uplinks"), [("0", set()), ("1", {"up0"}), ("2", set())])
def test_an_uplink_that_lives_on_advertisements(uplink: str, accept_ra: str, uplinks: set[str]):
    Path(f"/proc/sys/net/ipv6/conf/{uplink}/accept_ra").write_text(accept_ra)
    ip("-6", "address", "add", "fe80::9/64", "dev", uplink, "nodad")
    ip("-6", "route", "add", "default", "via", "fe80::1", "dev", uplink, "proto", "ra")
    six = network(ips=(subnet("fd00::1", 64, dhcp=False),))
    assert LinuxHost().facts().ra_uplinks == uplinks
    assert LinuxHost().facts_for([six]).ra_uplinks == uplinks
    assert LinuxHost().facts_for([network()]).ra_uplinks == set()


def test_only_wireless_devices_that_are_asked_for_are_looked_at(
    tmp_path: Path, netns: None, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "wlan0" / "phy80211").mkdir(parents=True)
    monkeypatch.setattr(host_facts, "_CLASS_NET", tmp_path)
    direct = network(mode=ForwardMode.BRIDGE, bridge=Bridge("wlan0"), ips=())
    assert LinuxHost().facts_for([direct]).wireless == {"wlan0"}
    assert LinuxHost().facts_for([network()]).wireless == set()


def test_name_servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    conf = tmp_path / "resolv.conf"
    conf.write_text(
        "# nameserver 10.0.0.1\nsearch example\nnameserver 10.0.0.53\n"
        "nameserver fd00::53 # a comment\nnameserver fe80::1%eth0\n"
        "nameserver nonsense\nnameserver\n"
    )
    monkeypatch.setattr(host_facts, "RESOLV_CONF", conf)
    assert list(host_facts.name_servers()) == [
        ip_address("10.0.0.53"),
        ip_address("fd00::53"),
        ip_address("fe80::1%eth0"),
    ]
    conf.unlink()
    assert list(host_facts.name_servers()) == []
