"""The parts of a document that an XPath expression finds, as virsh's --xpath prints them."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy

from lxml import etree

from pasarela.errors import InternalError


def select(xml: str, expression: str, *, wrap: bool = False) -> list[str]:
    """Each part found as text; with ``wrap`` one ``<nodes>`` element with all of them.

    Raises:
        InternalError: no XPath, or one that finds no nodes but computes something.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_blank_text=True)
    root = etree.fromstring(xml.encode(), parser)
    try:
        found = root.getroottree().xpath(expression)
    except etree.XPathError:
        found = None
    if not isinstance(found, list):
        raise InternalError(
            f"Incorrect xpath '{expression}'",
            remedy="an expression that finds nodes is needed, as //ip/@address",
        )
    return [_wrapped(found)] if wrap else [_text(part) for part in found]


def _text(part: object) -> str:
    if isinstance(part, etree._Element):
        alone = deepcopy(part)
        alone.tail = None
        return etree.tostring(alone, pretty_print=True, encoding="unicode").rstrip("\n")
    name = getattr(part, "attrname", None)
    return f' {name}="{part}"' if name else str(part)


def _wrapped(found: Iterable[object]) -> str:
    nodes = etree.Element("nodes")
    for part in found:
        name = getattr(part, "attrname", None)
        if isinstance(part, etree._Element):
            nodes.append(deepcopy(part))
            nodes[-1].tail = None
        elif name:
            nodes.set(name, str(part))
        else:
            nodes.text = (nodes.text or "") + str(part)
    return _text(nodes)
