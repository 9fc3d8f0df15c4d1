"""The kinds of network, and what each promises: the table that `lab check` fills in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Interface, IPv4Network

COLUMNS = {
    "guests": "guest↔guest",
    "host": "guest↔host",
    "outside": "guest→outside",
    "inside": "outside→guest",
    "dhcp": "DHCP, DNS",
}
YES, NO, NONE = "yes", "no", "none"
AS_HOST, AS_ITSELF, AS_RANGE = "yes, as the host", "yes, as itself", "yes, as its range"
NO_ROUTE, THE_LANS = "yes, no default route", "the LAN's"
NAT_RANGE = IPv4Network("198.51.100.8/30")
NAT_PORTS = range(20000, 20100)

Cells = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Kind:
    """A network to build, and what it promises for IPv4 and IPv6; no promise, no measurement."""

    name: str
    title: str
    document: str | None  # None: the default network, which is there
    ipv4: Cells | None = None
    ipv6: Cells | None = None
    statics: Sequence[IPv4Interface] = ()  # the guests' addresses, where nobody gives any
    needs_bridge: bool = False
    opens_nic: bool = False  # the host reaches all guests on its NIC, those of other networks too
    filters_bridged: bool = False  # its IPv6 promise is the firewall's, for packets within a bridge
    real_guest: bool = False  # measured with a guest under QEMU too, when asked
    network: str = field(default="")

    def promise(self, version: int) -> Cells | None:
        return self.ipv4 if version == 4 else self.ipv6


def _cells(guests: str, host: str, outside: str, inside: str, dhcp: str) -> Cells:
    return dict(zip(COLUMNS, (guests, host, outside, inside, dhcp), strict=True))


def _own_bridge(number: int, name: str, forward: str, ips: str, extra: str = "") -> str:
    return (
        f"<network{extra}><name>{name}</name>{forward}"
        f"<bridge name='virbr{number}' stp='off' delay='0'/>{ips}</network>"
    )


def _ips(number: int, prefix6: str = "") -> str:
    """A served IPv4 subnet 10.N.0.0/24, and an IPv6 one."""
    ipv4 = (
        f"<ip address='10.{number}.0.1' netmask='255.255.255.0'><dhcp>"
        f"<range start='10.{number}.0.2' end='10.{number}.0.254'/></dhcp></ip>"
    )
    ipv6 = (
        f"<ip family='ipv6' address='{prefix6}1' prefix='64'><dhcp>"
        f"<range start='{prefix6}100' end='{prefix6}1ff'/></dhcp></ip>"
    )
    return ipv4 + (ipv6 if prefix6 else "")


_NAT = _cells(YES, YES, AS_HOST, NO, YES)
_ROUTED = _cells(YES, YES, AS_ITSELF, YES, YES)
_ISOLATED = _cells(YES, YES, NO, NO, NO_ROUTE)
_VERY_ISOLATED = _cells(YES, NO, NO, NO, NONE)
_ON_THE_LAN = _cells(YES, YES, AS_ITSELF, YES, THE_LANS)
_MACVTAP = _cells(YES, NO, AS_ITSELF, YES, THE_LANS)
_NOT_EVEN_GUESTS = _cells(NO, NO, NO, NO, NONE)

_RANGE_FORWARD = (
    f"<forward mode='nat'><nat><address start='{NAT_RANGE[1]}' end='{NAT_RANGE[2]}'/>"
    f"<port start='{NAT_PORTS.start}' end='{NAT_PORTS.stop - 1}'/></nat></forward>"
)

KINDS = (
    Kind("nat", "nat (default)", None, ipv4=_NAT, network="default", real_guest=True),
    Kind(
        "nat6",
        "nat, IPv6 too",
        _own_bridge(
            11, "nat6", "<forward mode='nat'><nat ipv6='yes'/></forward>", _ips(11, "fd00:11::")
        ),
        ipv4=_NAT,
        ipv6=_NAT,
    ),
    Kind(
        "nat-range",
        "nat with a range",
        _own_bridge(12, "nat-range", _RANGE_FORWARD, _ips(12)),
        ipv4=_cells(YES, YES, AS_RANGE, NO, YES),
    ),
    Kind(
        "isolated",
        "isolated",
        _own_bridge(13, "isolated", "", _ips(13, "fd00:13::")),
        ipv4=_ISOLATED,
        ipv6=_ISOLATED,
    ),
    Kind(
        "very-isolated",
        "very isolated",
        _own_bridge(14, "very-isolated", "", ""),
        ipv4=_VERY_ISOLATED,
        ipv6=_NOT_EVEN_GUESTS,
        filters_bridged=True,
        statics=(IPv4Interface("10.14.0.11/24"), IPv4Interface("10.14.0.12/24")),
    ),
    Kind(
        "very-isolated-ipv6",
        "  with ipv6='yes'",
        _own_bridge(15, "very-isolated-ipv6", "", "", " ipv6='yes'"),
        ipv4=_VERY_ISOLATED,
        ipv6=_VERY_ISOLATED,
        statics=(IPv4Interface("10.15.0.11/24"), IPv4Interface("10.15.0.12/24")),
    ),
    Kind(
        "routed",
        "routed",
        _own_bridge(16, "routed", "<forward mode='route'/>", _ips(16, "2001:db8:116::")),
        ipv4=_ROUTED,
        ipv6=_ROUTED,
    ),
    Kind(
        "open",
        "open",
        _own_bridge(17, "open", "<forward mode='open'/>", _ips(17, "2001:db8:117::")),
        ipv4=_ROUTED,
        ipv6=_ROUTED,
    ),
    Kind(
        "macvtap",
        "macvtap on the NIC",
        "<network><name>macvtap</name><forward mode='bridge'><interface dev='enp3s0'/></forward>"
        "</network>",
        ipv4=_MACVTAP,
        ipv6=_MACVTAP,
        real_guest=True,
    ),
    Kind(
        "macvtap-host",
        "  with --host-access",
        "<network><name>macvtap-host</name><metadata><p:host-access "
        "xmlns:p='urn:pasarela:network:1' link='enp3s0-host' mac='52:54:00:1a:b0:01' table='4711' "
        "guests='172.26.1.0/24 2001:db8:26::1000/116'/>"
        "</metadata><forward mode='bridge'><interface dev='enp3s0'/></forward></network>",
        ipv4=_ON_THE_LAN,
        ipv6=_ON_THE_LAN,
        opens_nic=True,
    ),
    Kind(
        "bridge",
        "bridge on br0",
        "<network><name>bridge</name><forward mode='bridge'/><bridge name='br0'/></network>",
        ipv4=_ON_THE_LAN,
        ipv6=_ON_THE_LAN,
        needs_bridge=True,
        real_guest=True,
    ),
)
