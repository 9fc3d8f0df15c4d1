"""How much of a long document is worth parsing: up to a little behind its first fault.

libxml2 2.9 goes on after a fault and reports each that follows, of which 4 MB can hold millions,
and needs time in the square of a comment's length for its hyphens. We only want the first.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from lxml import etree

SHORT = 1 << 16  # shorter documents are parsed at once
MARGIN = 4096
MAX_UNDECLARED = 100  # so many names may have a prefix that is not declared

_SECTION = re.compile(rb"<!--|<!\[CDATA\[|<\?")
_ENDS = {b"<!--": b"--", b"<![CDATA[": b"]]>", b"<?": b"?>"}


def screened(content: bytes, parser: Callable[[], etree.XMLParser]) -> bytes:
    """The beginning of the content that holds its first fault; all of it where none is found."""
    if len(content) <= SHORT:
        return content
    end = _bad_comment(content)
    begin = content if end is None else content[: end + MARGIN]
    fault = _bad_chunk(begin, parser())
    return begin if fault is None else begin[: fault + MARGIN]


def _bad_comment(content: bytes) -> int | None:
    """Where the first comment with two hyphens in it goes wrong, if any does."""
    position = 0
    while section := _SECTION.search(content, position):
        mark = _ENDS[section[0]]
        end = content.find(mark, section.end())
        if end < 0:
            return None  # the rest is one section
        position = end + len(mark)
        if section[0] == b"<!--":
            if content[position : position + 1] != b">":
                return position
            position += 1
    return None


def _bad_chunk(content: bytes, parser: etree.XMLParser) -> int | None:
    """The end of the piece at which the parser stops, or has complained enough."""
    for start in range(0, len(content), SHORT):
        try:
            parser.feed(content[start : start + SHORT])
        except etree.XMLSyntaxError:
            return start + SHORT
        if len(parser.feed_error_log) >= MAX_UNDECLARED:
            return start + SHORT
    return None
