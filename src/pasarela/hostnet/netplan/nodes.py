"""A YAML document as a tree that knows where in the text everything stands.

The only place that knows ruamel.yaml. Its events give exact positions, so that a change can be
made in the text itself: writing the whole document again would reflow what nobody changed
(ruamel.yaml has one indentation for a document, people have several).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from pasarela.errors import HostnetFileError, Location

Plain = str | None | list["Plain"] | dict[str, "Plain"]
"""What a node says, without positions: scalars as their text, an empty one as None."""


@dataclass(frozen=True, slots=True)
class Span:
    """Offsets into the text, and the lines (from 0) and the column in which it starts and ends."""

    start: int
    end: int
    line: int
    column: int
    last_line: int


@dataclass(frozen=True, slots=True)
class Scalar:
    """``style`` is the quote or block sign, "" where plain."""

    text: str
    span: Span
    style: str = ""
    alias: bool = False

    @property
    def plain(self) -> Plain:
        null = not self.style and self.text in ("", "~", "null", "Null", "NULL")
        return None if null else self.text


@dataclass(frozen=True, slots=True)
class Sequence:
    items: tuple[Node, ...]
    span: Span
    flow: bool = False
    alias: bool = False

    @property
    def plain(self) -> Plain:
        return [item.plain for item in self.items]


@dataclass(frozen=True, slots=True)
class Entry:
    key: Scalar
    value: Node


@dataclass(frozen=True, slots=True)
class Mapping:
    entries: tuple[Entry, ...]
    span: Span
    flow: bool = False
    alias: bool = False

    @property
    def plain(self) -> dict[str, Plain]:
        return {entry.key.text: entry.value.plain for entry in self.entries}

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(entry.key.text for entry in self.entries)

    def entry(self, key: str) -> Entry | None:
        """The last of that name: a duplicate is for the checks to find."""
        found = [entry for entry in self.entries if entry.key.text == key]
        return found[-1] if found else None

    def get(self, key: str) -> Node | None:
        entry = self.entry(key)
        return entry.value if entry else None


Node = Scalar | Sequence | Mapping


class Malformed(Exception):
    """The text is no YAML; ``line`` counts from 1."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


def parse(text: str) -> Node | None:
    """The first document of the text; None where it is empty.

    Raises:
        Malformed: the text is no YAML.
    """
    try:
        return _Builder(text).document()
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Malformed(_in_words(error), mark.line + 1 if mark else 0) from error
    except YAMLError as error:  # a character that YAML does not allow; its position is an offset
        offset = getattr(error, "position", 0) or 0
        raise Malformed(
            "it has a character that YAML does not allow", _line_at(text, offset)
        ) from (error)


def parse_file(path: PurePosixPath, text: str) -> Node | None:
    """As ``parse``.

    Raises:
        HostnetFileError: the text is no YAML.
    """
    try:
        return parse(text)
    except Malformed as error:
        raise HostnetFileError(
            f"{path} line {error.line}: {error}",
            location=Location(file=str(path), line=error.line),
            remedy=f"correct it; `pasarela host-check {path}` explains what is wrong",
        ) from error


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, in the order of the text."""
    yield node
    match node:
        case Sequence(items=items):
            for item in items:
                yield from walk(item)
        case Mapping(entries=entries):
            for entry in entries:
                yield entry.key
                yield from walk(entry.value)


def _in_words(error: MarkedYAMLError) -> str:
    return " ".join(part for part in (error.context, error.problem) if part) or "it is no YAML"


def _line_at(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


class _Builder:
    """Builds the tree from the parser's events; an alias becomes a copy with its own span."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._events: Iterator[Any] = YAML(typ="safe", pure=True).parse(text)
        self._anchors: dict[str, Node] = {}

    def document(self) -> Node | None:
        for event in self._events:
            kind = _kind(event)
            if kind not in ("StreamStart", "DocumentStart", "StreamEnd"):
                root = self._node(event)
                self._rest()
                return root
        return None

    def _rest(self) -> None:
        """Reads on, so that an error behind the first document is found too."""
        for _ in self._events:
            pass

    def _node(self, event: Any) -> Node:
        kind = _kind(event)
        if kind == "Alias":
            return self._alias(event)
        node: Node
        if kind == "Scalar":
            node = Scalar(event.value, self._scalar_span(event), _style(event))
        elif kind == "SequenceStart":
            node = self._sequence(event)
        else:
            node = self._mapping(event)
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _alias(self, event: Any) -> Node:
        target = self._anchors.get(event.anchor)
        if target is None:
            raise Malformed(
                f"it uses *{event.anchor}, and no &{event.anchor} stands before it",
                event.start_mark.line + 1,
            )
        return replace(target, span=_span(event, event), alias=True)

    def _sequence(self, start: Any) -> Sequence:
        items: list[Node] = []
        for event in self._events:
            if _kind(event) == "SequenceEnd":
                return Sequence(tuple(items), _span(start, event), start.flow_style)
            items.append(self._node(event))
        raise AssertionError("the parser ends every sequence")

    def _mapping(self, start: Any) -> Mapping:
        entries: list[Entry] = []
        for event in self._events:
            if _kind(event) == "MappingEnd":
                return Mapping(tuple(entries), _span(start, event), start.flow_style)
            key = self._key(event)
            entries.append(Entry(key, _beside(key, self._node(next(self._events)))))
        raise AssertionError("the parser ends every mapping")

    def _key(self, event: Any) -> Scalar:
        key = self._node(event)
        if not isinstance(key, Scalar):
            raise Malformed("a key must be a word", event.start_mark.line + 1)
        return key

    def _scalar_span(self, event: Any) -> Span:
        """A block scalar's event ends where the next token starts."""
        span = _span(event, event)
        body = self._text[span.start : span.end]
        stripped = body.rstrip()
        if stripped == body or _style(event) not in ("|", ">"):
            return span
        last = span.line + len(re.findall(r"\n", stripped))
        return replace(span, end=span.start + len(stripped), last_line=last)


def _beside(key: Scalar, value: Node) -> Node:
    """An empty value's event stands at the next token: it belongs beside its key."""
    if not isinstance(value, Scalar) or value.text or value.style or value.alias:
        return value
    end, line = key.span.end, key.span.last_line
    return replace(value, span=Span(end, end, line, key.span.column, line))


def _kind(event: Any) -> str:
    return type(event).__name__.removesuffix("Event")


def _style(event: Any) -> str:
    return event.style or ""


def _span(start: Any, end: Any) -> Span:
    first, last = start.start_mark, end.end_mark
    return Span(first.index, last.index, first.line, first.column, last.line)


def last_line(node: Node) -> int:
    """The line (from 0) of the node's last sign; a block collection's event ends behind it."""
    match node:
        case Mapping(entries=(*_, entry), flow=False, alias=False):
            return max(entry.key.span.last_line, last_line(entry.value))
        case Sequence(items=(*_, item), flow=False, alias=False):
            return last_line(item)
        case _:
            return node.span.last_line
