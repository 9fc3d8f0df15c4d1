"""Plausible interfaces files, and interfaces to write into them."""

from __future__ import annotations

from ipaddress import ip_address, ip_interface, ip_network

from hypothesis import settings
from hypothesis import strategies as st

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

steady = settings(deadline=None, derandomize=True, database=None)
"""The same examples on every machine, however slow it is."""

# any lines, whole files

_NAMES = st.sampled_from(
    ["eth0", "eth1", "enp3s0", "br0", "eth0:1", "eth0.5", "bond0", "lo", "wlan0"]
)
_SPACE = st.sampled_from([" ", "  ", "\t", " \t ", " \\\n    "])
_INDENT = st.sampled_from(["", " ", "    ", "\t", "  \t"])
_OPTIONS = [
    "address 10.0.0.2/24",
    "address 192.168.1.9",
    "netmask 255.255.255.0",
    "gateway 10.0.0.1",
    "mtu 9000",
    "hwaddress ether 02:00:00:00:00:01",
    "up ip route add 10.9.0.0/16 via 10.0.0.254",
    "post-up ethtool -K $IFACE tso off",
    "pre-up /sbin/thing --with '#' signs",
    "dns-nameservers 1.1.1.1 9.9.9.9",
    "bridge_ports eth1",
    "bridge-ports none",
    "link-speed 100",
    "frobnicate yes",
    "auto",
    "allow-hotplug",
]
_METHODS = ["inet dhcp", "inet static", "inet manual", "inet6 auto", "inet6 static", "inet6 dhcp"]
_HEADS = st.builds(
    lambda gap, name, how: gap.join(["iface", name, *how.split()]),
    _SPACE,
    _NAMES,
    st.sampled_from(_METHODS),
)
_SELECTIONS = st.builds(
    lambda gap, key, names: gap.join([key, *names]),
    _SPACE,
    st.sampled_from(["auto", "allow-hotplug", "no-auto-down", "no-scripts"]),
    st.lists(_NAMES, min_size=1, max_size=3),
)
_OTHERS = st.sampled_from(
    [
        "",
        "   ",
        "# a comment",
        "\t## and one that ends in \\",
        "source /etc/network/interfaces.d/*",
        "source-directory interfaces.d",
    ]
)
_END = st.sampled_from(["\n", "\n", "\n", "\r\n"])


@st.composite
def stanzas(draw: st.DrawFn) -> list[str]:
    return [draw(_HEADS), *draw(st.lists(st.sampled_from(_OPTIONS), max_size=4))]


@st.composite
def files(draw: st.DrawFn) -> str:
    """A file that ifup reads to the end, however it is laid out."""
    blocks = draw(
        st.lists(st.one_of(stanzas(), st.builds(lambda one: [one], _OTHERS | _SELECTIONS)))
    )
    end = draw(_END)
    lines = [draw(_INDENT) + line for block in blocks for line in block]
    text = "".join(line + end for line in lines)
    return text.removesuffix(end) if draw(st.booleans()) else text


junk = st.text(st.sampled_from("ab \t\\\n\r#=/auto iface inet\x0b\x0c\xa0"), max_size=80)
"""Texts that no administrator would write."""

# interfaces

_MACS = st.sampled_from(["52:54:00:00:00:01", "02:aa:bb:cc:dd:ee"]).map(MacAddress)
_V4 = st.sampled_from(["10.1.0.5/16", "192.0.2.7/24", "198.51.100.9/32"]).map(ip_interface)
_V6 = st.sampled_from(["2001:db8::5/64", "fd00::7/48"]).map(ip_interface)
_ROUTES4 = st.builds(
    ConfiguredRoute,
    st.sampled_from(["10.9.0.0/16", "0.0.0.0/0"]).map(ip_network),
    st.none() | st.just(ip_address("10.1.0.1")),
    st.none() | st.integers(0, 5000),
)
_ROUTES6 = st.builds(
    ConfiguredRoute,
    st.just(ip_network("2001:db8:9::/48")),
    st.none() | st.just(ip_address("2001:db8::1")),
    st.none() | st.integers(1, 5000),
)


@st.composite
def ip_configs(draw: st.DrawFn, version: int) -> IpConfig:
    addresses = draw(st.lists(_V4 if version == 4 else _V6, unique=True, max_size=2))
    gateway = ip_address("10.1.0.1" if version == 4 else "2001:db8::1")
    return IpConfig(
        dhcp=not addresses or draw(st.booleans()),
        autoconf=version == 6 and draw(st.booleans()),
        addresses=tuple(addresses),
        gateway=gateway if addresses and draw(st.booleans()) else None,
        routes=tuple(
            draw(st.lists(_ROUTES4 if version == 4 else _ROUTES6, unique=True, max_size=2))
        ),
    )


_DNS = st.builds(
    DnsConfig,
    st.sampled_from([(), (ip_address("9.9.9.9"),), (ip_address("1.1.1.1"), ip_address("fd00::1"))]),
    st.sampled_from([(), ("example.org",), ("a.example", "b.example")]),
)
_PORTS = st.lists(st.sampled_from(["p1", "p2", "p3"]), unique=True, max_size=3).map(
    lambda names: tuple(InterfaceConfig(name, start=StartMode.ONBOOT) for name in names)
)
_MONITORS = st.sampled_from(
    [
        None,
        MiiMonitor(100),
        MiiMonitor(100, 200, 300, "ioctl"),
        ArpMonitor(1000, "10.1.0.1"),
        ArpMonitor(1000, "10.1.0.1", "active"),
    ]
)


@st.composite
def interfaces(draw: st.DrawFn) -> InterfaceConfig:
    kind = draw(st.sampled_from(InterfaceType))
    name = {InterfaceType.VLAN: "x0.5"}.get(kind, "x0")
    details = {
        InterfaceType.ETHERNET: st.none(),
        InterfaceType.BRIDGE: st.builds(
            BridgeConfig,
            _PORTS,
            st.none() | st.booleans(),
            st.none() | st.sampled_from([0.0, 2.0, 4.5, 15.0]),
        ),
        InterfaceType.BOND: st.builds(
            BondConfig,
            _PORTS,
            st.none() | st.sampled_from(["active-backup", "802.3ad"]),
            _MONITORS,
        ),
        InterfaceType.VLAN: st.just(VlanConfig(5, "x0")),
    }[kind]
    ipv4 = draw(st.none() | ip_configs(4))
    ipv6 = draw(st.none() | ip_configs(6))
    return InterfaceConfig(
        name,
        kind,
        draw(st.sampled_from(StartMode)),
        draw(st.none() | _MACS),
        draw(st.none() | st.sampled_from([1400, 9000])),
        ipv4,
        ipv6,
        draw(_DNS),
        draw(details),
    )
