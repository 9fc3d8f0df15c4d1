"""Networks and ports that the wire's tests use, by name."""

from __future__ import annotations


def _network(name: str, *elements: str, uuid: int | None = None) -> str:
    head = f"<name>{name}</name>"
    if uuid is not None:
        head += f"<uuid>00000000-0000-4000-8000-{uuid:012x}</uuid>"
    return f"<network>{head}{''.join(elements)}</network>"


def _ip(number: int, inner: str = "") -> str:
    return f"<ip address='10.77.{number}.1' netmask='255.255.255.0'>{inner}</ip>"


def _dhcp(number: int) -> str:
    return _ip(number, f"<dhcp><range start='10.77.{number}.100' end='10.77.{number}.120'/></dhcp>")


_BRIDGE = "<bridge name='{}' stp='off' delay='0'/>"

DOCUMENTS = {
    "nat": _network("nat", "<forward mode='nat'/>", _BRIDGE.format("wbr1"), _dhcp(1), uuid=1),
    "nat-again": _network(
        "nat",
        "<forward mode='nat'/><domain name='again'/>",
        _BRIDGE.format("wbr1"),
        _dhcp(1),
        uuid=1,
    ),
    "nat-other-uuid": _network("nat", "<forward mode='nat'/>", uuid=99),
    "nat-other-name": _network("other", "<forward mode='nat'/>", uuid=1),
    "same-bridge": _network("same", _BRIDGE.format("wbr1"), uuid=98),
    "isolated": _network("isolated", _BRIDGE.format("wbr2"), _dhcp(2), uuid=2),
    "bare": _network("bare", _BRIDGE.format("wbr3"), uuid=3),
    "route": _network("route", "<forward mode='route'/>", _BRIDGE.format("wbr4"), _ip(4), uuid=4),
    "open": _network("open", "<forward mode='open'/>", _BRIDGE.format("wbr5"), _ip(5), uuid=5),
    "hostbridge": _network("hostbridge", "<forward mode='bridge'/><bridge name='br0'/>", uuid=6),
    "macvtap": _network(
        "macvtap",
        "<forward mode='bridge'><interface dev='eth0'/><interface dev='eth1'/></forward>",
        uuid=7,
    ),
    "passthrough": _network(
        "passthrough", "<forward mode='passthrough'><interface dev='eth0'/></forward>", uuid=8
    ),
    "groups": _network(
        "groups",
        "<forward mode='bridge'/><bridge name='br0'/>"
        "<portgroup name='fast' default='yes'><bandwidth><inbound average='1000'/></bandwidth>"
        "</portgroup><portgroup name='slow'/>",
        uuid=9,
    ),
    "dns": _network(
        "dns",
        _BRIDGE.format("wbr10"),
        "<domain name='lab' localOnly='yes'/><dns><host ip='10.77.10.9'><hostname>nine</hostname>"
        "</host><txt name='t' value='v'/></dns>",
        _dhcp(10),
        uuid=10,
    ),
    "unclosed": "<network><name>x</name>",
    "noname": "<network/>",
    "wrongmode": "<network><name>x</name><forward mode='router'/></network>",
    "unknown": "<network><name>x</name><nonsense/></network>",
    "domain": "<domain type='kvm'><name>x</name></domain>",
    "slash": "<network><name>a/b</name></network>",
}


def _port(number: int, *elements: str) -> str:
    return (
        f"<networkport><uuid>00000000-0000-4000-9000-{number:012x}</uuid>"
        f"<owner><name>guest{number}</name>"
        f"<uuid>00000000-0000-4000-a000-{number:012x}</uuid></owner>"
        f"<mac address='52:54:00:00:00:{number:02x}'/>{''.join(elements)}</networkport>"
    )


def port_uuid(number: int) -> str:
    return f"00000000-0000-4000-9000-{number:012x}"


PORTS = {
    "port1": _port(1),
    "port2": _port(2, "<group>fast</group>"),
    "port3": _port(3, "<group>slow</group><vlan><tag id='7'/></vlan>"),
    "port-nomac": "<networkport><uuid>00000000-0000-4000-9000-000000000009</uuid></networkport>",
    "port-plugged": _port(5, "<plug type='network' bridge='wbr1'/>"),
    "port-floor": _port(6, "<bandwidth><inbound average='10' floor='5'/></bandwidth>"),
}
