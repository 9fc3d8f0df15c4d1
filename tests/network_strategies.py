"""Hypothesis: networks that libvirt 9.0.0 knows, and documents with something odd in them."""

from __future__ import annotations

import re
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address, ip_network
from uuid import UUID

from hypothesis import strategies as st

from pasarela.model.network import (
    AddressRange,
    Bootp,
    Bridge,
    DhcpHost,
    DhcpRange,
    Dns,
    DnsDomain,
    DnsHost,
    Forward,
    Forwarder,
    ForwardInterface,
    ForwardMode,
    Ip,
    MacTableManager,
    Nat,
    Network,
    PortGroup,
    Route,
    SrvRecord,
    TxtRecord,
)
from pasarela.model.values import (
    Bandwidth,
    IpAddress,
    LeaseTime,
    LeaseUnit,
    MacAddress,
    PortRange,
    Rate,
    VirtualPort,
    VirtualPortType,
    Vlan,
    VlanTag,
)
from pasarela.xml.network import format_network

flags = st.none() | st.booleans()
words = st.from_regex(r"[a-z][a-z0-9.-]{0,8}", fullmatch=True)
# What XML can hold; line ends are left out of attributes, where the parser makes them blanks.
texts = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cn"], exclude_characters="\ufffe\uffff"),
    min_size=1,
    max_size=12,
)
devices = st.from_regex(r"[a-z]{1,4}[0-9]{0,3}", fullmatch=True)
macs = st.builds(
    lambda octets: MacAddress.from_bytes(bytes([octets[0] & 0xFE]) + octets[1:]),
    st.binary(min_size=6, max_size=6),
)
ipv4 = st.builds(IPv4Address, st.integers(0x01000000, 0xDFFFFFFF))
ipv6 = st.builds(IPv6Address, st.integers(0, 2**128 - 1)) | st.builds(
    IPv6Address, st.integers(0, 2**40)
)
uuids = st.builds(UUID, int=st.integers(0, 2**128 - 1))
leases = st.none() | st.builds(
    lambda expiry, unit: LeaseTime(expiry, unit if expiry else LeaseUnit.MINUTES),
    st.just(0) | st.integers(120, 2**64 - 1),
    st.sampled_from(LeaseUnit),
)
rates = st.builds(
    Rate,
    average=st.integers(1, 2**54),
    peak=st.integers(0, 2**54),
    burst=st.integers(0, 2**22 - 1),
)
bandwidths = st.none() | st.builds(Bandwidth, rates, st.none() | rates)


def few(
    strategy: st.SearchStrategy[object], size: int = 3
) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(strategy, max_size=size).map(tuple)


forwards = st.one_of(
    st.builds(Forward),
    st.builds(
        Forward,
        mode=st.just(ForwardMode.NAT),
        interfaces=few(st.builds(ForwardInterface, devices), 1),
        nat=st.none()
        | st.builds(
            Nat,
            addresses=st.none()
            | ipv4.map(lambda start: AddressRange(start, IPv4Address(int(start) | 0xFF))),
            ports=st.none() | st.integers(1, 65535).map(lambda start: PortRange(start, 65535)),
            ipv6=st.booleans(),
        ),
    ),
    st.builds(
        Forward,
        mode=st.just(ForwardMode.ROUTE),
        interfaces=few(st.builds(ForwardInterface, devices), 1),
    ),
    st.builds(Forward, mode=st.just(ForwardMode.OPEN)),
)
bridges = st.builds(
    Bridge,
    name=st.sampled_from(["vb1", "vb2", "br-x"]),
    stp=st.booleans(),
    delay=st.integers(0, 2**63 - 1),
    zone=st.none() | words,
    mac_table_manager=st.none() | st.sampled_from(MacTableManager),
)
srvs = st.builds(
    SrvRecord,
    service=st.from_regex(r"[A-Za-z0-9_+/*-]{1,8}", fullmatch=True),
    protocol=st.from_regex(r"[A-Za-z0-9+/-]{1,4}", fullmatch=True),
    domain=st.none() | texts,
    target=texts,
    port=st.none() | st.integers(1, 65535),
    priority=st.none() | st.integers(1, 65535),
    weight=st.none() | st.integers(1, 65535),
)
dnss = st.none() | st.builds(
    Dns,
    enable=st.sampled_from([None, True]),
    forward_plain_names=st.booleans(),
    forwarders=few(
        st.builds(Forwarder, domain=texts, address=st.none() | ipv4 | ipv6)
        | st.builds(Forwarder, address=ipv4 | ipv6)
    ),
    txts=few(st.builds(TxtRecord, st.from_regex(r"[a-z0-9._-]{1,8}", fullmatch=True), texts)),
    srvs=few(srvs),
    hosts=few(st.builds(DnsHost, ipv4 | ipv6, st.lists(texts, min_size=1, max_size=2).map(tuple))),
)


@st.composite
def ranges(draw: st.DrawFn, address: IpAddress, prefix: int) -> DhcpRange:
    network = ip_network((address, prefix), strict=False)
    within = network.max_prefixlen - max(prefix, network.max_prefixlen - 16)
    first = int(address) >> within << within
    start = draw(st.integers(1, 2**within - 2))
    end = draw(st.integers(start, 2**within - 2))
    kind = type(address)
    return DhcpRange(kind(first + start), kind(first + end), draw(leases))


@st.composite
def ips4(draw: st.DrawFn, *, dhcp: bool) -> Ip:
    address, prefix = draw(ipv4), draw(st.integers(8, 30))
    as_netmask = draw(st.booleans())
    return Ip(
        address,
        family=draw(st.sampled_from([None, "ipv4"])),
        netmask=ip_network((0, prefix)).netmask if as_netmask else None,
        prefix=None if as_netmask else prefix,
        local_ptr=draw(flags),
        tftp_root=draw(st.none() | texts),
        ranges=draw(few(ranges(address, prefix))) if dhcp else (),
        hosts=draw(few(st.builds(DhcpHost, macs, name=st.none() | words, ip=ipv4, lease=leases)))
        if dhcp
        else (),
    )


@st.composite
def ips6(draw: st.DrawFn, *, dhcp: bool) -> Ip:
    address, prefix = draw(ipv6), draw(st.integers(8, 124))
    identifiers = st.from_regex(r"[0-9a-f]{2}(:[0-9a-f]{2}){0,4}", fullmatch=True)
    return Ip(
        address,
        family="ipv6",
        prefix=prefix,
        local_ptr=draw(flags),
        ranges=draw(few(ranges(address, prefix))) if dhcp else (),
        hosts=draw(few(st.builds(DhcpHost, id=identifiers, ip=ipv6, lease=leases))) if dhcp else (),
    )


@st.composite
def addresses(draw: st.DrawFn) -> tuple[Ip, ...]:
    found = [draw(ips4(dhcp=True))]
    if found[0].has_dhcp and draw(st.booleans()):
        server = draw(st.none() | ipv4.map(str))
        found[0] = replace(found[0], bootp=Bootp(draw(texts), server))
    found += draw(st.lists(ips4(dhcp=False), max_size=1))
    found += draw(st.lists(ips6(dhcp=True), max_size=1))
    return tuple(draw(st.permutations(found)))


@st.composite
def routes(draw: st.DrawFn, ips: tuple[Ip, ...]) -> Route:
    ip = draw(st.sampled_from(ips))
    six = ip.address.version == 6
    prefix = draw(st.integers(0, 128 if six else 32))
    target = ip_network((draw(ipv6 if six else ipv4), prefix), strict=False)
    family = "ipv6" if six else draw(st.sampled_from([None, "ipv4"]))
    metric = draw(st.none() | st.integers(1, 2**32 - 1))
    return Route(target.network_address, ip.address, family, prefix=prefix, metric=metric)


virtual_ports = st.one_of(
    st.none(),
    st.builds(
        VirtualPort,
        st.just(VirtualPortType.OPENVSWITCH),
        interface_id=st.none() | uuids.map(str),
        profile_id=st.none() | words,
    ),
    st.builds(
        VirtualPort,
        st.just(VirtualPortType.IEEE_802_1QBG),
        manager_id=st.none() | st.integers(0, 255),
        type_id=st.none() | st.integers(0, 2**24 - 1),
        instance_id=st.none() | uuids.map(str),
    ),
)
portgroups = st.builds(
    PortGroup,
    name=words,
    bandwidth=bandwidths,
    virtual_port=virtual_ports,
    trust_guest_rx_filters=flags,
)


@st.composite
def metadata(draw: st.DrawFn) -> str | None:
    inner = draw(st.none() | words)
    return None if inner is None else f'<metadata>\n    <a:{inner} xmlns:a="urn:a"/>\n  </metadata>'


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """A network of a mode that has a bridge of its own."""
    ips = draw(addresses())
    groups = {group.name: group for group in draw(st.lists(portgroups, max_size=3))}
    return Network(
        name=draw(texts.filter(lambda text: not set("/") & set(text) and text not in (".", ".."))),
        uuid=draw(uuids),
        metadata=draw(metadata()),
        forward=draw(forwards),
        bridge=draw(bridges),
        mtu=draw(st.none() | st.integers(1, 65535)),
        mac=draw(macs),
        domain=draw(st.none() | st.builds(DnsDomain, words, local_only=flags)),
        dns=draw(dnss),
        bandwidth=draw(bandwidths),
        isolated_ports=draw(flags),
        ips=ips,
        routes=draw(few(routes(ips), 2)),
        virtual_port=draw(virtual_ports),
        portgroups=tuple(groups.values()),
        dnsmasq_options=draw(few(texts, 2)),
        ipv6=draw(st.sampled_from([None, True])),
        trust_guest_rx_filters=draw(flags),
    )


vlans = st.builds(
    lambda numbers, native: Vlan(
        tuple(VlanTag(number, native if number == numbers[0] else None) for number in numbers),
        trunk=len(numbers) > 1,
    ),
    st.lists(st.integers(0, 4095), min_size=1, max_size=3, unique=True),
    st.sampled_from([None, "tagged", "untagged"]),
)


@st.composite
def vlan_networks(draw: st.DrawFn) -> Network:
    """A pool of devices, whose guests are on vlans."""
    devs = draw(st.lists(devices, min_size=1, max_size=3, unique=True))
    forward = Forward(
        mode=ForwardMode.PASSTHROUGH, interfaces=tuple(ForwardInterface(dev) for dev in devs)
    )
    return Network(name="v", uuid=draw(uuids), forward=forward, vlan=draw(st.none() | vlans))


VALUES = (
    *("", " ", "0", "-1", "1", "65536", "9999999", "x", "yes", "no", "10.0.0.9", "10.1", "fd00::9"),
    *("ipv6", "52:54:00:0:0:1", "openvswitch", "nat", "bridge", "hostdev", "a b,c"),
)


@st.composite
def oddities(draw: st.DrawFn) -> str:
    """A right document with a few things about it changed."""
    lines = format_network(draw(networks() | vlan_networks())).splitlines()
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(1, len(lines) - 1))
        lines[place] = draw(_odd_line(lines[place]))
    return "\n".join(lines)


@st.composite
def _odd_line(draw: st.DrawFn, line: str) -> str:
    """One element left out or said twice, one attribute given another value or left out."""
    attributes = re.findall(r" [a-zA-Z]+='[^']*'", line)
    alone = line.rstrip().endswith("/>")
    change = draw(st.sampled_from(["value", "value", "none", "double", "missing"]))
    if change in ("double", "missing") and alone:
        return line + line if change == "double" else ""
    if not attributes:
        return line
    attribute = draw(st.sampled_from(attributes))
    if change == "none":
        return line.replace(attribute, "", 1)
    value = draw(st.sampled_from(VALUES))
    return line.replace(attribute, f"{attribute.partition('=')[0]}='{value}'", 1)


# Metadata; namespaces declared again within themselves and adjacent CDATA sections are left out:
# there the XML library's versions differ among themselves.
PIECES = ("", " ", "\n  ", "t", " x\n", "é", "&lt;&amp;", "<!-- c -->", "<?p i?>", "&#13;", "'\"")
ATTRIBUTES = ("", " a='1'", ' b="\'"', " c='&quot;&lt;é&#10;'", " p:d='1'", " xml:space='preserve'")
DECLARATIONS = ("", " xmlns='urn:{}d'", " xmlns:p='urn:{}p'", " xmlns:q='urn:{}q'")


@st.composite
def trees(draw: st.DrawFn, depth: int = 3) -> str:
    """Elements of all kinds, in namespaces that are declared or not."""
    name = draw(st.sampled_from(["p:x", "q:y", "z"]))
    declaration = draw(st.sampled_from(DECLARATIONS)).format(depth)
    start = name + declaration + draw(st.sampled_from(ATTRIBUTES))
    pieces = st.sampled_from(PIECES)
    inside = "".join(draw(st.lists(pieces | trees(depth - 1) if depth else pieces, max_size=3)))
    return f"<{start}>{inside}</{name}>" if inside or draw(st.booleans()) else f"<{start}/>"


metadata_documents = st.lists(st.sampled_from(PIECES) | trees(), max_size=4).map(
    lambda pieces: (
        "<network xmlns:p='urn:p' xmlns:u='urn:u'><name>n</name>"
        f"<metadata>{''.join(pieces)}</metadata></network>"
    )
)
