"""The few words at the head of a stored document that listing and looking up need.

Reading them with expat instead of the whole document with lxml spares a short-lived process the
25 ms that importing lxml takes. What comes back is well-formed and names a network; whether the
rest makes sense shows when the document itself is needed.
"""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID
from xml.parsers import expat

_OWN_BRIDGE = frozenset({"none", "nat", "route", "open"})
_ROOTS = {"network": 1, "networkstatus": 2}


class Header(NamedTuple):
    """``uuid`` and ``bridge`` are None where the document is silent."""

    name: str
    uuid: UUID | None
    bridge: str | None
    mac: bool = True
    mode: str = "none"

    @property
    def is_complete(self) -> bool:
        """Whether the document has all that libvirt would else generate when it loads it."""
        return self.uuid is not None and (self.mac or not self.has_own_bridge)

    @property
    def has_own_bridge(self) -> bool:
        return self.mode in _OWN_BRIDGE

    @property
    def is_guarded(self) -> bool:
        """Whether the firewall has rules for the network; open means that it has none."""
        return self.has_own_bridge and self.mode != "open"


class BadHeader(Exception):
    """Not a network's document; the text says why."""


def read_header(content: bytes) -> Header:
    """The head of a definition (``<network>``) or of a status document around one.

    Raises:
        BadHeader: not well-formed, another kind of document, no name, or a bad UUID.
    """
    reader = _Reader()
    try:
        reader.parser.Parse(content, True)
    except expat.ExpatError as error:
        raise BadHeader(f"not well-formed: {error}") from error
    if not reader.name:
        raise BadHeader("no <name> of a network in it")
    return Header(reader.name, _uuid(reader.uuid), reader.bridge or None, reader.mac, reader.mode)


class _Reader:
    """Walks one document, and keeps the text of <name> and <uuid> and the bridge's name."""

    def __init__(self) -> None:
        self.name = self.uuid = self.bridge = ""
        self.mac = False
        self.mode = "none"
        self._depth = 0
        self._network_depth = 0
        self._inside = False
        self._target: str | None = None
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = _refuse_doctype

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth == 1:
            self._enter_root(tag)
        elif self._depth == 2 and self._network_depth == 2:
            self._inside = tag == "network"
        elif self._depth == self._network_depth + 1 and self._inside:
            self._enter_child(tag, attributes)

    def _enter_root(self, tag: str) -> None:
        if tag not in _ROOTS:
            raise BadHeader(f"unexpected root element <{tag}>, expecting <network>")
        self._network_depth = _ROOTS[tag]
        self._inside = tag == "network"

    def _enter_child(self, tag: str, attributes: dict[str, str]) -> None:
        if tag in ("name", "uuid") and not getattr(self, tag):
            self._target = tag
        elif tag == "bridge" and not self.bridge:
            self.bridge = attributes.get("name", "")
        elif tag == "mac":
            self.mac = "address" in attributes
        elif tag == "forward":
            self.mode = attributes.get("mode", "nat")

    def _end(self, _tag: str) -> None:
        self._depth -= 1
        self._target = None

    def _text(self, text: str) -> None:
        if self._target is not None:
            setattr(self, self._target, getattr(self, self._target) + text)


def _refuse_doctype(name: str, _system: str | None, _public: str | None, _internal: bool) -> None:
    raise BadHeader(f"a document type declaration ({name}) has no place in a network's document")


def _uuid(text: str) -> UUID | None:
    if not text.strip():
        return None
    try:
        return UUID(text.strip())
    except ValueError as error:
        raise BadHeader(f"malformed UUID {text!r}") from error
