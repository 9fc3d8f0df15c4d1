"""Text to a tree, in bounded time and memory, and what is said where it is no XML.

Nothing outside the text is ever read: no network, no DTD, no entity is resolved, and a document
that declares entities is refused.
"""

from __future__ import annotations

from typing import Any

from lxml import etree

from pasarela.errors import ErrorDomain, Location, XmlContentError, XmlSyntaxError
from pasarela.xml.node import Node
from pasarela.xml.screen import MAX_UNDECLARED, screened
from pasarela.xml.syntax import first_fatal, syntax_error

# The most that one string may hold on libvirt's wire, so no client can send a longer document.
MAX_BYTES = 4 * 1024 * 1024


def read(text: str, root: str, *, label: str | None = None, source: str | None = None) -> Node:
    """The root element of ``text``.

    Args:
        text: the document; bytes that are not UTF-8 as surrogates.
        root: the name that the root element must have.
        label: what libvirt calls the text in its errors; by default (ROOT_definition).
        source: the file that the text came from, for the errors' location.

    Raises:
        XmlSyntaxError: not well-formed, too long, or not text.
        XmlContentError: another root element.
    """
    node = parse(text, label=label or f"({root}_definition)", source=source)
    if node.name != root:
        raise node.error(
            XmlContentError,
            f"expecting root element of '{root}', not '{node.name}'",
            domain=ErrorDomain.XML,
            remedy=_other_command(node.name) or f"the document must be one <{root}> element",
        )
    return node


def parse(text: str, *, label: str, source: str | None = None) -> Node:
    """The root element of ``text``, whatever its name; errors as :func:`read`."""
    content = _encode(text, label, source)
    _check_size(content, label, source)
    parser = _parser()
    try:
        element = etree.fromstring(screened(content, _parser), parser)
    except etree.XMLSyntaxError:
        _check_prefixes(parser, label, source)
        fatal = first_fatal(parser)
        if fatal is not None:
            raise syntax_error(fatal, content, label, source) from None
        # libvirt lets namespaces pass that are not declared
        element = etree.fromstring(content, _parser(recover=True))
    _check_entities(element, label, source)
    return Node(element, source)


def _parser(*, recover: bool = False) -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_blank_text=True,
        strip_cdata=False,
        recover=recover,
    )


def _encode(text: str, label: str, source: str | None) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        raise XmlSyntaxError(
            f"{label}:{line}: the document contains half a character",
            location=Location(source, line),
            remedy="save it as UTF-8",
        ) from None


def _check_size(content: bytes, label: str, source: str | None) -> None:
    if len(content) > MAX_BYTES:
        raise XmlSyntaxError(
            f"{label}: the document has {len(content)} bytes, more than the limit of {MAX_BYTES}",
            location=Location(source),
            remedy="shorten it; what does not describe the network does not belong in it",
        )
    if (position := content.find(b"\0")) >= 0:
        line = content.count(b"\n", 0, position) + 1
        raise XmlSyntaxError(
            f"{label}:{line}: the document contains a NUL byte",
            location=Location(source, line),
            remedy="remove it; if the file is UTF-16, convert it: iconv -f UTF-16 -t UTF-8",
        )


def _check_prefixes(parser: etree.XMLParser, label: str, source: str | None) -> None:
    """libxml2 2.9 needs time in the square of the number of undeclared prefixes."""
    log: Any = parser.error_log  # the stubs do not know that it is iterable
    if sum(entry.level == etree.ErrorLevels.ERROR for entry in log) >= MAX_UNDECLARED:
        raise XmlSyntaxError(
            f"{label}:1: the document uses {MAX_UNDECLARED} names or more whose prefix it does "
            "not declare",
            location=Location(source, 1),
            remedy="declare the prefix: xmlns:prefix='…'",
        )


def _check_entities(element: etree._Element, label: str, source: str | None) -> None:
    dtd: Any = element.getroottree().docinfo.internalDTD  # the stubs know few of its methods
    if dtd is not None and next(iter(dtd.iterentities()), None) is not None:
        raise XmlSyntaxError(
            f"{label}:1: the document declares entities, which are not accepted",
            location=Location(source, 1),
            remedy="remove the <!DOCTYPE …> and write out what the entities stand for",
        )


def _other_command(name: str) -> str | None:
    commands = {
        "domain": "virsh define",
        "interface": "iface-define",
        "network": "net-define",
        "networkport": "net-port-create",
    }
    return f"this is a <{name}>: define it with {commands[name]}" if name in commands else None
