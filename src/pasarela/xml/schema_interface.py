"""The interface document's schema."""

from __future__ import annotations

from collections.abc import Mapping

from pasarela.xml.node import Node
from pasarela.xml.schema_common import leaf, leaves
from pasarela.xml.schema_types import (
    COUNT,
    DEVICE,
    IP,
    IPV4,
    ON_OFF,
    YES_NO,
    Type,
    number,
    pattern,
    words,
)
from pasarela.xml.schema_walk import Child, Element, required, several, validate

_IPV6 = Type("an IPv6 address", lambda text: ":" in text and IP.accepts(text))
_PREFIX_OF = {"ipv4": number(0, 32, plus=True), "ipv6": number(0, 128, plus=True)}
_ADDRESS_OF = {"ipv4": IPV4, "ipv6": _IPV6}
_DECIMAL = pattern(
    "a number of seconds", r"\s*\+?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\s*"
)
_DHCP = leaf({"peerdns": YES_NO})
_LINK = leaf(
    {
        "speed": COUNT,
        "state": words(
            "unknown", "notpresent", "down", "lowerlayerdown", "testing", "dormant", "up"
        ),
    }
)
_MAC = leaf({"address": pattern("a MAC address", "[a-fA-F0-9]{2}(:[a-fA-F0-9]{2}){5}")}, "address")
_MONITORS = {
    "miimon": leaf(
        {"freq": COUNT, "downdelay": COUNT, "updelay": COUNT, "carrier": words("ioctl", "netif")},
        "freq",
    ),
    "arpmon": leaf(
        {
            "interval": COUNT,
            "target": IPV4,
            "validate": words("none", "active", "backup", "all"),
        },
        "interval",
        "target",
    ),
}
_MODES = words(
    "balance-rr",
    "active-backup",
    "balance-xor",
    "broadcast",
    "802.3ad",
    "balance-tlb",
    "balance-alb",
)


def _family_fits(node: Node) -> str | None:
    """The addresses of a protocol are of its family."""
    family = node.attribute("family") or ""
    if family == "ipv4" and node.child("autoconf"):
        return "<autoconf> is of family 'ipv6' alone"
    route = node.child("route")
    named = [(each, "address") for each in node.children("ip")]
    for each, name in [*named, *([(route, "gateway")] if route else [])]:
        address, prefix = each.attribute(name) or "", each.attribute("prefix")
        if not _ADDRESS_OF[family].accepts(address):
            return f"attribute '{name}' of <{each.name}> may not be '{address}'"
        if prefix is not None and not _PREFIX_OF[family].accepts(prefix):
            return f"attribute 'prefix' of <{each.name}> may not be '{prefix}'"
    return None


def _families_differ(node: Node) -> str | None:
    families = [each.attribute("family") for each in node.children("protocol")]
    return "<interface> has a protocol twice" if len(families) > len(set(families)) else None


def _one_monitor(node: Node) -> str | None:
    both = node.child("miimon") and node.child("arpmon")
    return "<bond> has both <miimon> and <arpmon>" if both else None


_PROTOCOL = Element(
    {"family": words("ipv4", "ipv6")},
    frozenset({"family"}),
    {
        "autoconf": leaf({}),
        "dhcp": _DHCP,
        "ip": leaves({"address": IP, "prefix": number(0, 128, plus=True)}, "address"),
        "route": leaf({"gateway": IP}, "gateway"),
    },
    conditions=(_family_fits,),
)
_VLAN = Element(
    {"tag": number(0, 4095, plus=True)},
    frozenset({"tag"}),
    {"interface": required(Element({"name": DEVICE}, frozenset({"name"})))},
)


def _type_fits(node: Node) -> str | None:
    """What each type of interface must have, and what only others have."""
    kind = node.attribute("type") or ""
    if node.attribute("name") is None and kind != "vlan":
        return "<interface> needs the attribute 'name'"
    if kind != "ethernet" and node.child(kind) is None:
        return f"<interface> needs an element <{kind}>"
    foreign = {"bridge", "bond", "vlan", "mac"} - {kind}
    if kind == "ethernet":
        foreign.remove("mac")
    if kind == "bridge":
        foreign.add("link")
    for name in sorted(foreign):
        if node.child(name):
            return f"an interface of type '{kind}' has no <{name}>"
    return None


def _member(*types: str, children: Mapping[str, Child] | None = None) -> Element:
    """An interface within a bridge or bond: it has no addresses of its own."""
    return Element(
        {"type": words(*types), "name": DEVICE},
        frozenset({"type"}),
        {"mac": _MAC, "link": _LINK, **(children or {})},
        conditions=(_type_fits,),
    )


_BOND = Element(
    {"mode": _MODES},
    children={**_MONITORS, "interface": several(_member("ethernet"), least=1)},
    conditions=(_one_monitor,),
)
_BRIDGE_MEMBER = _member(
    "ethernet", "bond", "vlan", children={"bond": Child(_BOND), "vlan": Child(_VLAN)}
)
_BRIDGE = Element(
    {"stp": ON_OFF, "delay": _DECIMAL}, children={"interface": several(_BRIDGE_MEMBER)}
)

INTERFACE = Element(
    {"type": words("ethernet", "bridge", "bond", "vlan"), "name": DEVICE},
    frozenset({"type"}),
    {
        "start": leaf({"mode": words("onboot", "none", "hotplug")}, "mode"),
        "mtu": leaf({"size": COUNT}, "size"),
        "protocol": several(_PROTOCOL),
        "link": _LINK,
        "mac": _MAC,
        "bridge": Child(_BRIDGE),
        "bond": Child(_BOND),
        "vlan": Child(_VLAN),
    },
    conditions=(_families_differ, _type_fits),
)


def check(root: Node) -> None:
    """Refuse what the interface document's format does not know."""
    validate(root, INTERFACE, "interface.rng")
