"""One netplan file: its text, its tree, and which lines belong to which key."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import PurePosixPath

from pasarela.errors import HostnetRefused, Location
from pasarela.hostnet.netplan.nodes import Entry, Mapping, Node, last_line, parse_file

_LINE = re.compile("[^\\r\\n\\x85\\u2028\\u2029]*(?:\\r\\n|[\\r\\n\\x85\\u2028\\u2029]|\\Z)")


@dataclass(frozen=True)
class Document:
    """A file's text and what it says; ``root`` is None where it says nothing."""

    path: PurePosixPath
    text: str
    root: Node | None

    @classmethod
    def parse(cls, path: PurePosixPath, text: str) -> Document:
        """Raises HostnetFileError: the text is no YAML."""
        return cls(path, text, parse_file(path, text))

    def with_text(self, text: str) -> Document:
        return Document.parse(self.path, text)

    @cached_property
    def lines(self) -> list[str]:
        """With their ends, counted as the parser counts them."""
        return [line for line in _LINE.findall(self.text) if line]

    @property
    def newline(self) -> str:
        return "\r\n" if "\r\n" in self.text else "\n"

    def node(self, *keys: str) -> Node | None:
        """What stands under these keys, from the root."""
        node = self.root
        for key in keys:
            node = node.get(key) if isinstance(node, Mapping) else None
        return node

    def entry(self, *keys: str) -> Entry | None:
        parent = self.node(*keys[:-1])
        return parent.entry(keys[-1]) if isinstance(parent, Mapping) else None

    def mapping(self, *keys: str) -> Mapping | None:
        node = self.node(*keys)
        return node if isinstance(node, Mapping) else None

    def own(self, *keys: str) -> Mapping | None:
        """A mapping that may be changed where it stands.

        Raises:
            HostnetRefused: it is shared with another place by an anchor.
        """
        for depth in range(1, len(keys) + 1):
            entry = self.entry(*keys[:depth])
            if entry and entry.value.alias:
                raise self.refused(
                    f"{'.'.join(keys[:depth])} is an alias of settings that others use too",
                    entry.key.span.line + 1,
                    "write its settings out in full",
                )
        return self.mapping(*keys)

    def refused(self, message: str, line: int, remedy: str) -> HostnetRefused:
        return HostnetRefused(
            f"{self.path} line {line}: {message}",
            location=Location(file=str(self.path), line=line),
            remedy=remedy,
        )


@dataclass(frozen=True, slots=True)
class Extent:
    """The lines of an entry: its own comments above, itself, and the comments that end it."""

    start: int
    end: int

    def joined(self, other: Extent) -> Extent:
        return replace(self, end=other.end)


def extent(document: Document, mapping: Mapping, index: int, *, tail: bool = True) -> Extent:
    """The lines (from 0, the end excluded) of a block mapping's entry.

    ``tail``: whether comments behind the last entry, indented as it is, are counted to it.
    """
    end = _end(document.lines, mapping, index, tail=tail)
    above = _end(document.lines, mapping, index - 1) if index else 0
    line = mapping.entries[index].key.span.line
    while line > above and is_comment(document.lines[line - 1]):
        line -= 1
    return Extent(line, end)


def is_comment(line: str) -> bool:
    return line.lstrip().startswith("#")


def indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _end(lines: Sequence[str], mapping: Mapping, index: int, *, tail: bool = True) -> int:
    """Comments indented like the inside of an entry are its own; the last entry may also take
    those that are indented as it is itself."""
    entry = mapping.entries[index]
    end = max(entry.key.span.last_line, last_line(entry.value)) + 1
    own_too = tail and index == len(mapping.entries) - 1
    least = entry.key.span.column + (not own_too)
    line = end
    while line < len(lines) and (not lines[line].strip() or _belongs(lines[line], least)):
        line += 1
        end = line if lines[line - 1].strip() else end
    return end


def _belongs(line: str, least: int) -> bool:
    return is_comment(line) and _comment_indent(line) >= least


def _comment_indent(line: str) -> int:
    """Where a comment belongs: a setting that was commented out by a # in the first column
    (``#      mtu: 9000``) belongs where the setting stood."""
    bare = line.lstrip("#")
    code = line.startswith("#") and bare.startswith("  ")
    return len(line) - len(bare.lstrip()) if code else indent(line)
