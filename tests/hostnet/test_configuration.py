"""What defining and undefining makes of the managers' files."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface

import pytest

from hostnet.memory import Memory
from pasarela.errors import HostnetRefused
from pasarela.hostnet.configuration import Configuration
from pasarela.hostnet.ifupdown import Ifupdown
from pasarela.hostnet.manager import Manager
from pasarela.hostnet.netplan import Netplan
from pasarela.hostnet.networkd import Networkd
from pasarela.hostnet.networkmanager import NetworkManager
from pasarela.model.interface import InterfaceType
from pasarela.model.interface_config import (
    BridgeConfig,
    InterfaceConfig,
    IpConfig,
    StartMode,
    VlanConfig,
)
from pasarela.model.values import MacAddress
from pasarela.xml.interface_config import format_config, parse_interface

INTERFACES = "/etc/network/interfaces"
CONNECTIONS = "/etc/NetworkManager/system-connections"
NETPLAN = "/etc/netplan/50-lan.yaml"
MAC = MacAddress("52:54:00:00:00:01")
STATIC = """\
# The host's own network
auto lo
iface lo inet loopback

auto enp3s0
iface enp3s0 inet static
    address 192.0.2.10/24
    gateway 192.0.2.1
    dns-nameservers 192.0.2.53
    up ip route add 198.51.100.0/24 via 192.0.2.2
"""
YAML = """\
network:
  version: 2
  ethernets:
    enp9s0:
      dhcp4: true # the LAN's
"""


@pytest.fixture
def files() -> Memory:
    memory = Memory()
    memory.put(INTERFACES, STATIC)
    return memory


@pytest.fixture
def configuration(files: Memory) -> Configuration:
    managers = (Ifupdown(), Netplan())
    return Configuration(files, managers, lambda: managers[0])


def bridge_over(config: InterfaceConfig, name: str = "br0") -> InterfaceConfig:
    """As iface-bridge makes it."""
    port = InterfaceConfig(config.name, config.type, mac=config.mac, details=config.details)
    details = BridgeConfig((port,), stp=False)
    return replace(config, name=name, type=InterfaceType.BRIDGE, mac=None, details=details)


def test_a_bridge_over_an_interface_takes_all_that_is_said_of_it(
    files: Memory, configuration: Configuration
):
    nic = configuration.all()["enp3s0"].config
    configuration.define(bridge_over(replace(nic, mac=MAC)), {"enp3s0": MAC})
    text = files.text(INTERFACES)
    assert "iface br0 inet static\n    address 192.0.2.10/24\n    gateway 192.0.2.1\n" in text
    assert "    dns-nameservers 192.0.2.53\n" in text
    assert "    up ip route add 198.51.100.0/24 via 192.0.2.2\n" in text
    assert "iface enp3s0 inet manual\n" in text
    assert "hwaddress" not in text


NETPLAN_STATIC = """\
# The LAN
network:
  version: 2
  ethernets:
    enp3s0: # the card on the board
      addresses: [192.0.2.10/24]
      routes:
        - to: default
          via: 192.0.2.1
      nameservers: {addresses: [192.0.2.53]}
"""
NETWORKD_STATIC = """\
# The LAN
[Match]
Name=enp3s0

[Network]
Address=192.0.2.10/24
Gateway=192.0.2.1
DNS=192.0.2.53
"""


KEYFILE_STATIC = """\
# The LAN
[connection]
id=lan
uuid=3f1c2a8e-1f1d-4c11-9d7b-0a1b2c3d4e5f
type=ethernet
interface-name=enp3s0

[ipv4]
method=manual
address1=192.0.2.10/24,192.0.2.1
dns=192.0.2.53;
"""


@pytest.mark.parametrize(
    ("manager", "path", "text"),
    [
        (Ifupdown(), INTERFACES, STATIC),
        (Netplan(), NETPLAN, NETPLAN_STATIC),
        (Networkd(), "/etc/systemd/network/10-lan.network", NETWORKD_STATIC),
        (NetworkManager(), f"{CONNECTIONS}/lan.nmconnection", KEYFILE_STATIC),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_the_way_that_virsh_goes_there_and_back(manager: Manager, path: str, text: str):
    """iface-bridge and iface-unbridge: what documents say in between says all that is needed."""
    files = Memory()
    files.put(path, text)
    configuration = Configuration(files, [manager], lambda: manager)
    nic = replace(configuration.all()["enp3s0"].config, mac=MAC)
    configuration.define(nic, {"enp3s0": MAC})
    assert files.text(path) == text

    configuration.define(_read(bridge_over(nic)), {"enp3s0": MAC})
    bridge = configuration.all()["br0"]
    assert bridge.config.ipv4 == nic.ipv4
    assert configuration.all()["enp3s0"].config.ipv4 in (None, IpConfig())

    configuration.undefine(bridge)
    again = replace(
        bridge.config, name="enp3s0", type=InterfaceType.ETHERNET, mac=MAC, details=None
    )
    configuration.define(_read(again), {"enp3s0": MAC})
    assert files.text(path) == text
    assert len(files.files) == 1


def _read(config: InterfaceConfig) -> InterfaceConfig:
    """What of it goes through a document."""
    return parse_interface(format_config(config))


def test_a_bridge_with_other_addresses_gets_those(files: Memory, configuration: Configuration):
    nic = configuration.all()["enp3s0"].config
    ip = IpConfig(addresses=(IPv4Interface("203.0.113.7/25"),))
    configuration.define(replace(bridge_over(nic), ipv4=ip), {})
    assert configuration.all()["br0"].config.ipv4 == ip
    assert "192.0.2.10" not in files.text(INTERFACES)


def test_what_is_defined_as_it_is_changes_nothing(files: Memory, configuration: Configuration):
    nic = configuration.all()["enp3s0"].config
    configuration.define(replace(nic, mac=MAC), {"enp3s0": MAC})
    assert files.text(INTERFACES) == STATIC


def test_what_a_document_cannot_say_stays(files: Memory, configuration: Configuration):
    nic = configuration.all()["enp3s0"].config
    ip = IpConfig(
        addresses=(IPv4Interface("192.0.2.11/24"),), gateway=nic.ipv4 and nic.ipv4.gateway
    )
    configuration.define(InterfaceConfig("enp3s0", ipv4=ip, mtu=1400), {})
    text = files.text(INTERFACES)
    assert "address 192.0.2.11/24" in text
    assert "mtu 1400" in text
    assert "dns-nameservers 192.0.2.53" in text
    assert "ip route add 198.51.100.0/24" in text


def test_a_mac_that_is_not_the_cards_own_is_written(files: Memory, configuration: Configuration):
    nic = configuration.all()["enp3s0"].config
    other = MacAddress("02:00:00:00:00:99")
    configuration.define(replace(nic, mac=other), {"enp3s0": MAC})
    assert configuration.all()["enp3s0"].config.mac == other


def test_a_new_interface_goes_to_the_main_manager(files: Memory, configuration: Configuration):
    configuration.define(
        InterfaceConfig("enp4s0", start=StartMode.NONE, ipv4=IpConfig(dhcp=True)), {}
    )
    assert configuration.all()["enp4s0"].manager.name == "ifupdown"
    assert "iface enp4s0 inet dhcp" in files.text(INTERFACES)


def test_what_is_made_on_an_interface_goes_to_that_ones_manager(
    files: Memory, configuration: Configuration
):
    files.put(NETPLAN, YAML)
    vlan = InterfaceConfig("lan.42", InterfaceType.VLAN, details=VlanConfig(42, "enp9s0"))
    configuration.define(vlan, {})
    found = configuration.all()
    assert found["lan.42"].manager.name == found["enp9s0"].manager.name == "netplan"
    assert "# the LAN's" in files.text(NETPLAN)
    assert files.text(INTERFACES) == STATIC


def test_what_would_be_wrong_in_the_file_is_refused(files: Memory, configuration: Configuration):
    """host-check's mistakes, before they are made: here a gateway that no packet finds."""
    ip = IpConfig(addresses=(IPv4Interface("192.0.2.10/24"),), gateway=IPv4Address("198.51.100.1"))
    with pytest.raises(HostnetRefused, match=r"the file would be wrong: .*198\.51") as refused:
        configuration.define(InterfaceConfig("enp3s0", ipv4=ip), {})
    assert INTERFACES in str(refused.value.location)
    assert refused.value.remedy
    assert files.text(INTERFACES) == STATIC


def test_a_mistake_that_is_there_does_not_stand_in_the_way(
    files: Memory, configuration: Configuration
):
    files.put(INTERFACES, STATIC.replace("gateway 192.0.2.1", "gateway 198.51.100.1"))
    configuration.define(InterfaceConfig("enp4s0", ipv4=IpConfig(dhcp=True)), {})
    assert "enp4s0" in configuration.all()


def test_an_interface_of_two_managers_is_refused(files: Memory, configuration: Configuration):
    both = YAML.replace("enp9s0", "enp3s0")
    files.put(NETPLAN, both)
    nic = configuration.all()["enp3s0"]
    for change in (
        lambda: configuration.define(replace(nic.config, mtu=1400), {}),
        lambda: configuration.undefine(nic),
    ):
        with pytest.raises(HostnetRefused, match="ifupdown and netplan both look after enp3s0"):
            change()
    assert (files.text(INTERFACES), files.text(NETPLAN)) == (STATIC, both)


def test_ports_of_two_managers_are_refused(files: Memory, configuration: Configuration):
    files.put(NETPLAN, YAML)
    ports = (InterfaceConfig("enp3s0"), InterfaceConfig("enp9s0"))
    bridge = InterfaceConfig("br0", InterfaceType.BRIDGE, details=BridgeConfig(ports))
    with pytest.raises(HostnetRefused, match="'enp9s0' is managed by netplan"):
        configuration.define(bridge, {})
    assert files.text(INTERFACES) == STATIC


@pytest.mark.parametrize("by_define", [True, False])
def test_a_port_is_not_configured_on_its_own(
    files: Memory, configuration: Configuration, by_define: bool
):
    nic = configuration.all()["enp3s0"].config
    configuration.define(bridge_over(nic), {})
    before = files.text(INTERFACES)
    with pytest.raises(HostnetRefused, match="'enp3s0' is a port of 'br0'") as refused:
        if by_define:
            configuration.define(nic, {})
        else:
            configuration.undefine(configuration.all()["enp3s0"])
    assert "iface-unbridge br0" in (refused.value.remedy or "")
    assert files.text(INTERFACES) == before


def test_a_port_of_one_bridge_is_not_given_to_another(configuration: Configuration):
    nic = configuration.all()["enp3s0"].config
    configuration.define(bridge_over(nic), {})
    with pytest.raises(HostnetRefused, match="'enp3s0' is a port of 'br0'"):
        configuration.define(bridge_over(nic, "br1"), {})


def test_a_bridge_gets_and_loses_ports(files: Memory, configuration: Configuration):
    configuration.define(bridge_over(configuration.all()["enp3s0"].config), {})
    bridge = configuration.all()["br0"].config
    assert isinstance(bridge.details, BridgeConfig)
    more = (*bridge.details.ports, InterfaceConfig("enp4s0"))
    configuration.define(replace(bridge, details=replace(bridge.details, ports=more)), {})
    assert configuration.all()["br0"].config.ports == ("enp3s0", "enp4s0")
    configuration.define(bridge, {})
    assert configuration.all()["br0"].config.ports == ("enp3s0",)


def test_what_is_undefined_is_said_nowhere(files: Memory, configuration: Configuration):
    configuration.undefine(configuration.all()["enp3s0"])
    assert set(configuration.all()) == {"lo"}
    assert "# The host's own network\nauto lo\n" in files.text(INTERFACES)
