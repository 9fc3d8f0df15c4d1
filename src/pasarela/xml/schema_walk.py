"""Strict validation: the formats as tables of elements and attributes, and the walk over them.

A table entry says which attributes and children an element has; what it does not name is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pasarela.errors import PasarelaError, XmlSchemaError
from pasarela.xml.node import Node
from pasarela.xml.schema_types import Type
from pasarela.xml.suggest import closest

# The folder that the clients know from libvirt's own message.
FOLDER = "/usr/share/libvirt/schemas"

Condition = Callable[[Node], str | None]


@dataclass(frozen=True, slots=True)
class Element:
    """What an element may hold.

    ``required`` names the attributes that it must have, ``text`` what stands in it, ``conditions``
    what else must be true: each gives None, or says what is wrong.
    """

    attributes: Mapping[str, Type] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    children: Mapping[str, Child] = field(default_factory=dict)
    text: Type | None = None
    conditions: tuple[Condition, ...] = ()
    free: bool = False  # holds any elements


@dataclass(frozen=True, slots=True)
class Child:
    element: Element
    least: int = 0
    most: int | None = 1


def required(element: Element) -> Child:
    return Child(element, least=1)


def several(element: Element, least: int = 0) -> Child:
    return Child(element, least, most=None)


def validate(root: Node, element: Element, file: str) -> None:
    """Refuse what the table does not know.

    Args:
        root: the document's root element, whose name has been seen to.
        element: the table's entry for it.
        file: the schema's name, for the message.

    Raises:
        XmlSchemaError: beginning with libvirt's words; location and remedy say the rest.
    """
    _Walk(file).check_root(root, element)


@dataclass(frozen=True, slots=True)
class _Walk:
    file: str

    def check_root(self, node: Node, element: Element) -> None:
        if node.namespace:
            fault = f"<{node.name}> is in the namespace '{node.namespace}'"
            raise self._error(node, fault, "write it without prefix and without xmlns")
        self.check(node, element)

    def check(self, node: Node, element: Element) -> None:
        self._check_attributes(node, element)
        self._check_text(node, element)
        if not element.free:
            self._check_children(node, element)
        for condition in element.conditions:
            if fault := condition(node):
                raise self._error(node, fault)

    def _check_attributes(self, node: Node, element: Element) -> None:
        for name, value in node.attributes():
            known = element.attributes.get(name)
            if known is None:
                fault = f"attribute '{name}' is not known in <{node.name}>"
                raise self._error(node, fault, _near(name, element.attributes, "attributes"))
            if not known.accepts(value):
                fault = f"attribute '{name}' of <{node.name}> may not be '{value}'"
                raise self._error(node, fault, f"write {known.wanted}")
        for name in element.attributes:
            if name in element.required and node.attribute(name) is None:
                fault = f"<{node.name}> needs the attribute '{name}'"
                raise self._error(node, fault, f"write {element.attributes[name].wanted}")

    def _check_text(self, node: Node, element: Element) -> None:
        text = (node.text or "") if element.text else node.own_text.strip()
        if element.text is None and text:
            raise self._error(node, f"<{node.name}> holds text: '{text[:40]}'", "remove the text")
        if element.text and not element.text.accepts(text):
            raise self._error(
                node, f"<{node.name}> may not be '{text}'", f"write {element.text.wanted}"
            )

    def _check_children(self, node: Node, element: Element) -> None:
        counts = dict.fromkeys(element.children, 0)
        for child_node in node.elements():
            child = element.children.get(child_node.tag)
            if child is None:
                fault = f"element <{child_node.name}> is not known in <{node.name}>"
                raise self._error(
                    child_node, fault, _near(child_node.name, element.children, "elements")
                )
            counts[child_node.tag] += 1
            if child.most is not None and counts[child_node.tag] > child.most:
                fault = f"<{node.name}> may have <{child_node.name}> only once"
                raise self._error(child_node, fault, "remove one of them")
            self.check(child_node, child.element)
        for tag, child in element.children.items():
            if counts[tag] < child.least:
                raise self._error(node, f"<{node.name}> needs an element <{tag}>", f"add <{tag}>")

    def _error(self, node: Node, fault: str, remedy: str | None = None) -> PasarelaError:
        detail = f"Unable to validate doc against {FOLDER}/{self.file}\n{fault}"
        return node.error(XmlSchemaError, detail, remedy=remedy)


def _near(name: str, known: Mapping[str, object], kind: str) -> str:
    words = sorted(word.rpartition("}")[2] for word in known)
    near = closest(name, words)
    if near:
        return f"did you mean '{near}'?"
    return f"known {kind} are {', '.join(words)}" if words else f"it has no {kind}: remove it"
