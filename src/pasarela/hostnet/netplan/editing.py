"""Changes of a netplan file's text, each to the lines of one key alone.

Every function takes a document and gives back the document after the change.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field

from pasarela.hostnet.netplan.document import Document, Extent, extent, indent
from pasarela.hostnet.netplan.nodes import Entry, Mapping, last_line
from pasarela.hostnet.netplan.nodes import Sequence as YamlSequence
from pasarela.hostnet.netplan.style import Style, Value, style_of

_FIXED = "\0"
"""Before a line of a fragment: a comment further left than the keys, which stays where it is."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """Entries of a mapping as they stand in a text.

    In block style ``lines`` are whole lines, the keys in the first column; in flow style they are
    texts of entries with their commas.
    """

    settings: Dict[str, Value] = field(default_factory=dict)
    lines: tuple[str, ...] = ()
    flow: bool = False

    def at(self, column: int, style: Style) -> list[str]:
        """The lines, moved so that the keys stand in ``column``."""
        lines = style.block(self.settings) if self.flow else self.lines
        return [line if _stays(line) else " " * column + line for line in lines]

    def within(self, style: Style) -> str:
        """The entries as they stand within braces."""
        return ", ".join(self.lines) if self.flow else style.inside(self.settings)


def written(settings: Dict[str, Value], style: Style) -> Fragment:
    """New settings, as the file is written."""
    return Fragment(settings, tuple(style.block(settings)))


def joined(fragments: Sequence[Fragment], style: Style) -> Fragment:
    """Several fragments as one, in block style where any of them is."""
    settings = {key: value for part in fragments for key, value in part.settings.items()}
    flow = bool(fragments) and all(part.flow for part in fragments)
    lines = (part.lines if flow else part.at(0, style) for part in fragments)
    return Fragment(settings, tuple(line for part in lines for line in part), flow)


def nested(key: str, fragment: Fragment, style: Style) -> Fragment:
    """The fragment as the value of a key."""
    settings = {key: fragment.settings}
    if fragment.flow:
        text = f"{style.key(key)}: {{{fragment.within(style)}}}"
        return Fragment(settings, (text,), flow=True)
    return Fragment(settings, (f"{key}:", *fragment.at(style.step, style)))


def taken(document: Document, mapping: Mapping, first: int, last: int) -> Fragment:
    """The entries from ``first`` to ``last`` with their comments, as they stand."""
    entries = mapping.entries[first : last + 1]
    settings = {entry.key.text: entry.value.plain for entry in entries}
    if mapping.flow:
        text = document.text[entries[0].key.span.start : _stop(entries[-1])]
        return Fragment(settings, (text,), flow=True)
    area = _area(document, mapping, first, last)
    column = entries[0].key.span.column
    lines = (line.rstrip("\r\n") for line in document.lines[area.start : area.end])
    return Fragment(settings, tuple(_dedented(line, column) for line in lines))


def replaced(
    document: Document, mapping: Mapping, first: int, last: int, fragment: Fragment
) -> Document:
    """The fragment takes the place of the entries from ``first`` to ``last``."""
    if mapping.flow:
        return _replaced_in_flow(document, mapping, first, last, fragment)
    area = _area(document, mapping, first, last)
    lines = fragment.at(mapping.entries[first].key.span.column, style_of(document))
    return _with_lines(document, area, lines)


def removed(document: Document, keys: Sequence[str]) -> Document:
    """Without that key; a mapping that is left empty goes too, but not the comments above it."""
    return _removed(document, keys, comments=True)


def _removed(document: Document, keys: Sequence[str], *, comments: bool) -> Document:
    parent = document.own(*keys[:-1])
    index = _index(parent, keys[-1])
    if parent is None or index is None:
        return document
    if len(parent.entries) == 1 and len(keys) > 1:
        return _removed(document, keys[:-1], comments=False)
    if parent.flow:
        return _replaced_in_flow(document, parent, index, index, Fragment())
    area = extent(document, parent, index, tail=False)
    start = area.start if comments else parent.entries[index].key.span.line
    return _with_lines(document, Extent(start, area.end), [])


def inserted(
    document: Document, keys: Sequence[str], fragment: Fragment, before: int | None = None
) -> Document:
    """With the fragment's entries in the mapping under ``keys``, which is made where missing.

    ``before`` is the index of the entry that comes after them; None is the end.
    """
    parent = document.own(*keys) if keys else document.root
    if not isinstance(parent, Mapping):
        return _inserted_below(document, keys, fragment)
    if parent.flow:
        return _inserted_in_flow(document, parent, fragment, before)
    first = before if before is not None and before < len(parent.entries) else None
    last = extent(document, parent, len(parent.entries) - 1, tail=False)
    line = last.end if first is None else extent(document, parent, first).start
    lines = fragment.at(parent.entries[0].key.span.column, style_of(document))
    return _with_lines(document, Extent(line, line), lines)


def _inserted_below(document: Document, keys: Sequence[str], fragment: Fragment) -> Document:
    """Makes the mapping: the key is not there, or has no value."""
    style = style_of(document)
    if not keys:
        return document.with_text(
            document.text + "".join(line + document.newline for line in fragment.at(0, style))
        )
    entry = document.entry(*keys)
    if entry is None:
        return inserted(document, keys[:-1], nested(keys[-1], fragment, style))
    column = entry.key.span.column + style.step
    line = entry.key.span.line + 1
    return _with_lines(document, Extent(line, line), fragment.at(column, style))


def _replaced_in_flow(
    document: Document, mapping: Mapping, first: int, last: int, fragment: Fragment
) -> Document:
    start, end = mapping.entries[first].key.span.start, _stop(mapping.entries[last])
    text = fragment.within(style_of(document))
    if not text and last + 1 < len(mapping.entries):
        end = mapping.entries[last + 1].key.span.start
    elif not text and first:
        start = _stop(mapping.entries[first - 1])
    return document.with_text(document.text[:start] + text + document.text[end:])


def _inserted_in_flow(
    document: Document, mapping: Mapping, fragment: Fragment, before: int | None
) -> Document:
    text = fragment.within(style_of(document))
    if not mapping.entries:
        at = document.text.index("{", mapping.span.start) + 1
    elif before is None or before >= len(mapping.entries):
        at, text = _stop(mapping.entries[-1]), f", {text}"
    else:
        at, text = mapping.entries[before].key.span.start, f"{text}, "
    return document.with_text(document.text[:at] + text + document.text[at:])


def _stop(entry: Entry) -> int:
    return max(entry.key.span.end, entry.value.span.end)


def _index(mapping: Mapping | None, key: str) -> int | None:
    return mapping.keys.index(key) if mapping and key in mapping.keys else None


def _area(document: Document, mapping: Mapping, first: int, last: int) -> Extent:
    return extent(document, mapping, first).joined(extent(document, mapping, last))


def _with_lines(document: Document, area: Extent, lines: Iterable[str]) -> Document:
    """A text that does not end in a newline goes on not doing so."""
    newline = document.newline
    ended = not document.text or document.text.endswith("\n")
    old = document.lines if ended else [*document.lines[:-1], document.lines[-1] + newline]
    new = [
        *old[: area.start],
        *(line.removeprefix(_FIXED) + newline for line in lines),
        *old[area.end :],
    ]
    text = "".join(new)
    return document.with_text(text if ended else text.removesuffix(newline))


def _dedented(line: str, column: int) -> str:
    return line[column:] if indent(line) >= column else _FIXED + line


def _stays(line: str) -> bool:
    return line.startswith(_FIXED) or not line


def with_item(document: Document, keys: Sequence[str], item: str) -> Document:
    """With one more word in a list that is there."""
    items, style = _list(document, keys), style_of(document)
    if items.flow:
        at = items.items[-1].span.end if items.items else items.span.start + 1
        text = (", " if items.items else "") + style.flow(item)
        return document.with_text(document.text[:at] + text + document.text[at:])
    line = last_line(items) + 1
    return _with_lines(
        document, Extent(line, line), [" " * items.span.column + "- " + style.flow(item)]
    )


def without_item(document: Document, keys: Sequence[str], item: str) -> Document:
    """Without that word of a list; an empty list stays."""
    items = _list(document, keys)
    index = next((i for i, each in enumerate(items.items) if each.plain == item), None)
    if index is None:
        return document
    span = items.items[index].span
    if items.flow:
        return document.with_text(_without_flow_item(document.text, items, index))
    if len(items.items) == 1:
        start = document.text.rindex("-", 0, span.start)
        return document.with_text(document.text[:start] + "[]" + document.text[span.end :])
    return _with_lines(document, Extent(span.line, span.last_line + 1), [])


def _without_flow_item(text: str, items: YamlSequence, index: int) -> str:
    start, end = items.items[index].span.start, items.items[index].span.end
    if index:
        start = items.items[index - 1].span.end
    elif len(items.items) > 1:
        end = items.items[1].span.start
    return text[:start] + text[end:]


def _list(document: Document, keys: Sequence[str]) -> YamlSequence:
    document.own(*keys)
    node = document.node(*keys)
    assert isinstance(node, YamlSequence), "a list is there"
    return node
