"""The real NetworkManager, started from nothing with the profiles as they are written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath

import pytest

from hostnet.goldens import Files, applied, bridge
from hostnet.ifupdown.machine import CARD, Machine, dhcp_server, machine, run
from hostnet.netplan.programs import renderers_files
from hostnet.programs import eventually, is_root, networkmanager, nmcli, unpacked, write
from pasarela.errors import HostnetRefused
from pasarela.hostnet.manager import Bridging, Surroundings
from pasarela.hostnet.netplan import Netplan
from pasarela.hostnet.networkmanager import NetworkManager
from pasarela.model.interface import InterfaceType
from pasarela.model.interface_config import BridgeConfig, InterfaceConfig
from pasarela.model.values import MacAddress

pytestmark = [
    pytest.mark.netns,
    pytest.mark.skipif(
        unpacked("usr/sbin/NetworkManager") is None or unpacked("usr/bin/dbus-daemon") is None,
        reason="NetworkManager is not there: scripts/managers brings it",
    ),
    pytest.mark.skipif(not is_root(), reason="NetworkManager wants root's files"),
]

FOLDER = "/etc/NetworkManager/system-connections"
NIC = PurePosixPath(FOLDER, "lan.nmconnection")
HEAD = """[connection]
id=lan
uuid=0e2c0bd8-6a6f-4b6a-8e1f-0a8e5ff7a001
type=ethernet
interface-name=enp3s0

"""
DHCP = HEAD + "[ipv4]\nmethod=auto\n\n[ipv6]\nmethod=disabled\n"
STATIC = HEAD + (
    "[ipv4]\naddress1=172.26.0.100/16,172.26.0.1\naddress2=172.26.9.9/16\nmethod=manual\n"
    "route1=10.8.0.0/16,172.26.0.254,50\n\n"
    "[ipv6]\naddress1=2001:db8::100/64\nmethod=manual\naddr-gen-mode=eui64\n"
)
ALONE = HEAD + (
    "[ipv4]\naddress1=203.0.113.5/32,172.31.1.1\nmethod=manual\n\n[ipv6]\nmethod=disabled\n"
)
CHANGE = Bridging(replace(bridge("br0", "enp3s0").bridge, mac=MacAddress(CARD)))
MANAGER = NetworkManager()


@pytest.fixture
def host(netns: None) -> Iterator[Machine]:
    with machine("enp3s0", "172.26.0.1/16") as made:
        write({}, ["/etc/NetworkManager"])
        yield made


def arrived(host: Machine, files: Files, name: str, address: str) -> tuple[set[str], set[str]]:
    """The addresses and routes of an interface, once NetworkManager has come to this address."""
    write(files, [FOLDER])
    with networkmanager():
        eventually(lambda: is_there(name, address, host))
        eventually(lambda: f"{name}:connected" in states())
        if name == "br0":
            eventually(lambda: "enp3s0:connected" in states())
            assert host.link("enp3s0")["master"] == "br0"
            assert host.link("br0")["address"] == CARD
        reached = host.addresses(name), host.routes(name)
    run("ip", "link", "del", "br0", check=False)
    run("ip", "link", "set", "enp3s0", "nomaster", "down")
    run("ip", "address", "flush", "dev", "enp3s0")
    return reached


def states() -> list[str]:
    return nmcli("-t", "-f", "DEVICE,STATE", "device").splitlines()


def is_there(name: str, address: str, host: Machine) -> bool:
    known = run("ip", "link", "show", name, check=False).returncode == 0
    return known and any(each.startswith(address) for each in host.addresses(name))


def without_names(said: set[str], name: str) -> set[str]:
    """NetworkManager's metric depends on the kind of device: 100 and more, 425 and more."""
    words = (each.replace(f"dev {name}", "dev X").removesuffix(f" {name}") for each in said)
    return {each.partition(" metric ")[0] for each in words}


def test_static_addresses_arrive_on_the_bridge_and_come_back(host: Machine) -> None:
    files = {NIC: STATIC}
    before = arrived(host, files, "enp3s0", "172.26.0.100")
    made = applied(files, MANAGER.bridge(files, CHANGE))
    over = arrived(host, made, "br0", "172.26.0.100")
    for had, has in zip(before, over, strict=True):
        assert without_names(has, "br0") == without_names(had, "enp3s0")
    back = applied(made, MANAGER.unbridge(made, "br0"))
    assert arrived(host, back, "enp3s0", "172.26.0.100") == before


def test_an_address_alone_in_its_network_reaches_its_router(host: Machine) -> None:
    """As clouds give them; what arrives is no mistake."""
    files = {NIC: ALONE}
    assert MANAGER.check(files, Surroundings()) == []
    made = applied(files, MANAGER.bridge(files, CHANGE))
    _, routes = arrived(host, made, "br0", "203.0.113.5")
    assert "default via 172.31.1.1 dev br0" in " ".join(without_names(routes, "-"))


ANY = (
    "[connection]\nid=any\nuuid=0e2c0bd8-6a6f-4b6a-8e1f-0a8e5ff7a002\ntype=ethernet\n"
    "timestamp=1700000000\n\n[ipv4]\naddress1=172.26.0.33/16\nmethod=manual\n"
)


@pytest.mark.parametrize("own", [{}, {NIC: STATIC}], ids=["alone", "beside the card's own"])
def test_a_profile_for_any_card_does_not_keep_the_card_from_the_bridge(
    host: Machine, own: Files
) -> None:
    files = {**own, PurePosixPath(FOLDER, "any.nmconnection"): ANY}
    made = applied(files, MANAGER.bridge(files, CHANGE))
    arrived(host, made, "br0", "172.26.0.100" if own else "172.26.0.33")
    assert applied(made, MANAGER.unbridge(made, "br0")) == files


def test_the_bridge_leases_the_address_that_the_port_had(host: Machine) -> None:
    files = {NIC: DHCP}
    with dhcp_server("172.26.0.50", "172.26.0.90", "255.255.0.0"):
        before, _ = arrived(host, files, "enp3s0", "172.26.0.")
        made = applied(files, MANAGER.bridge(files, CHANGE))
        after, _ = arrived(host, made, "br0", "172.26.0.")
    assert without_names(before, "enp3s0") == without_names(after, "br0")


def test_several_profiles_for_the_card_are_told_of() -> None:
    """Which of them is activated at a boot is in none of these files."""
    other = NIC.with_name("other.nmconnection")
    twin = STATIC.replace("a001", "a003").replace("id=lan", "id=other")
    with pytest.raises(HostnetRefused, match=r"several profiles .*: lan, other"):
        MANAGER.bridge({NIC: STATIC, other: twin}, CHANGE)
    for waits in ("autoconnect=false\n", "autoconnect-priority=-1\n"):
        told = twin.replace("type=ethernet\n", f"type=ethernet\n{waits}")
        assert MANAGER.bridge({NIC: STATIC, other: told}, CHANGE)


def test_a_port_without_a_profile(host: Machine) -> None:
    with dhcp_server("172.26.0.50", "172.26.0.90", "255.255.0.0"):
        arrived(host, applied({}, MANAGER.bridge({}, CHANGE)), "br0", "172.26.0.")


@pytest.mark.parametrize("stp", [False, True])
def test_the_profiles_say_to_nmcli_what_they_shall(stp: bool, host: Machine) -> None:
    details = BridgeConfig((InterfaceConfig("enp3s0"),), stp, 4 if stp else None)
    made = InterfaceConfig("br0", InterfaceType.BRIDGE, mac=MacAddress(CARD), details=details)
    write(applied({}, MANAGER.define({}, made)), [FOLDER])
    fields = "bridge.stp,bridge.forward-delay,bridge.mac-address,ipv4.method,ipv6.method"
    with networkmanager():
        eventually(lambda: any(state.startswith("br0:") for state in states()))
        shown = nmcli("-t", "-f", fields, "connection", "show", "br0").split()
        port = nmcli("-t", "-f", "connection.master,connection.slave-type", "c", "show", "enp3s0")
    assert shown == [
        f"bridge.stp:{'yes' if stp else 'no'}",
        f"bridge.forward-delay:{4 if stp else 0}",
        f"bridge.mac-address:{CARD.upper()}",
        "ipv4.method:disabled",
        "ipv6.method:disabled",
    ]
    assert port.split() == ["connection.master:br0", "connection.slave-type:bridge"]


def test_netplan_makes_profiles_that_arrive_too(host: Machine) -> None:
    file = PurePosixPath("/etc/netplan/01-network-manager-all.yaml")
    text = "network:\n  version: 2\n  renderer: NetworkManager\n  ethernets:\n    enp3s0:\n"
    files = {file: text + "      addresses: [172.26.0.100/16]\n"}
    made = applied(files, Netplan().bridge(files, CHANGE))
    profiles = renderers_files(made, "run/NetworkManager/system-connections")
    addresses, _ = arrived(host, profiles, "br0", "172.26.0.100")
    assert "172.26.0.100/16 br0" in addresses
