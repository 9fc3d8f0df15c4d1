"""New settings, written as the file is written already."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from collections.abc import Mapping as Dict
from collections.abc import Sequence as List
from dataclasses import dataclass

from pasarela.hostnet.netplan.document import Document
from pasarela.hostnet.netplan.nodes import Mapping, Node, Scalar, Sequence, walk

Value = str | int | float | bool | None | List["Value"] | Dict[str, "Value"]
"""What is to be written."""

WORDS = ("true", "false"), ("yes", "no"), ("on", "off")
_PLAIN = re.compile(r"[A-Za-z0-9/_.+][A-Za-z0-9/_.+-]*( [A-Za-z0-9/_.+-]+)*")
_SPECIAL = re.compile(r"(?i)true|false|yes|no|on|off|y|n|null|~|[0-9]+(\.[0-9]*)?")


@dataclass(frozen=True, slots=True)
class Style:
    """``step``: columns by which a mapping stands deeper; ``dash``: the same for a list's dashes;
    None where lists are written in brackets. ``words``: how true and false are written."""

    step: int = 2
    dash: int | None = None
    words: tuple[str, str] = ("true", "false")
    json: bool = False

    def block(self, settings: Dict[str, Value], column: int = 0) -> list[str]:
        """A mapping's lines, without their ends."""
        return [line for key, value in settings.items() for line in self._entry(key, value, column)]

    def flow(self, value: Value) -> str:
        match value:
            case dict():
                return "{" + self.inside(value) + "}"
            case list() | tuple():
                return "[" + ", ".join(self.flow(item) for item in value) + "]"
            case _:
                return self._scalar(value)

    def inside(self, settings: Dict[str, Value]) -> str:
        """A mapping's entries as they stand within braces."""
        return ", ".join(f"{self.key(key)}: {self.flow(value)}" for key, value in settings.items())

    def _entry(self, key: str, value: Value, column: int) -> Iterator[str]:
        margin = " " * column
        match value:
            case dict() if value and not self.json:
                yield f"{margin}{key}:"
                yield from self.block(value, column + self.step)
            case list() | tuple() if value and self._in_lines(value):
                yield f"{margin}{key}:"
                yield from self._items(value, column + (self.dash or 0))
            case _:
                yield f"{margin}{self.key(key)}: {self.flow(value)}"

    def _in_lines(self, items: List[Value]) -> bool:
        return not self.json and (self.dash is not None or isinstance(items[0], dict))

    def _items(self, items: List[Value], column: int) -> Iterator[str]:
        for item in items:
            inner = self.block(item, column + 2) if isinstance(item, dict) else [self.flow(item)]
            yield f"{' ' * column}- {inner[0].lstrip()}"
            yield from inner[1:]

    def key(self, key: str) -> str:
        return json.dumps(key) if self.json else key

    def _scalar(self, value: Value) -> str:
        match value:
            case bool():
                return self.words[not value]
            case None:
                return "null"
            case str():
                return self._quoted(value)
            case _:
                return f"{value:g}" if isinstance(value, float) else str(value)

    def _quoted(self, text: str) -> str:
        """In quotes where a reader of YAML might take it for anything but this text."""
        safe = _PLAIN.fullmatch(text) and not _SPECIAL.fullmatch(text) and not self.json
        return text if safe else json.dumps(text)


def style_of(document: Document) -> Style:
    """How the file is written; the first place that shows it counts."""
    nodes = list(walk(document.root)) if document.root else []
    return Style(_step(nodes), _dash(nodes), _words(nodes), _is_json(document))


def _step(nodes: List[Node]) -> int:
    for outer in _blocks(nodes):
        for entry in outer.entries:
            inner = entry.value
            if isinstance(inner, Mapping) and not inner.flow and inner.entries:
                return max(1, inner.span.column - outer.span.column)
    return 2


def _dash(nodes: List[Node]) -> int | None:
    for outer in _blocks(nodes):
        for entry in outer.entries:
            if isinstance(entry.value, Sequence) and not entry.value.alias:
                column = entry.value.span.column - outer.span.column
                return None if entry.value.flow else max(0, column)
    return None


def _words(nodes: List[Node]) -> tuple[str, str]:
    texts = {node.text for node in nodes if isinstance(node, Scalar) and not node.style}
    return next((words for words in WORDS if texts & set(words)), WORDS[0])


def _is_json(document: Document) -> bool:
    return document.text.lstrip().startswith("{") and '"network"' in document.text


def _blocks(nodes: List[Node]) -> Iterator[Mapping]:
    return (node for node in nodes if isinstance(node, Mapping) and not node.flow)
