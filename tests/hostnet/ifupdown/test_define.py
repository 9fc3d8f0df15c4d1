"""What is defined is what is read; what is there already keeps its lines."""

from __future__ import annotations

from ipaddress import ip_address, ip_interface

import pytest
from hypothesis import given

from hostnet.ifupdown.corpus import MAIN, changed
from hostnet.ifupdown.strategies import files, interfaces, steady
from pasarela.errors import HostnetFileError, HostnetRefused
from pasarela.hostnet.ifupdown import Ifupdown
from pasarela.hostnet.ifupdown.document import parse
from pasarela.model.interface import InterfaceType
from pasarela.model.interface_config import (
    BridgeConfig,
    DnsConfig,
    InterfaceConfig,
    IpConfig,
    StartMode,
    VlanConfig,
)
from pasarela.model.values import MacAddress

IFUPDOWN = Ifupdown()


def define(text: str, interface: InterfaceConfig) -> str:
    return changed({MAIN: text}, list(IFUPDOWN.define({MAIN: text}, interface)))[MAIN]


def read(text: str, name: str) -> InterfaceConfig | None:
    found = {one.name: one for one in IFUPDOWN.interfaces({MAIN: text})}
    return found.get(name)


@given(files(), interfaces())
@steady
def test_what_is_defined_is_what_is_read(text: str, interface: InterfaceConfig) -> None:
    after = define(text, interface)
    assert read(after, interface.name) == interface
    assert define(after, interface) == after


@given(interfaces(), interfaces())
@steady
def test_one_definition_replaces_another(first: InterfaceConfig, second: InterfaceConfig) -> None:
    if first.name == second.name:
        assert read(define(define("", first), second), second.name) == second


@given(files(), interfaces())
@steady
def test_other_lines_stay_as_they_are(text: str, interface: InterfaceConfig) -> None:
    after = define(text, interface)
    kept = iter(after.splitlines())
    assert all(line in kept for line in text.splitlines() if line.strip())


@given(files(), interfaces())
@steady
def test_undefining_takes_only_what_was_defined(text: str, interface: InterfaceConfig) -> None:
    if interface.ports:
        return
    after = define(text, interface)
    edits = list(IFUPDOWN.undefine({MAIN: after}, interface.name))
    back = changed({MAIN: after}, edits)[MAIN]
    assert back.split() == text.split()
    assert list(IFUPDOWN.undefine({MAIN: back}, interface.name)) == []


def test_a_definition_as_libvirt_users_know_it() -> None:
    bridge = InterfaceConfig(
        "br0",
        InterfaceType.BRIDGE,
        mac=MacAddress("52:54:00:2f:a3:d9"),
        ipv4=IpConfig(
            addresses=(ip_interface("172.26.0.100/16"), ip_interface("10.0.0.1/8")),
            gateway=ip_address("172.26.0.1"),
        ),
        ipv6=IpConfig(autoconf=True),
        dns=DnsConfig((ip_address("9.9.9.9"),), ("lan",)),
        details=BridgeConfig((InterfaceConfig("enp3s0"),), stp=False, forward_delay=0.0),
    )
    assert define("auto lo\niface lo inet loopback\n", bridge) == (
        "auto lo\n"
        "iface lo inet loopback\n"
        "\n"
        "auto enp3s0\n"
        "iface enp3s0 inet manual\n"
        "\n"
        "auto br0\n"
        "iface br0 inet static\n"
        "    address 172.26.0.100/16\n"
        "    gateway 172.26.0.1\n"
        "    dns-nameservers 9.9.9.9\n"
        "    dns-search lan\n"
        "    bridge_ports enp3s0\n"
        "    bridge_stp off\n"
        "    bridge_fd 0\n"
        "    bridge_maxwait 0\n"
        "    hwaddress ether 52:54:00:2f:a3:d9\n"
        "iface br0 inet static\n"
        "    address 10.0.0.1/8\n"
        "iface br0 inet6 auto\n"
    )


THERE = """# mine
auto lo eth0
iface lo inet loopback

iface eth0 inet static
\taddress 10.0.0.2
\tnetmask 255.255.255.0
\t# towards the internet
\tgateway 10.0.0.1
\tup /usr/local/bin/announce
\tmtu 1400
"""


def test_only_what_differs_is_written() -> None:
    there = read(THERE, "eth0")
    assert there == InterfaceConfig(
        "eth0",
        mtu=1400,
        ipv4=IpConfig(addresses=(ip_interface("10.0.0.2/24"),), gateway=ip_address("10.0.0.1")),
    )
    assert define(THERE, there) == THERE
    moved = InterfaceConfig(
        "eth0",
        start=StartMode.HOTPLUG,
        mtu=1500,
        ipv4=IpConfig(addresses=(ip_interface("10.0.0.3/24"),), gateway=ip_address("10.0.0.1")),
    )
    assert define(THERE, moved) == (
        "# mine\n"
        "auto lo\n"
        "iface lo inet loopback\n"
        "\n"
        "allow-hotplug eth0\n"
        "iface eth0 inet static\n"
        "\taddress 10.0.0.3/24\n"
        "\t# towards the internet\n"
        "\tgateway 10.0.0.1\n"
        "\tup /usr/local/bin/announce\n"
        "\tmtu 1500\n"
    )


def test_what_interfaces_files_cannot_say_is_refused() -> None:
    with pytest.raises(HostnetRefused) as told:
        define("", InterfaceConfig("lan", InterfaceType.VLAN, details=VlanConfig(7, "eth0")))
    assert told.value.remedy == "call it eth0.7 or vlan7"
    with pytest.raises(HostnetRefused, match="name servers"):
        define("", InterfaceConfig("eth0", ipv4=IpConfig(dhcp=True, peer_dns=False)))


def test_a_file_that_ifup_does_not_read_is_not_changed() -> None:
    with pytest.raises(HostnetFileError) as told:
        define("auto lo\naddress 10.0.0.1\n", InterfaceConfig("eth0"))
    assert str(told.value.location) == "/etc/network/interfaces:2"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "auto lo br0\niface lo inet loopback\n\niface br0 inet dhcp\n bridge_ports a\n",
            "auto lo\niface lo inet loopback\n",
        ),
        (
            "auto br0\niface br0 inet dhcp\n bridge_ports a\niface br0 inet6 auto\n\n# end\n",
            "# end\n",
        ),
        (
            "auto br0\niface br0 inet dhcp\n bridge_ports a\nauto br0:1\niface br0:1 inet static\n"
            " address 10.0.0.1/8\niface eth0 inet manual\n",
            "iface eth0 inet manual\n",
        ),
    ],
)
def test_undefine(before: str, after: str) -> None:
    edits = list(IFUPDOWN.undefine({MAIN: before}, "br0"))
    assert changed({MAIN: before}, edits)[MAIN] == after
    assert parse(MAIN, after).text == after


def test_a_host_without_the_file_gets_one() -> None:
    (edit,) = IFUPDOWN.define({}, InterfaceConfig("eth0", ipv4=IpConfig(dhcp=True)))
    assert (edit.path, edit.before, edit.mode) == (MAIN, None, 0o644)
    assert edit.after == "auto eth0\niface eth0 inet dhcp\n"
