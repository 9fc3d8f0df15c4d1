"""The elements of a network's ``<metadata>``, each an application's own by its namespace."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from xml.sax.saxutils import quoteattr

from lxml import etree

from pasarela.errors import ErrorDomain, InternalError, MetadataNotFound
from pasarela.model.network import Network
from pasarela.xml.reader import parse
from pasarela.xml.verbatim import keep

LABEL = "(metadata_xml)"

_PREFIX = re.compile(r"(?!xml)[^\W\d][\w.\-]*")
_START_TAG = re.compile(r"""<[^\s/>]+(?:\sxmlns(?::[^\s=]+)?=(?:"[^"]*"|'[^']*'))*""")


def get_element(network: Network, uri: str) -> str:
    """The element of that namespace, as it was given: without the prefix that it is stored with.

    Raises:
        MetadataNotFound: there is none.
    """
    child = _find(_metadata(network), uri)
    if child is None:
        raise MetadataNotFound("Requested metadata element is not present")
    for element in _elements(child):
        _leave_namespace(element, uri)
    prefixes = [prefix for each in _elements(child) for prefix in each.nsmap if prefix]
    kept = [prefix for prefix in prefixes if _uri_of(child, prefix) != uri]
    etree.cleanup_namespaces(child, keep_ns_prefixes=kept)
    return etree.tostring(child, pretty_print=True, encoding="unicode", with_tail=False).rstrip()


def set_element(network: Network, text: str | None, key: str | None, uri: str) -> Network:
    """The network with its element of that namespace replaced, or removed where there is no text.

    Args:
        text: one element; what is in no namespace in it goes into ``uri``'s.
        key: the prefix that it is stored with.

    Raises:
        XmlSyntaxError: the text is not one element.
        InternalError: the key can be no prefix, or is one in the text already.
    """
    metadata = _metadata(network)
    old = _find(metadata, uri)
    if old is not None:
        metadata.remove(old)
    if text is not None:
        metadata.append(_into_namespace(text, key or "", uri))
    elif old is None:
        return network
    return replace(network, metadata=keep(metadata))


def _metadata(network: Network) -> etree._Element:
    return parse(network.metadata or "<metadata/>", label=LABEL).element


def _find(metadata: etree._Element, uri: str) -> etree._Element | None:
    return next((each for each in metadata if _namespace(each) == uri), None)


def _elements(root: etree._Element) -> Iterator[etree._Element]:
    """All elements of a tree, without its comments and processing instructions."""
    return (each for each in root.iter() if isinstance(each.tag, str))


def _namespace(element: etree._Element) -> str | None:
    return etree.QName(element).namespace if isinstance(element.tag, str) else None


def _leave_namespace(element: etree._Element, uri: str) -> None:
    if _namespace(element) == uri:
        element.tag = etree.QName(element).localname
    for name, value in element.attrib.items():
        qualified = etree.QName(name)
        if qualified.namespace == uri:
            del element.attrib[name]
            element.set(qualified.localname, value)


def _uri_of(root: etree._Element, prefix: str) -> str | None:
    return next((each.nsmap[prefix] for each in _elements(root) if prefix in each.nsmap), None)


def _into_namespace(text: str, key: str, uri: str) -> etree._Element:
    """The element with the namespace declared on it, and all that was in none put into it.

    The declaration is put into the text: lxml cannot add one to an element.
    """
    if not _PREFIX.fullmatch(key):
        raise _refused("failed to validate prefix for a new XML namespace", f"'{key}' is no prefix")
    root = parse(text, label=LABEL).element
    if key in root.nsmap:
        raise _refused(
            "failed to create a new XML namespace", f"the element uses the prefix '{key}' already"
        )
    written = etree.tostring(root, encoding="unicode", with_tail=False)
    start = _START_TAG.match(written)
    end = start.end() if start else 0
    declared = f"{written[:end]} xmlns:{key}={quoteattr(uri)}{written[end:]}"
    return _in_namespace(parse(declared, label=LABEL).element, uri)


def _in_namespace(root: etree._Element, uri: str) -> etree._Element:
    for element in _elements(root):
        if _namespace(element) is None:
            element.tag = f"{{{uri}}}{etree.QName(element).localname}"
    return root


def _refused(detail: str, why: str) -> InternalError:
    return InternalError(
        detail, domain=ErrorDomain.XML, remedy=f"{why}: choose another key, such as 'app'"
    )
