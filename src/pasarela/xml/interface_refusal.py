"""How an interface document is refused."""

from __future__ import annotations

from typing import NoReturn

from pasarela.errors import ErrorDomain, XmlContentError
from pasarela.xml.node import Node


def refuse(node: Node, detail: str, remedy: str) -> NoReturn:
    """Raises:
    XmlContentError: always, of libvirt's interface driver, at this element."""
    raise node.error(XmlContentError, detail, remedy=remedy, domain=ErrorDomain.INTERFACE)
