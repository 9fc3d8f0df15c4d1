"""The ``<vlan>`` element of networks, port groups and ports."""

from __future__ import annotations

from pasarela.errors import ErrorDomain, PasarelaError, XmlContentError
from pasarela.model.values import Vlan, VlanTag
from pasarela.xml.node import Node
from pasarela.xml.scalars import parse_unsigned
from pasarela.xml.writer import Writer

MAX_ID = 4095


def read_vlan(node: Node) -> Vlan:
    tags = tuple(_tag(child) for child in node.children("tag"))
    if not tags:
        raise _error(
            node, "missing tag id - each <vlan> must have at least one <tag id='n'/> subelement"
        )
    natives = [tag for tag in tags if tag.native_mode]
    if len(natives) > 1 and natives[0].id:
        raise _error(node, "duplicate native vlan setting")
    return Vlan(tags, _trunk(node, many=len(tags) > 1, native=bool(natives)))


def _tag(node: Node) -> VlanTag:
    text = node.value("id")
    number = parse_unsigned(text, bits=64, wrap=True) if text else None
    if number is None:
        raise _error(node, "missing or invalid vlan tag id attribute")
    if number > MAX_ID:
        raise _error(node, f"vlan tag id {number} too large (maximum {MAX_ID})")
    mode = node.value("nativeMode")
    if mode not in (None, "tagged", "untagged"):
        raise _error(
            node,
            f"Invalid \"nativeMode='{mode}'\" in vlan <tag> element",
            remedy="write nativeMode='tagged' or nativeMode='untagged'",
        )
    return VlanTag(number, mode)


def _trunk(node: Node, *, many: bool, native: bool) -> bool:
    text = node.value("trunk")
    if text is None or text.lower() == "yes":
        return many or native or text is not None
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


def _error(node: Node, detail: str, *, remedy: str | None = None) -> PasarelaError:
    return node.error(XmlContentError, detail, domain=ErrorDomain.NONE, remedy=remedy)


def write_vlan(writer: Writer, vlan: Vlan | None) -> None:
    if vlan is None:
        return
    with writer.element("vlan", {"trunk": "yes" if vlan.trunk else None}):
        for tag in vlan.tags:
            writer.empty("tag", {"id": tag.id, "nativeMode": tag.native_mode})
