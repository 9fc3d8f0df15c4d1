"""XML that is kept as the user wrote it: the ``<metadata>`` element.

libvirt keeps it laid out by libxml2, and with namespaces resolved: children without a namespace
and all but the first child of each namespace fall away.
"""

from __future__ import annotations

from copy import deepcopy

from lxml import etree

from pasarela.xml.writer import Writer

_INDENT = "  "


def keep(element: etree._Element) -> str:
    """The element as text, as it stands one level deep in libvirt's documents."""
    copy = deepcopy(element)
    copy.tail = None
    _drop_strays(copy)
    parent = etree.Element("parent")
    parent.append(copy)
    text = etree.tostring(parent, pretty_print=True, encoding="unicode")
    return text.removeprefix(f"<parent>\n{_INDENT}").removesuffix("\n</parent>\n")


def _drop_strays(metadata: etree._Element) -> None:
    metadata.text = None
    seen: set[str | None] = {None}
    for child in list(metadata):
        child.tail = None
        namespace = etree.QName(child).namespace if isinstance(child.tag, str) else None
        if namespace in seen:
            metadata.remove(child)
        seen.add(namespace)


def write_verbatim(writer: Writer, text: str | None) -> None:
    """Write what :func:`keep` gave; its lines carry their indent already."""
    if text is not None:
        writer.line(text)
