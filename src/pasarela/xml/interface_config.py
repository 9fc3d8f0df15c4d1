"""The configured interface: libvirt's interface document to and from what a configuration says.

What is refused and in which words is libvirt's (interface_conf.c); beyond that, names, addresses
and numbers are looked at, too, because they will stand in files: libvirt leaves that to whoever
writes them. A document without <start> means one that comes up at boot.
"""

from __future__ import annotations

import re

from pasarela.model.interface import InterfaceType
from pasarela.model.interface_config import (
    BondConfig,
    BridgeConfig,
    InterfaceConfig,
    StartMode,
    VlanConfig,
)
from pasarela.model.values import MacAddress
from pasarela.xml.interface_bond import read_bond, write_bond
from pasarela.xml.interface_protocol import read_protocols, write_protocols
from pasarela.xml.interface_refusal import refuse
from pasarela.xml.node import Node
from pasarela.xml.reader import read
from pasarela.xml.scalars import parse_mac, parse_unsigned
from pasarela.xml.schema import check_schema
from pasarela.xml.suggest import choose
from pasarela.xml.writer import Writer

MAX_MTU = 100000
MAX_TAG = 4094
# The kernel takes more, but a file's syntax or a program's options may not.
_NAME = re.compile(r"[A-Za-z0-9_.+@][A-Za-z0-9_.+@-]{0,14}")
_DELAY = re.compile(r"[0-9]{1,9}(\.[0-9]{0,9})?|\.[0-9]{1,9}")
_LINK_STATES = ("unknown", "notpresent", "down", "lowerlayerdown", "testing", "dormant", "up")

# What a bridge or bond may have as a member.
_MEMBERS = {
    InterfaceType.BRIDGE: (InterfaceType.ETHERNET, InterfaceType.BOND, InterfaceType.VLAN),
    InterfaceType.BOND: (InterfaceType.ETHERNET,),
}


def parse_interface(
    text: str, *, validate: bool = False, source: str | None = None
) -> InterfaceConfig:
    """Read an interface document.

    Args:
        text: the document.
        validate: also refuse elements and attributes that the format does not know.
        source: the file it came from, for the location in errors.

    Raises:
        PasarelaError: in libvirt's words, with the line and the way out.
    """
    root = read(text, "interface", source=source)
    if validate:
        check_schema(root)
    return _read_interface(root)


def _read_interface(node: Node) -> InterfaceConfig:
    kind, name = _type(node), _name(node)
    start, mtu = _start(node), _mtu(node)
    ipv4, ipv6 = read_protocols(node)
    _check_link(node, kind)
    return InterfaceConfig(
        name=name,
        type=kind,
        start=start,
        mac=_mac(node) if kind is InterfaceType.ETHERNET else None,
        mtu=mtu,
        ipv4=ipv4,
        ipv6=ipv6,
        details=_details(node, kind),
    )


def _read_member(node: Node, parent: InterfaceType) -> InterfaceConfig:
    """A member has no addresses, start mode and MTU of its own; what is said of them is left."""
    kind = _type(node)
    if kind not in _MEMBERS[parent]:
        known = (member.value for member in _MEMBERS[parent])
        refuse(
            node,
            f"interface has unsupported type '{kind.value}'",
            f"a {parent.value} may have these: {', '.join(known)}",
        )
    name = _name(node)
    _check_link(node, kind)
    mac = _mac(node) if kind is InterfaceType.ETHERNET else None
    return InterfaceConfig(name, kind, mac=mac, details=_details(node, kind))


def _members(node: Node, parent: InterfaceType) -> tuple[InterfaceConfig, ...]:
    members = tuple(_read_member(each, parent) for each in node.children("interface"))
    seen: set[str] = set()
    for member in members:
        if member.name in seen:
            refuse(node, f"interface '{member.name}' is named twice", "keep one of the two")
        seen.add(member.name)
    return members


def _type(node: Node) -> InterfaceType:
    text = node.required("type")
    known = {kind.value: kind for kind in InterfaceType}
    if text not in known:
        raise node.bad_value("type", remedy=choose(text, known))
    return known[text]


def _name(node: Node) -> str:
    name = node.attribute("name")
    if name is None:
        refuse(node, "interface has no name", "add name='…' to <interface>")
    check_name(node, name)
    return name


def check_name(node: Node, name: str) -> None:
    """Raises:
    XmlContentError: no interface should have that name."""
    if not _NAME.fullmatch(name) or name in (".", ".."):
        refuse(
            node,
            f"invalid interface name '{name}'",
            "write 1 to 15 letters, digits, or - (not first) _ . + @",
        )


def _start(node: Node) -> StartMode:
    child = node.child("start")
    text = child.value("mode") if child else None
    if text is None:
        return StartMode.ONBOOT
    known = {mode.value: mode for mode in StartMode}
    if text not in known:
        refuse(node, f"unknown interface startmode {text}", choose(text, known))
    return known[text]


def _mtu(node: Node) -> int | None:
    child = node.child("mtu")
    text = child.value("size") if child else None
    if text is None:
        return None
    size = parse_unsigned(text, bits=64)
    if size is None:
        refuse(node, "interface mtu value is improper", "write a number of octets: size='1500'")
    if size > MAX_MTU:
        refuse(
            node,
            f"value of the 'size' attribute of 'mtu' element must be at most {MAX_MTU}",
            "Ethernet's is 1500, jumbo frames' 9000",
        )
    return size or None


def _mac(node: Node) -> MacAddress | None:
    child = node.child("mac")
    text = child.value("address") if child else None
    if text is None:
        return None
    mac = parse_mac(text)
    if mac is None:
        refuse(node, f"invalid MAC address '{text}'", "write six octets: 52:54:00:12:34:56")
    return mac


def _check_link(node: Node, kind: InterfaceType) -> None:
    """What a link is at the moment cannot be configured; it is read as libvirt does, and left."""
    link = node.child("link")
    if link is None or kind is InterfaceType.BRIDGE:
        return
    link.unsigned("speed")
    state = link.attribute("state")
    if state is not None and state not in _LINK_STATES:
        raise link.bad_value("state", remedy=choose(state, _LINK_STATES))


def _details(node: Node, kind: InterfaceType) -> BridgeConfig | BondConfig | VlanConfig | None:
    if kind is InterfaceType.ETHERNET:
        return None
    child = node.child(kind.value)
    if child is None:
        refuse(
            node,
            f"{kind.value} interface misses the {kind.value} element",
            f"add <{kind.value}>…</{kind.value}>",
        )
    match kind:
        case InterfaceType.BRIDGE:
            return _read_bridge(child)
        case InterfaceType.BOND:
            return read_bond(child, _members(child, kind))
        case _:
            return _read_vlan(child)


def _read_bridge(node: Node) -> BridgeConfig:
    stp, delay = node.attribute("stp"), node.value("delay")
    if stp not in (None, "on", "off"):
        refuse(
            node,
            f"bridge interface stp should be on or off got {stp}",
            "write stp='on' or stp='off'",
        )
    if delay is not None and not _DELAY.fullmatch(delay):
        refuse(node, f"bridge interface delay '{delay}' is no number of seconds", "write delay='0'")
    return BridgeConfig(
        ports=_members(node, InterfaceType.BRIDGE),
        stp=None if stp is None else stp == "on",
        forward_delay=None if delay is None else float(delay),
    )


def _read_vlan(node: Node) -> VlanConfig:
    tag, child = node.value("tag"), node.child("interface")
    if tag is None:
        refuse(node, "vlan interface misses the tag attribute", "write tag='42'")
    parent = child.value("name") if child else None
    if child is None or parent is None:
        refuse(node, "vlan interface misses name attribute", "add <interface name='…'/>")
    number = parse_unsigned(tag)
    if number is None or number > MAX_TAG:
        refuse(node, f"invalid vlan tag '{tag}'", f"write a number from 0 to {MAX_TAG}")
    check_name(child, parent)
    return VlanConfig(number, parent)


# writing


def format_config(interface: InterfaceConfig) -> str:
    """The document of what is configured, in libvirt's layout."""
    writer = Writer()
    _write_interface(writer, interface, top=True)
    return str(writer)


def _write_interface(writer: Writer, interface: InterfaceConfig, *, top: bool) -> None:
    with writer.element("interface", {"type": interface.type.value, "name": interface.name}):
        if top:
            writer.empty("start", {"mode": interface.start.value})
            if interface.mtu:
                writer.empty("mtu", {"size": interface.mtu})
            write_protocols(writer, interface)
        match interface.details:
            case BridgeConfig() as bridge:
                _write_bridge(writer, bridge)
            case BondConfig() as bond:
                with write_bond(writer, bond):
                    _write_members(writer, bond.ports)
            case VlanConfig() as vlan:
                with writer.element("vlan", {"tag": vlan.tag}):
                    writer.empty("interface", {"name": vlan.parent})
            case None:
                if interface.mac:
                    writer.empty("mac", {"address": interface.mac})


def _write_bridge(writer: Writer, bridge: BridgeConfig) -> None:
    stp = None if bridge.stp is None else "on" if bridge.stp else "off"
    delay = None if bridge.forward_delay is None else f"{bridge.forward_delay:g}"
    with writer.element("bridge", {"stp": stp, "delay": delay}):
        _write_members(writer, bridge.ports)


def _write_members(writer: Writer, members: tuple[InterfaceConfig, ...]) -> None:
    for member in members:
        _write_interface(writer, member, top=False)
