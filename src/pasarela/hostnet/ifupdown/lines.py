"""The lines of an interfaces file, each with every octet that it was written with.

Source: interfaces(5) and the reader of Debian 12's ifupdown 0.8.41: a backslash at the end of a
line joins it with the next; only ``#`` as the first sign makes a comment, and a comment is never
continued; blank lines end nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

BLANK = " \t\n\v\f\r"  # C's isspace: what separates words
_PHYSICAL = re.compile(r"[^\n]*\n|[^\n]+")
_WORD = re.compile(r"[^ \t\n\v\f\r]+")
_RAW_WORD = re.compile(r"(?:[^ \t\n\v\f\r\\]|\\(?!\n))+")


@dataclass(frozen=True, slots=True)
class Line:
    """A line with its continuations: ``raw`` as it stands, ``text`` as it is understood.

    ``number`` is that of its first physical line, counted from 1.
    """

    raw: str
    text: str
    number: int

    @property
    def is_blank(self) -> bool:
        return not self.text

    @property
    def is_comment(self) -> bool:
        return self.text.startswith("#")

    @property
    def words(self) -> list[str]:
        return words(self.text)

    @property
    def key(self) -> str:
        return next(iter(self.words), "")

    @property
    def value(self) -> str:
        """All after the first word."""
        return self.text[len(self.key) :].lstrip(BLANK)

    @property
    def indent(self) -> str:
        return self.raw[: len(self.raw) - len(self.raw.lstrip(BLANK))]


def words(text: str) -> list[str]:
    return _WORD.findall(text)


def split_lines(text: str) -> tuple[Line, ...]:
    """The lines of ``text``; their ``raw`` texts joined are ``text`` again."""
    physical = _PHYSICAL.findall(text)
    lines: list[Line] = []
    at = 0
    while at < len(physical):
        count = _length(physical, at)
        lines.append(_line(physical[at : at + count], at + 1))
        at += count
    return tuple(lines)


def _length(physical: list[str], at: int) -> int:
    """How many physical lines the one at ``at`` takes."""
    if physical[at].lstrip(BLANK).startswith("#"):
        return 1
    end = at
    while end + 1 < len(physical) and _is_continued(physical[end]):
        end += 1
    return end - at + 1


def _is_continued(physical: str) -> bool:
    return physical.removesuffix("\n").endswith("\\")


def _line(physical: list[str], number: int) -> Line:
    raw = "".join(physical)
    if raw.lstrip(BLANK).startswith("#"):
        return Line(raw, raw.strip(BLANK), number)
    bare = [part.removesuffix("\n") for part in physical]
    joined = "".join(part.removesuffix("\\") for part in bare)
    return Line(raw, joined.strip(BLANK), number)


def with_word(line: Line, position: int, word: str) -> str:
    """``line.raw`` with another word at ``position``, its spacing and the others kept."""
    places = list(_RAW_WORD.finditer(line.raw))
    wanted = line.words
    if [place.group() for place in places] != wanted:  # a word goes over two physical lines
        wanted[position] = word
        return line.indent + " ".join(wanted) + line_end(line.raw)
    place = places[position]
    return line.raw[: place.start()] + word + line.raw[place.end() :]


def without_word(line: Line, position: int) -> str:
    """``line.raw`` without the word at ``position`` and the space before it."""
    places = list(_RAW_WORD.finditer(line.raw))
    wanted = line.words
    if [place.group() for place in places] != wanted or position == 0:
        del wanted[position]
        return line.indent + " ".join(wanted) + line_end(line.raw)
    return line.raw[: places[position - 1].end()] + line.raw[places[position].end() :]


def line_end(raw: str) -> str:
    """How ``raw`` ends: CRLF, LF or not at all."""
    return "\r\n" if raw.endswith("\r\n") else "\n" if raw.endswith("\n") else ""
