"""Interfaces brought up and down in a real kernel, by netlink and by the real ifup."""

from __future__ import annotations

import json
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Interface, IPv6Interface
from pathlib import Path

import pytest

from pasarela.errors import InternalError, OperationUnsupported, SystemCallFailed
from pasarela.hostnet.iface import bring, by_hand
from pasarela.hostnet.live.dhcp import clients
from pasarela.model.interface import InterfaceType
from pasarela.model.interface_config import (
    BridgeConfig,
    InterfaceConfig,
    IpConfig,
    VlanConfig,
)
from pasarela.model.values import MacAddress

pytestmark = pytest.mark.netns

CLIENTS = ("dhclient", "udhcpc", "dhcpcd")

NIC = InterfaceConfig(
    "enp3s0",
    mtu=1400,
    ipv4=IpConfig(
        addresses=(IPv4Interface("192.0.2.10/24"), IPv4Interface("198.51.100.9/32")),
        gateway=IPv4Address("192.0.2.1"),
    ),
    ipv6=IpConfig(addresses=(IPv6Interface("2001:db8::10/64"),)),
)


@pytest.fixture(autouse=True)
def _nic(netns: None) -> None:
    ip("link", "add", "enp3s0", "type", "veth", "peer", "name", "wire")
    ip("link", "set", "wire", "up")


def ip(*arguments: str) -> str:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=True)
    return done.stdout


def addresses(name: str = "enp3s0") -> set[str]:
    """All but link-local ones."""
    (link,) = json.loads(ip("-json", "address", "show", name))
    found = link["addr_info"]
    return {f"{one['local']}/{one['prefixlen']}" for one in found if one["scope"] != "link"}


def link(name: str = "enp3s0") -> dict[str, object]:
    (found,) = json.loads(ip("-json", "link", "show", name))
    assert isinstance(found, dict)
    return found


def default_routes() -> list[str]:
    return [route["gateway"] for route in json.loads(ip("-json", "route", "show", "default"))]


def test_up_and_down_by_netlink(root: Path):
    bring.up(NIC, None, root)
    assert addresses() == {"192.0.2.10/24", "198.51.100.9/32", "2001:db8::10/64"}
    assert link()["mtu"] == 1400
    assert default_routes() == ["192.0.2.1"]
    bring.down(NIC, None, root)
    assert addresses() == set()
    assert link()["operstate"] == "DOWN"


def test_up_twice_adds_only_what_is_missing():
    by_hand.up(NIC)
    ip("address", "del", "198.51.100.9/32", "dev", "enp3s0")
    ip("address", "add", "203.0.113.1/24", "dev", "enp3s0")
    ip("route", "del", "default")
    by_hand.up(NIC)
    assert addresses() == {
        "192.0.2.10/24",
        "198.51.100.9/32",
        "203.0.113.1/24",
        "2001:db8::10/64",
    }
    assert default_routes() == ["192.0.2.1"]


def test_a_lease_is_left_as_it_is():
    """What is right is not written again: an address's lifetime would start anew."""
    by_hand.up(InterfaceConfig("enp3s0"))
    lease = ("192.0.2.10/24", "dev", "enp3s0", "valid_lft", "1000", "preferred_lft", "900")
    ip("address", "add", *lease)
    by_hand.up(NIC)
    (found,) = json.loads(ip("-json", "address", "show", "enp3s0"))
    (kept,) = (one for one in found["addr_info"] if one["local"] == "192.0.2.10")
    assert kept["valid_life_time"] <= 1000


def test_only_the_addresses_that_another_configuration_had_go():
    by_hand.up(NIC)
    ip("address", "add", "203.0.113.1/24", "dev", "enp3s0")
    by_hand.without(InterfaceConfig("enp3s0", ipv6=NIC.ipv6), NIC)
    assert addresses() == {"203.0.113.1/24", "2001:db8::10/64"}


def test_a_mac_of_its_own():
    mac = MacAddress("02:00:00:00:00:99")
    by_hand.up(InterfaceConfig("enp3s0", mac=mac))
    assert link()["address"] == mac


def test_a_bridge_without_ports_is_made_and_goes(root: Path):
    ip4 = IpConfig(addresses=(IPv4Interface("192.0.2.1/24"),))
    details = BridgeConfig(stp=False, forward_delay=2)
    bridge = InterfaceConfig("br7", InterfaceType.BRIDGE, ipv4=ip4, details=details)
    bring.up(bridge, None, root)
    assert addresses("br7") == {"192.0.2.1/24"}
    bridges = Path("/sys/class/net/br7/bridge")
    assert (bridges / "forward_delay").read_text() == "200\n"
    assert (bridges / "stp_state").read_text() == "0\n"
    bring.down(bridge, None, root)
    assert not bridges.exists()
    bring.down(bridge, None, root)


@pytest.mark.parametrize(
    ("stp", "delay", "kept"), [(True, 0, 200), (True, 15, 1500), (False, 0, 0), (False, 1.5, 150)]
)
def test_a_bridge_that_is_there_gets_another_spanning_tree(
    root: Path, stp: bool, delay: float, kept: int
):
    ip("link", "add", "br7", "type", "bridge", "stp_state", str(int(not stp)))
    mac = link("br7")["address"]
    details = BridgeConfig(stp=stp, forward_delay=delay)
    for _ in range(2):
        by_hand.up(InterfaceConfig("br7", InterfaceType.BRIDGE, details=details))
        bridge = Path("/sys/class/net/br7/bridge")
        assert (bridge / "stp_state").read_text() == f"{int(stp)}\n"
        assert (bridge / "forward_delay").read_text() == f"{kept}\n"
    assert link("br7")["address"] == mac


def test_what_is_not_there_is_named(root: Path):
    with pytest.raises(SystemCallFailed, match="there is no device enp9s0"):
        bring.up(InterfaceConfig("enp9s0"), None, root)
    vlan = InterfaceConfig("lan.42", InterfaceType.VLAN, details=VlanConfig(42, "enp3s0"))
    with pytest.raises(OperationUnsupported, match="must be made by what manages it"):
        bring.up(vlan, None, root)


def test_a_gateway_outside_the_network_is_named():
    ip4 = IpConfig(addresses=(IPv4Interface("192.0.2.10/24"),), gateway=IPv4Address("203.0.113.1"))
    with pytest.raises(SystemCallFailed) as refused:
        by_hand.up(InterfaceConfig("enp3s0", ipv4=ip4))
    assert "must lie in a network" in (refused.value.remedy or "")


LAN = """\
ip link set lo up; ip link set wire up; ip address add 192.0.2.1/24 dev wire
exec dnsmasq --no-daemon --conf-file=/dev/null --interface=wire --bind-interfaces --port=0 \
    --no-ping --no-hosts --no-resolv --leasefile-ro --dhcp-range=192.0.2.50,192.0.2.60,1h 2>&1
"""


@pytest.fixture
def lan() -> Iterator[None]:
    """A DHCP server at the other end of the wire, and no lease of anybody's."""
    leases = Path("/var/lib/dhcp").is_dir()
    if leases:
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/var/lib/dhcp"], check=True)
    server = subprocess.Popen(
        ["unshare", "-n", "sh", "-c", f"echo; read _; {LAN}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdin and server.stdout
    server.stdout.readline()  # from here on it has a namespace of its own
    ip("link", "set", "wire", "netns", str(server.pid))
    server.stdin.write("\n")
    server.stdin.flush()
    assert any("sockets bound" in line for line in server.stdout)
    try:
        yield
    finally:
        server.terminate()
        server.wait(10)
        if leases:
            subprocess.run(["umount", "-l", "/var/lib/dhcp"], check=True)


def test_dhcp_where_nothing_manages_it(lan: None, root: Path):
    if not any(shutil.which(name, path="/usr/sbin:/sbin:/usr/bin") for name in CLIENTS):
        pytest.skip("no DHCP client here")
    config = InterfaceConfig("enp3s0", ipv4=IpConfig(dhcp=True))
    bring.up(config, None, root)
    end = time.monotonic() + 20
    while not addresses():
        assert time.monotonic() < end, "no lease"
        select.select([], [], [], 0.05)
    bring.up(config, None, root)
    assert len(clients.find(["enp3s0"])) == 1
    bring.down(config, None, root)
    assert clients.find(["enp3s0"]) == []
    assert addresses() == set()


# by ifupdown


STANZA = """\
iface enp3s0 inet static
    address 192.0.2.10/24
    up echo up-$IFACE >> {root}/hooks
    down echo down-$IFACE >> {root}/hooks
"""
ONE = InterfaceConfig("enp3s0", ipv4=IpConfig(addresses=(IPv4Interface("192.0.2.10/24"),)))


@pytest.fixture
def interfaces(root: Path) -> Path:
    if not shutil.which("ifup", path="/usr/sbin:/sbin"):
        pytest.skip("no ifupdown here: scripts/install --dev installs it")
    file = root / "etc/network/interfaces"
    file.parent.mkdir(parents=True)
    file.write_text(STANZA.format(root=root))
    return file


def test_ifup_runs_the_stanzas_hooks(root: Path, interfaces: Path):
    bring.up(ONE, "ifupdown", root)
    assert addresses() == {"192.0.2.10/24"}
    assert (root / "run/network/ifstate").read_text() == "enp3s0=enp3s0\n"
    bring.down(ONE, "ifupdown", root)
    assert link()["operstate"] == "DOWN"
    assert (root / "hooks").read_text() == "up-enp3s0\ndown-enp3s0\n"


def test_what_is_up_already_needs_no_ifup(root: Path, interfaces: Path):
    by_hand.up(ONE)
    bring.up(ONE, "ifupdown", root)
    assert not (root / "hooks").exists()


def test_what_ifup_says_is_passed_on(root: Path, interfaces: Path):
    interfaces.write_text(STANZA.format(root=root) + "    pre-up echo no way >&2; false\n")
    with pytest.raises(InternalError) as refused:
        bring.up(ONE, "ifupdown", root)
    assert refused.value.detail.startswith(
        "failed to create (start) interface enp3s0: failed to execute external program - Running "
        "'ifup "
    )
    assert "failed with exit code 1: no way" in refused.value.detail
