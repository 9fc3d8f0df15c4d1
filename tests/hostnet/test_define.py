"""What is defined is what is read again, whoever keeps the files."""

from __future__ import annotations

from ipaddress import ip_address, ip_interface, ip_network
from pathlib import PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hostnet.goldens import Files, applied
from pasarela.errors import HostnetRefused, InterfaceNotFound
from pasarela.hostnet.manager import Manager
from pasarela.hostnet.netplan import Netplan
from pasarela.hostnet.networkd import Networkd
from pasarela.hostnet.networkmanager import NetworkManager
from pasarela.model.interface import ArpMonitor, InterfaceType, MiiMonitor
from pasarela.model.interface_config import (
    BondConfig,
    BridgeConfig,
    ConfiguredRoute,
    DnsConfig,
    InterfaceConfig,
    IpConfig,
    StartMode,
    VlanConfig,
)
from pasarela.model.values import MacAddress

MANAGERS: list[Manager] = [Netplan(), Networkd(), NetworkManager()]
few = settings(max_examples=25, deadline=None)
each_manager = pytest.mark.parametrize("manager", MANAGERS, ids=lambda manager: manager.name)

PRESENT: dict[str, Files] = {
    "netplan": {
        PurePosixPath("/etc/netplan/01.yaml"): "# ours\nnetwork:\n  version: 2\n"
        "  ethernets:\n    eno1: {dhcp4: true}  # the other one\n"
    },
    "networkd": {
        PurePosixPath("/etc/systemd/network/50-eno1.network"): "# the other one\n[Match]\n"
        "Name=eno1\n\n[Network]\nDHCP=ipv4\n"
    },
    "networkmanager": {
        PurePosixPath("/etc/NetworkManager/system-connections/eno1.nmconnection"): "# the other\n"
        "[connection]\nid=eno1\nuuid=0e2c0bd8-6a6f-4b6a-8e1f-0a8e5ff7a001\ntype=ethernet\n"
        "interface-name=eno1\n\n[ipv4]\nmethod=auto\n"
    },
}

ADDRESSES4 = ["192.0.2.10/24", "10.0.0.1/8", "172.26.0.100/16"]
ADDRESSES6 = ["2001:db8::10/64", "fd00::1/48"]


def routes(version: int) -> st.SearchStrategy[tuple[ConfiguredRoute, ...]]:
    to = "198.51.100.0/24" if version == 4 else "2001:db8:9::/48"
    via = "192.0.2.9" if version == 4 else "2001:db8::9"
    one = st.builds(
        ConfiguredRoute,
        st.just(ip_network(to)),
        st.just(ip_address(via)),
        st.sampled_from([None, 50]),
    )
    return st.lists(one, max_size=1).map(tuple)


def static(version: int) -> st.SearchStrategy[IpConfig]:
    texts = ADDRESSES4 if version == 4 else ADDRESSES6
    gateway = ip_address("192.0.2.1" if version == 4 else "2001:db8::1")
    addresses = st.lists(st.sampled_from(texts), min_size=1, unique=True)
    return st.builds(
        IpConfig,
        addresses=addresses.map(lambda texts: tuple(map(ip_interface, texts))),
        gateway=st.sampled_from([None, gateway]),
        routes=routes(version),
    )


LEASED = st.builds(IpConfig, dhcp=st.just(True), peer_dns=st.sampled_from([None, True, False]))
IPV4 = st.one_of(st.none(), LEASED, static(4))
IPV6 = st.one_of(st.none(), st.just(IpConfig(autoconf=True)), static(6))
SERVERS = st.sampled_from([(), ("192.0.2.53",), ("192.0.2.53", "2001:db8::53")])
DNS = st.builds(
    lambda servers, search: DnsConfig(tuple(map(ip_address, servers)), search),
    SERVERS,
    st.sampled_from([(), ("lan",), ("lan", "example.net")]),
)
MACS = st.sampled_from([None, MacAddress("52:54:00:12:34:56")])
MTUS = st.sampled_from([None, 1400, 9000])
STARTS = st.sampled_from([StartMode.ONBOOT, StartMode.NONE])
PORT = InterfaceConfig("eno7")
BONDS = st.builds(
    BondConfig,
    st.just((PORT, InterfaceConfig("eno8"))),
    st.sampled_from(["active-backup", "802.3ad"]),
    st.sampled_from([None, MiiMonitor(100, 0, 200), ArpMonitor(500, "192.0.2.1")]),
)
ETHERNETS = st.builds(
    InterfaceConfig,
    name=st.just("enp3s0"),
    start=STARTS,
    mac=MACS,
    mtu=MTUS,
    ipv4=IPV4,
    ipv6=IPV6,
    dns=DNS,
)


def of_type(kind: InterfaceType, name: str, details: object) -> st.SearchStrategy[InterfaceConfig]:
    return st.builds(
        InterfaceConfig,
        name=st.just(name),
        type=st.just(kind),
        mac=MACS,
        mtu=MTUS,
        ipv4=IPV4,
        ipv6=IPV6,
        dns=DNS,
        details=details,
    )


INTERFACES = st.one_of(
    ETHERNETS,
    of_type(InterfaceType.VLAN, "vlan10", st.just(VlanConfig(10, "eno1"))),
    of_type(InterfaceType.BOND, "bond0", BONDS),
    of_type(
        InterfaceType.BRIDGE,
        "br0",
        st.sampled_from([BridgeConfig((PORT,), False, 0.0), BridgeConfig((PORT,), True, 4.0)]),
    ),
)


def read(manager: Manager, files: Files, name: str) -> InterfaceConfig:
    return next(each for each in manager.interfaces(files) if each.name == name)


def bystander(manager: Manager, files: Files) -> InterfaceConfig:
    """What is said of the interface that has nothing to do with it."""
    return read(manager, files, "eno1")


def spoken(manager: Manager, wanted: InterfaceConfig) -> InterfaceConfig:
    """What the manager's files can say of it: name servers need a family that is configured."""
    if manager.name != "networkmanager" or (not wanted.dns.servers and not wanted.dns.search):
        return wanted
    has = {4: wanted.ipv4 is not None, 6: wanted.ipv6 is not None}
    servers = tuple(server for server in wanted.dns.servers if has[server.version])
    search = wanted.dns.search if has[4] else ()
    return InterfaceConfig(
        **{name: getattr(wanted, name) for name in InterfaceConfig.__dataclass_fields__}
        | {"dns": DnsConfig(servers, search)}
    )


@each_manager
@few
@given(INTERFACES)
def test_what_is_defined_is_read_again(manager: Manager, wanted: InterfaceConfig) -> None:
    first = applied({}, manager.define({}, wanted))
    assert read(manager, first, wanted.name) == spoken(manager, wanted)
    present = PRESENT[manager.name]
    after = applied(present, manager.define(present, wanted))
    assert read(manager, after, wanted.name) == spoken(manager, wanted)
    assert bystander(manager, after) == bystander(manager, present)


@each_manager
@few
@given(INTERFACES)
def test_defining_twice_changes_nothing(manager: Manager, wanted: InterfaceConfig) -> None:
    present = PRESENT[manager.name]
    after = applied(present, manager.define(present, spoken(manager, wanted)))
    assert manager.define(after, spoken(manager, wanted)) == []


@each_manager
@few
@given(ETHERNETS, ETHERNETS)
def test_another_definition_takes_the_place_of_the_first(
    manager: Manager, first: InterfaceConfig, second: InterfaceConfig
) -> None:
    present = PRESENT[manager.name]
    after = applied(present, manager.define(present, first))
    after = applied(after, manager.define(after, second))
    assert read(manager, after, "enp3s0") == spoken(manager, second)


@each_manager
@few
@given(INTERFACES)
def test_undefining_gives_the_former_files_back(manager: Manager, wanted: InterfaceConfig) -> None:
    present = PRESENT[manager.name]
    after = applied(present, manager.define(present, wanted))
    assert applied(after, manager.undefine(after, wanted.name)) == present


@each_manager
def test_undefining_what_is_not_there(manager: Manager) -> None:
    with pytest.raises(InterfaceNotFound, match="enp9s0"):
        manager.undefine(PRESENT[manager.name], "enp9s0")


@each_manager
def test_a_port_of_two_masters_is_refused(manager: Manager) -> None:
    made = InterfaceConfig("br0", InterfaceType.BRIDGE, details=BridgeConfig((PORT,)))
    after = applied({}, manager.define({}, made))
    other = InterfaceConfig("br1", InterfaceType.BRIDGE, details=BridgeConfig())
    after = applied(after, manager.define(after, other))
    with pytest.raises(HostnetRefused, match="port of") as refused:
        manager.add_port(after, "br1", PORT)
    assert refused.value.remedy


@each_manager
def test_no_bridge_to_add_a_port_to(manager: Manager) -> None:
    with pytest.raises(HostnetRefused, match="br7") as refused:
        manager.add_port(PRESENT[manager.name], "br7", PORT)
    assert "host-bridge create br7" in (refused.value.remedy or "")
