"""The real systemd-networkd, started from nothing with the files as they are written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath

import pytest

from hostnet.goldens import Files, applied, bridge
from hostnet.ifupdown.machine import CARD, Machine, dhcp_server, machine, run
from hostnet.netplan.programs import renderers_files
from hostnet.programs import NETWORKD, eventually, is_root, networkd, write
from pasarela.hostnet.manager import Bridging, Manager, Surroundings
from pasarela.hostnet.netplan import Netplan
from pasarela.hostnet.networkd import Networkd, volatile
from pasarela.model.interface_config import BridgeConfig, InterfaceConfig
from pasarela.model.values import MacAddress

pytestmark = [
    pytest.mark.netns,
    pytest.mark.skipif(not NETWORKD.exists(), reason="systemd-networkd is not installed"),
    pytest.mark.skipif(not is_root(), reason="systemd-networkd becomes another user"),
]

FOLDERS = ("/etc/systemd/network", "/run/systemd/network")
NIC = PurePosixPath("/etc/systemd/network/20-wired.network")
DHCP = "[Match]\nName=enp3s0\n\n[Network]\nDHCP=ipv4\nIPv6AcceptRA=no\n"
STATIC = """[Match]
Name=enp3s0

[Network]
# the service's address comes second
Address=172.26.0.100/16
Address=2001:db8::100/64
Gateway=172.26.0.1
IPv6AcceptRA=no

[Address]
Address=172.26.9.9/16
Label=enp3s0:web

[Route]
Destination=10.8.0.0/16
Gateway=172.26.0.254
Metric=50
"""
ALONE = """[Match]
Name=enp3s0

[Network]
Address=203.0.113.5/32
Gateway=172.31.1.1
IPv6AcceptRA=no

[Route]
Destination=172.31.1.1/32
Scope=link
"""
NETPLAN_ALONE = """network:
  version: 2
  ethernets:
    enp3s0:
      addresses: [203.0.113.5/32]
      accept-ra: false
      routes:
        - {to: 172.31.1.1/32, scope: link}
        - {to: default, via: 172.31.1.1}
"""
NETPLAN = """network:
  version: 2
  ethernets:
    enp3s0:
      addresses: [172.26.0.100/16, "2001:db8::100/64"]
      accept-ra: false
      routes:
        - to: default
          via: 172.26.0.1
        - {to: 10.8.0.0/16, via: 172.26.0.254, metric: 50}
"""
CHANGE = bridge("br0", "enp3s0")
WITH_MAC = Bridging(replace(CHANGE.bridge, mac=MacAddress(CARD)))


@pytest.fixture
def host(netns: None) -> Iterator[Machine]:
    with machine("enp3s0", "172.26.0.1/16") as made:
        yield made


def arrived(host: Machine, files: Files, name: str, address: str) -> tuple[set[str], set[str]]:
    """The addresses and routes of an interface, once networkd has come to this address."""
    write(files, FOLDERS)
    with networkd():
        eventually(lambda: is_there(host, name, address))
        eventually(lambda: any("default" in route for route in host.routes(name)))
        reached = host.addresses(name), host.routes(name)
        if name == "br0":
            assert host.link("enp3s0")["master"] == "br0"
            assert host.link("br0")["address"] == CARD
            assert host.addresses("enp3s0") == set()
    clear(host)
    return reached


def is_there(host: Machine, name: str, address: str) -> bool:
    known = run("ip", "link", "show", name, check=False).returncode == 0
    return known and any(each.startswith(address) for each in host.addresses(name))


def clear(host: Machine) -> None:
    """As after a boot."""
    run("ip", "link", "del", "br0", check=False)
    run("ip", "link", "set", "enp3s0", "nomaster", "down")
    run("ip", "address", "flush", "dev", "enp3s0")


def on_bridge(said: set[str]) -> set[str]:
    """What is said of enp3s0, said of br0; labels are names that stay as they are written."""
    return {each.replace("dev enp3s0", "dev br0").removesuffix(" enp3s0") for each in said}


def plain(said: set[str], name: str) -> set[str]:
    return {each.removesuffix(f" {name}") for each in said}


def bridged_and_back(host: Machine, manager: Manager, files: Files, address: str) -> None:
    """Before, with the bridge, and after: each from nothing, to the same addresses and routes."""
    addresses, routes = arrived(host, read(manager, files), "enp3s0", address)
    made = applied(files, manager.bridge(files, WITH_MAC))
    over = arrived(host, read(manager, made), "br0", address)
    assert (plain(over[0], "br0"), over[1]) == (plain(addresses, "enp3s0"), on_bridge(routes))
    back = applied(made, manager.unbridge(made, "br0"))
    assert arrived(host, read(manager, back), "enp3s0", address) == (addresses, routes)


def read(manager: Manager, files: Files) -> Files:
    """The files that networkd reads: what netplan makes of its own."""
    if manager.name == "networkd":
        return files
    return renderers_files(files, "run/systemd/network")


def test_static_addresses_arrive_on_the_bridge_and_come_back(host: Machine) -> None:
    bridged_and_back(host, Networkd(), {NIC: STATIC}, "172.26.0.100")


def test_so_do_those_of_netplan(host: Machine) -> None:
    files = {PurePosixPath("/etc/netplan/01-netcfg.yaml"): NETPLAN}
    bridged_and_back(host, Netplan(), files, "172.26.0.100")


@pytest.mark.parametrize(
    ("manager", "files"),
    [
        (Networkd(), {NIC: ALONE}),
        (Netplan(), {PurePosixPath("/etc/netplan/01-netcfg.yaml"): NETPLAN_ALONE}),
    ],
    ids=["networkd", "netplan"],
)
def test_an_address_alone_in_its_network_reaches_its_router(
    host: Machine, manager: Manager, files: Files
) -> None:
    """As clouds give them; what arrives is no mistake."""
    assert manager.check(files, Surroundings()) == []
    bridged_and_back(host, manager, files, "203.0.113.5")


def test_the_bridge_leases_an_address(host: Machine) -> None:
    with dhcp_server("172.26.0.50", "172.26.0.90", "255.255.0.0"):
        files = {NIC: DHCP}
        made = applied(files, Networkd().bridge(files, WITH_MAC))
        arrived(host, made, "br0", "172.26.0.")


def test_netplan_leases_the_same_address_if_it_says_mac(host: Machine) -> None:
    text = "network:\n  version: 2\n  ethernets:\n    enp3s0: {dhcp4: true, dhcp-identifier: mac}\n"
    files = {PurePosixPath("/etc/netplan/01.yaml"): text}
    with dhcp_server("172.26.0.50", "172.26.0.90", "255.255.0.0"):
        before, _ = arrived(host, read(Netplan(), files), "enp3s0", "172.26.0.")
        made = applied(files, Netplan().bridge(files, WITH_MAC))
        after, _ = arrived(host, read(Netplan(), made), "br0", "172.26.0.")
    assert plain(before, "enp3s0") == plain(after, "br0")


def test_a_pattern_gives_way_to_the_port(host: Machine) -> None:
    files = {NIC: STATIC.replace("Name=enp3s0", "Name=en*")}
    bridged_and_back(host, Networkd(), files, "172.26.0.100")


def test_a_match_by_the_address_that_the_bridge_has_too(host: Machine) -> None:
    file = PurePosixPath("/etc/systemd/network/10-a.network")
    files: Files = {file: STATIC.replace("Name=enp3s0", f"MACAddress={CARD}")}
    card = InterfaceConfig("enp3s0", mac=MacAddress(CARD))
    change = Bridging(replace(WITH_MAC.bridge, details=BridgeConfig((card,))))
    made = applied(files, Networkd().bridge(files, change))
    arrived(host, made, "br0", "172.26.0.100")


def test_volatile_files_count_before_those_of_etc(host: Machine) -> None:
    files = {NIC: STATIC}
    edits = Networkd().bridge(files, WITH_MAC)
    twins = {edit.path: edit.after or "" for edit in volatile(edits)}
    assert {str(path.parent) for path in twins} == {"/run/systemd/network"}
    arrived(host, files | twins, "br0", "172.26.0.100")


def test_a_second_port(host: Machine) -> None:
    run("ip", "link", "add", "enp4s0", "type", "veth", "peer", "name", "far")
    files = applied({NIC: STATIC}, Networkd().bridge({NIC: STATIC}, WITH_MAC))
    files = applied(files, Networkd().add_port(files, "br0", InterfaceConfig("enp4s0")))
    write(files, FOLDERS)
    with networkd():
        eventually(lambda: host.link("enp4s0").get("master") == "br0")
