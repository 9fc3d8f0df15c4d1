"""What is wrong with a document whose tags do not match, in words, and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pasarela.xml.suggest import closest

_TOKEN = re.compile(
    r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|<![^>]*>"
    r"|<(?P<close>/?)(?P<name>[\w.:-]+)(?P<rest>(?:\"[^\"<]*\"|'[^'<]*'|[^<>\"'])*?)(?P<empty>/?)>",
    re.DOTALL,
)
# Elements that hold text.
_TEXTS = frozenset({"name", "uuid", "title", "description", "hostname"})
# Elements that hold others; all else in our documents is written <like this/>.
_CONTAINERS = frozenset(
    {"network", "metadata", "forward", "nat", "dns", "ip", "dhcp", "bandwidth"}
    | {"vlan", "virtualport", "portgroup", "networkport", "owner", "plug", "dnsmasq:options"}
)
# Where an element belongs that people write next to it instead.
_PARENTS = {
    **dict.fromkeys(("interface", "pf", "nat", "driver"), "forward"),
    **dict.fromkeys(("dhcp", "tftp"), "ip"),
    **dict.fromkeys(("range", "bootp"), "dhcp"),
    **dict.fromkeys(("forwarder", "txt", "srv"), "dns"),
    **dict.fromkeys(("inbound", "outbound"), "bandwidth"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    line: int
    element: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Tag:
    name: str
    line: int
    attributes: str
    closes: bool
    empty: bool

    @property
    def opening(self) -> str:
        return " ".join(f"<{self.name}{self.attributes.rstrip()}".split())


def explain(text: str) -> Finding | None:
    """The first tag that has no partner; None if the tags match and something else is wrong."""
    opened: list[Tag] = []
    for tag in _tags(text):
        if not tag.closes:
            if not tag.empty:
                opened.append(tag)
        elif opened and opened[-1].name == tag.name:
            opened.pop()
        else:
            return _mismatch(opened, tag)
    return _never_closed(opened, outer=opened[:-1]) if opened else None


def _tags(text: str) -> Iterator[Tag]:
    line, counted = 1, 0
    for match in _TOKEN.finditer(text):
        line += text.count("\n", counted, match.start())
        counted = match.start()
        if match["name"]:
            yield Tag(
                match["name"], line, match["rest"], bool(match["close"]), bool(match["empty"])
            )


def _mismatch(opened: list[Tag], closing: Tag) -> Finding:
    if any(tag.name == closing.name for tag in opened):
        return _never_closed(opened)
    if not opened:
        remedy = f"</{closing.name}> on line {closing.line} closes nothing: remove it"
        return Finding(closing.line, closing.name, remedy)
    expected = opened[-1].name
    if closest(closing.name, [expected]):
        remedy = f"write </{expected}> in place of </{closing.name}> on line {closing.line}"
        return Finding(closing.line, closing.name, remedy)
    return Finding(
        closing.line,
        closing.name,
        f"</{closing.name}> on line {closing.line} closes nothing: remove it, or write "
        f"<{closing.name}> where it shall begin",
    )


def _never_closed(opened: list[Tag], outer: Sequence[Tag] = ()) -> Finding:
    """What to write for the innermost of these; the ends of the ``outer`` ones are missing too."""
    tag, parent = opened[-1], opened[-2].name if len(opened) > 1 else None
    remedy = f"<{tag.name}> opened on line {tag.line} is never closed: "
    if tag.name in _TEXTS:
        remedy += f"write </{tag.name}> after its text"
    elif tag.name in _CONTAINERS or (tag.name, parent) == ("host", "dns"):
        remedy += f"write </{tag.name}> where it shall end"
    else:
        remedy += f"write {tag.opening}/> or close it with </{tag.name}>"
    home = _PARENTS.get(tag.name)
    if home and parent != home:
        remedy += f". It belongs into <{home}>, before </{home}>"
    if outer:
        ends = "".join(f"</{tag.name}>" for tag in reversed(outer))
        remedy += f". The document also lacks {ends} at its end"
    return Finding(tag.line, tag.name, remedy)
