"""Where in a stanza a line goes."""

from __future__ import annotations

from collections.abc import Sequence

from pasarela.hostnet.ifupdown.document import Option, Stanza
from pasarela.hostnet.ifupdown.editing import Editing
from pasarela.hostnet.ifupdown.lines import line_end


def end_of(stanza: Stanza) -> int:
    """The index of a stanza's last line."""
    return stanza.options[-1].index if stanza.options else stanza.head


def exchange(
    editing: Editing,
    stanza: Stanza,
    old: Sequence[Option],
    new: Sequence[tuple[str, str]],
    *,
    after: frozenset[str] = frozenset(),
) -> None:
    """Put new options where the old ones were, or after those named, or first."""
    editing.drop(stanza, old)
    before = [option.index for option in stanza.options if option.name in after]
    place = old[0].index if old else before[-1] if before else stanza.head
    if new:
        editing.insert(stanza.path, place, editing.option_lines(stanza, new))


def set_value(editing: Editing, stanza: Stanza, option: Option, value: str) -> None:
    """Give an option another value, its key and its spacing kept."""
    line = editing.configuration.file(stanza.path).lines[option.index]
    key_end = len(line.indent) + len(option.key)
    rest = line.raw[key_end:]
    gap = rest[: len(rest) - len(rest.lstrip(" \t"))] or " "
    changed = f"{line.raw[:key_end]}{gap}{value}{line_end(line.raw)}"
    editing.replace(stanza.path, option.index, changed)
