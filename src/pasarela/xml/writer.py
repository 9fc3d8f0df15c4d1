"""Text of a document in libvirt's layout: two-space indent, single quotes, its own escapes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

Attributes = Mapping[str, str | int | None]

_ESCAPES = str.maketrans(
    {"<": "&lt;", ">": "&gt;", "&": "&amp;", '"': "&quot;", "'": "&apos;"}
    | {control: None for control in range(0x20) if chr(control) not in "\t\n\r"}
)
_escaped = re.compile("[" + re.escape("".join(map(chr, _ESCAPES))) + "]").search


def escape(text: str) -> str:
    """Escape as libvirt does: control characters, which XML cannot hold, are dropped."""
    return text.translate(_ESCAPES) if _escaped(text) else text


def yes_no(flag: bool | None) -> str | None:
    return None if flag is None else "yes" if flag else "no"


class Writer:
    """Collects lines; attributes that are None are left out, the others keep their order."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._indent = ""

    def __str__(self) -> str:
        """The document, with the newline at its end."""
        return "".join(f"{line}\n" for line in self._lines)

    @property
    def depth(self) -> int:
        """How many elements are open."""
        return len(self._indent) // 2

    def empty(self, name: str, attributes: Attributes | None = None) -> None:
        """``<name …/>``"""
        self.line(f"<{name}{_attributes(attributes)}/>")

    def text(self, name: str, text: str | None) -> None:
        """``<name>text</name>``; nothing if there is no text."""
        if text is not None:
            self.line(f"<{name}>{escape(text)}</{name}>")

    @contextmanager
    def element(self, name: str, attributes: Attributes | None = None) -> Iterator[None]:
        """``<name …>``, what the body of the ``with`` writes, ``</name>``; never self-closed."""
        self.line(f"<{name}{_attributes(attributes)}>")
        outer = self._indent
        self._indent = f"{outer}  "
        yield
        self._indent = outer
        self.line(f"</{name}>")

    def line(self, text: str) -> None:
        """Text that is XML already."""
        self._lines.append(self._indent + text)


def _attributes(attributes: Attributes | None) -> str:
    pairs = (attributes or {}).items()
    return "".join(f" {name}='{_value(value)}'" for name, value in pairs if value is not None)


def _value(value: str | int) -> str:
    return escape(value) if isinstance(value, str) else str(value)
