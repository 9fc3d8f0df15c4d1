"""The network port document's schema."""

from __future__ import annotations

from pasarela.xml.node import Node
from pasarela.xml.schema_common import (
    BANDWIDTH,
    DRIVER,
    MAC,
    NAME,
    PCI,
    PORT_OPTIONS,
    VIRTUAL_PORT,
    VLAN,
    leaf,
)
from pasarela.xml.schema_types import DEVICE, UUID, YES_NO, words
from pasarela.xml.schema_walk import Child, Element, required, validate

# What a plug of each type has, and of that what it must have.
_PLUGS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "network": (frozenset({"macTableManager"}), frozenset({"bridge"})),
    "bridge": (frozenset({"macTableManager"}), frozenset({"bridge"})),
    "direct": (frozenset(), frozenset({"dev", "mode"})),
    "hostdev-pci": (frozenset({"managed"}), frozenset()),
}


def _plug_fits(node: Node) -> str | None:
    kind = node.attribute("type") or ""
    optional, needed = _PLUGS[kind]
    given = {name for name, _ in node.attributes()} - {"type"}
    if given - optional - needed:
        return f"a plug of type '{kind}' has no '{min(given - optional - needed)}'"
    if needed - given:
        return f"a plug of type '{kind}' needs '{min(needed - given)}'"
    pci = node.child("address") is not None
    if kind == "hostdev-pci" and not pci:
        return "a plug of type 'hostdev-pci' needs <address>"
    if kind != "hostdev-pci" and (pci or node.child("driver")):
        return f"a plug of type '{kind}' has neither <address> nor <driver>"
    return None


_PLUG = Element(
    {
        "type": words(*_PLUGS),
        "bridge": DEVICE,
        "macTableManager": words("kernel", "libvirt"),
        "dev": DEVICE,
        "mode": words("bridge", "passthrough", "private", "vepa"),
        "managed": YES_NO,
    },
    frozenset({"type"}),
    {"driver": DRIVER, "address": leaf({"type": words("pci"), **PCI})},
    conditions=(_plug_fits,),
)
_UUID = required(Element(text=UUID))

PORT = Element(
    children={
        "uuid": _UUID,
        "owner": required(Element(children={"name": NAME, "uuid": _UUID})),
        "mac": required(MAC),
        "group": Child(Element(text=DEVICE)),
        "rxfilters": leaf({"trustGuest": YES_NO}, "trustGuest"),
        "virtualport": VIRTUAL_PORT,
        "bandwidth": BANDWIDTH,
        "vlan": VLAN,
        "port": PORT_OPTIONS,
        "plug": Child(_PLUG),
    }
)


def check(root: Node) -> None:
    """Refuse what the network port document's format does not know."""
    validate(root, PORT, "networkport.rng")
