"""What is said of text that is not well-formed: libvirt's message, and the way out."""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from pasarela.errors import Location, XmlSyntaxError
from pasarela.xml.unclosed import explain

Fatal = tuple[int, int, str]

_ENCODING = (
    "this is not UTF-8: write it so, or name its encoding in the first line: "
    "<?xml version='1.0' encoding='ISO-8859-1'?>"
)
# By the parser's message; libxml2 has kept these texts from 2.9 to 2.14.
_REMEDIES = (
    ("Document is empty", "there is no element in it: write the document"),
    ("Start tag expected", "the document must begin with a tag{example}"),
    ("Extra content at the end", "a document is one element: remove what follows its end"),
    ("AttValue: \" or ' expected", "put the attribute's value in quotes: name='value'"),
    ("Specification mandates value", "write the attribute with a value: name='value'"),
    ("redefined", "keep one of the two attributes"),
    ("Unescaped '<'", "close the quote that was opened before, or write &lt;"),
    ("xmlParseEntityRef: no name", "write &amp; where & is meant"),
    ("EntityRef: expecting ';'", "end it with a semicolon, or write &amp; where & is meant"),
    ("not defined", "write the character itself; known are &amp; &lt; &gt; &quot; &apos;"),
    ("Comment not terminated", "end the comment with -->"),
    ("Double hyphen within comment", "write - in place of -- within a comment"),
    ("CData section not finished", "end it with ]]>"),
    ("XML declaration allowed only", "remove what stands before <?xml"),
    ("invalid Char value", "remove the control character"),
    ("invalid xmlChar value", "remove the reference to a control character"),
    ("invalid element name", "a name follows < at once, and begins with a letter"),
    ("attributes construct error", "put a blank between attributes"),
    ("not proper UTF-8", _ENCODING),
    ("Invalid bytes in character encoding", _ENCODING),
    ("Unsupported encoding", "write encoding='UTF-8'"),
    ("Excessive depth", "elements are nested too deeply"),
    ("Couldn't find end of Start Tag", "end the tag with > or />"),
)
_LONG_TAG = 256
_TAGS = re.compile("tag mismatch|Premature end of data|Extra content|EndTag: '</' not found")


def first_fatal(parser: etree.XMLParser) -> Fatal | None:
    """Line, column and text of the first thing that is not well-formed.

    From the parser's own log: the exception's also holds what earlier documents did wrong.
    """
    log: Any = parser.error_log  # the stubs do not know that it is iterable
    for entry in log:
        if entry.level == etree.ErrorLevels.FATAL:
            message: str = entry.message
            # libxml2 has a colon more since 2.13
            return entry.line, entry.column, message.replace("encoding: ", "encoding ")
    return None


def syntax_error(fatal: Fatal, content: bytes, label: str, source: str | None) -> XmlSyntaxError:
    """libvirt 9.0.0's text: place and message, the line, and a pointer beneath it."""
    line, column, message = fatal
    position = _offset(content, line, column)
    context, pointer = _pointer(content, position)
    detail = f"{label}:{line}: {message}\n{context}\n{pointer}"
    # what follows the tag is not looked at: it may be anything
    seen = content[: position + _LONG_TAG].decode("utf-8", "replace")
    finding = explain(seen) if _TAGS.search(message) else None
    if finding:
        location = Location(source, finding.line, finding.element)
        return XmlSyntaxError(detail, location=location, remedy=finding.remedy)
    return XmlSyntaxError(detail, location=Location(source, line), remedy=_remedy(message, label))


def _remedy(message: str, label: str) -> str | None:
    remedy = next((remedy for part, remedy in _REMEDIES if part in message), None)
    root = re.fullmatch(r"\((\w+)_definition\)", label)
    return remedy and remedy.replace("{example}", f", such as <{root[1]}>" if root else "")


def _pointer(content: bytes, position: int) -> tuple[str, str]:
    """The line on which the parser stopped, and dashes up to a caret beneath that place.

    libvirt 9.0.0 prints ``(null)`` where that line is empty.
    """
    start = _line_start(content, position)
    context = re.split(rb"[\r\n]", content[start:], maxsplit=1)[0]
    pointer = "-" * (position - start) + "^"
    return context.decode("utf-8", "surrogateescape") or "(null)", pointer


def _line_start(content: bytes, position: int) -> int:
    """Where the line begins; from a line's end, that line, as libvirt counts."""
    start = position
    while start > 0 and content[start : start + 1] in (b"\n", b"\r"):
        start -= 1
    start = max(content.rfind(end, 0, start + 1) for end in (b"\n", b"\r")) + 1
    return min(start, position)


def _offset(content: bytes, line: int, column: int) -> int:
    start = 0
    for _ in range(line - 1):
        start = content.find(b"\n", start) + 1
    return min(start + column - 1, len(content))
