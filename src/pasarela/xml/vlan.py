"""The ``<vlan>`` element of networks, port groups and ports."""

from __future__ import annotations

from pasarela.errors import ErrorDomain, PasarelaError, XmlContentError
from pasarela.model.values import Vlan, VlanTag
from pasarela.xml.node import Node
from pasarela.xml.suggest import choose
from pasarela.xml.writer import Writer

MAX_ID = 4095
NATIVE_MODES = ("tagged", "untagged")


def read_vlan(node: Node) -> Vlan:
    tags: list[VlanTag] = []
    for child in node.children("tag"):
        tag = _tag(child)
        if tag.native_mode and any(other.native_mode for other in tags):
            raise _error(node, "duplicate native vlan setting")
        tags.append(tag)
    if not tags:
        raise _error(
            node, "missing tag id - each <vlan> must have at least one <tag id='n'/> subelement"
        )
    native = next((tag for tag in tags if tag.native_mode), None)
    trunk = _trunk(node, many=len(tags) > 1, native=native is not None)
    return Vlan(tuple(native if native and tag.id == native.id else tag for tag in tags), trunk)


def _tag(node: Node) -> VlanTag:
    node.required("id")
    number = node.unsigned("id") or 0
    if number > MAX_ID:
        raise _error(node, f"vlan tag id {number} too large (maximum {MAX_ID})")
    mode = node.attribute("nativeMode")
    if mode is not None and mode not in NATIVE_MODES:
        raise node.bad_value("nativeMode", remedy=choose(mode, NATIVE_MODES))
    return VlanTag(number, mode)


def _trunk(node: Node, *, many: bool, native: bool) -> bool:
    text = node.value("trunk")
    if text is None or text.lower() == "yes":
        return many or text is not None
    if many:
        raise _error(
            node,
            f"invalid \"trunk='{text}'\" in <vlan> - "
            "trunk='yes' is required for more than one vlan tag",
        )
    if native:
        raise _error(
            node,
            "invalid configuration in <vlan> - \"trunk='no'\" is not allowed with a native vlan id",
        )
    if text.lower() != "no":
        raise _error(node, f"invalid \"trunk='{text}'\" in <vlan> - must be yes or no")
    return False


def _error(node: Node, detail: str) -> PasarelaError:
    return node.error(XmlContentError, detail, domain=ErrorDomain.NONE)


def write_vlan(writer: Writer, vlan: Vlan | None) -> None:
    if vlan is None:
        return
    with writer.element("vlan", {"trunk": "yes" if vlan.trunk else None}):
        for tag in vlan.tags:
            writer.empty("tag", {"id": tag.id, "nativeMode": tag.native_mode})
