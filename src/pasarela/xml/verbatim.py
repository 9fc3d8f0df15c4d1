"""XML that is kept as the user wrote it: the ``<metadata>`` element.

libvirt keeps it laid out by libxml2, and with namespaces resolved: children without a namespace
and all but the first child of each namespace fall away.
"""

from __future__ import annotations

import re
from copy import deepcopy

from lxml import etree

from pasarela.xml.node import split_tag
from pasarela.xml.reader import parse
from pasarela.xml.writer import Writer

_INDENT = "  "
_MARKUP = re.compile(
    r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|(?P<tag><(?:\"[^\"]*\"|'[^']*'|[^>\"'])*>)",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r" (?P<name>[^\s=]+)=(?P<value>\"[^\"]*\"|'[^']*')")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")


def keep(element: etree._Element, *, depth: int = 1) -> str:
    """The element as text, as it stands ``depth`` levels deep in libvirt's documents."""
    copy = deepcopy(element)
    copy.tail = None
    _drop_strays(copy)
    text = _laid_out(copy, depth)
    return text if text.isascii() else _MARKUP.sub(_escape_tag, text)


def _laid_out(element: etree._Element, depth: int) -> str:
    """Laid out by libxml2, which takes the indent from the elements around it."""
    root = parent = etree.Element("x")
    for _ in range(depth - 1):
        parent = etree.SubElement(parent, "x")
    parent.append(element)
    lines = etree.tostring(root, pretty_print=True, encoding="unicode").split("\n")
    return "\n".join(lines[depth : -depth - 1]).removeprefix(_INDENT * depth)


def _escape_tag(match: re.Match[str]) -> str:
    return _ATTRIBUTE.sub(_escape_attribute, match[0]) if match["tag"] else match[0]


def _escape_attribute(match: re.Match[str]) -> str:
    """libxml2 writes attributes, but not the text, without letters outside ASCII."""
    if match["name"] == "xmlns" or match["name"].startswith("xmlns:"):
        return match[0]
    value = _BEYOND_ASCII.sub(lambda letter: f"&#x{ord(letter[0]):X};", match["value"])
    return f" {match['name']}={value}"


def _drop_strays(metadata: etree._Element) -> None:
    metadata.text = None
    seen: set[str | None] = {None}
    for child in list(metadata):
        child.tail = None
        namespace = split_tag(child.tag)[0] if isinstance(child.tag, str) else None
        if namespace in seen:
            metadata.remove(child)
        seen.add(namespace)


def write_verbatim(writer: Writer, text: str | None) -> None:
    """Write what :func:`keep` gave; its lines carry their indent already."""
    if text is None:
        return
    if writer.depth > 1:
        text = keep(parse(text, label="(metadata)").element, depth=writer.depth)
    writer.line(text)
