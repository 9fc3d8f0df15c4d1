"""One element of a document, with the questions that libvirt asks of it and where it stands.

libvirt reads attributes in two ways, and the difference shows: by XPath ``string()``, where an
empty value counts as absent (here :meth:`Node.value`), and as a property, where it does not
(:meth:`Node.attribute`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree

from pasarela.errors import ErrorDomain, Location, PasarelaError, XmlContentError
from pasarela.xml.scalars import parse_unsigned

_text_content = etree.XPath("string()")


@dataclass(frozen=True, slots=True)
class Node:
    element: etree._Element
    file: str | None = None

    @property
    def name(self) -> str:
        return split_tag(self.element.tag)[1]

    @property
    def namespace(self) -> str | None:
        return split_tag(self.element.tag)[0]

    @property
    def location(self) -> Location:
        line: Any = self.element.sourceline  # the stubs know no type for it
        return Location(self.file, line, self.name)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing at all in the element."""
        return len(self.element) == 0 and self.element.text is None

    @property
    def text(self) -> str | None:
        """The text of the element and all within it; None if there is none."""
        if len(self.element) == 0:
            return self.element.text or None
        return str(_text_content(self.element)) or None

    @property
    def tag(self) -> str:
        """The name with its namespace, as ``{namespace}name``."""
        return self.element.tag

    @property
    def own_text(self) -> str:
        """The text between the element's children."""
        pieces = [self.element.text, *(child.tail for child in self.element)]
        return "".join(piece or "" for piece in pieces)

    def elements(self) -> Iterator[Node]:
        """All children that are elements."""
        return (Node(child, self.file) for child in self.element.iterchildren("*"))

    def attributes(self) -> list[tuple[str, str]]:
        """All attributes; a name in a namespace as ``{namespace}name``."""
        return [(str(name), str(value)) for name, value in self.element.items()]

    def attribute(self, name: str) -> str | None:
        """The attribute as written, even if empty."""
        return self.element.get(name)

    def value(self, name: str) -> str | None:
        """The attribute, where empty counts as absent."""
        return self.element.get(name) or None

    def children(self, *names: str) -> Iterator[Node]:
        """The children of these names, in the document's order."""
        return (Node(child, self.file) for child in self.element.iterchildren(*names))

    def child(self, name: str) -> Node | None:
        """The first child of that name."""
        for child in self.element.iterchildren(name):
            return Node(child, self.file)
        return None

    def child_text(self, name: str) -> str | None:
        child = self.child(name)
        return child.text if child else None

    def error(
        self,
        kind: type[PasarelaError],
        detail: str,
        *,
        remedy: str | None = None,
        domain: ErrorDomain | None = None,
    ) -> PasarelaError:
        """An error that stands at this element; the caller raises it."""
        return kind(detail, domain=domain, location=self.location, remedy=remedy)

    # attributes by type, refused in the words of libvirt's common helpers

    def yes_no(self, name: str) -> bool | None:
        text = self.attribute(name)
        if text is None:
            return None
        if text not in ("yes", "no"):
            raise self._bad_value(name, text, remedy=f"write {name}='yes' or {name}='no'")
        return text == "yes"

    def unsigned(
        self, name: str, *, bits: int = 32, base: int = 10, nonzero: bool = False
    ) -> int | None:
        text = self.attribute(name)
        if text is None:
            return None
        number = parse_unsigned(text, bits=bits, base=base)
        if number is None:
            expected = " Expected non-negative integer value"
            raise self._bad_value(name, text, expected, remedy="write a whole number")
        if nonzero and number == 0:
            raise self._zero(name)
        return number

    def required(self, name: str) -> str:
        text = self.attribute(name)
        if text is None:
            raise self.error(
                XmlContentError,
                f"Missing required attribute '{name}' in element '{self.name}'",
                domain=ErrorDomain.XML,
                remedy=f"add {name}='…' to <{self.name}>",
            )
        return text

    def _bad_value(
        self, name: str, text: str, expected: str = "", *, remedy: str | None = None
    ) -> PasarelaError:
        detail = f"Invalid value for attribute '{name}' in element '{self.name}': '{text}'."
        return self.error(XmlContentError, detail + expected, domain=ErrorDomain.XML, remedy=remedy)

    def bad_value(self, name: str, *, remedy: str | None = None) -> PasarelaError:
        """The refusal of an attribute whose word is not among the known ones."""
        return self._bad_value(name, self.attribute(name) or "", remedy=remedy)

    def _zero(self, name: str) -> PasarelaError:
        return self.error(
            XmlContentError,
            f"Invalid value for attribute '{name}' in element '{self.name}': Zero is not permitted",
            domain=ErrorDomain.XML,
            remedy=f"write a {name} of 1 or more, or leave it out",
        )


def split_tag(tag: str) -> tuple[str | None, str]:
    """Namespace and name of a tag as lxml gives it, ``{namespace}name``.

    A name whose prefix is not declared keeps it, and is in no namespace.
    """
    namespace, brace, name = tag.rpartition("}")
    return (namespace[1:] if brace else None), name
