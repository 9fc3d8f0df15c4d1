"""Changes of single lines, gathered and then made in one go; every other octet stays."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from pasarela.hostnet.ifupdown.document import (
    MAIN,
    Configuration,
    File,
    Option,
    Selection,
    Stanza,
    read,
)
from pasarela.hostnet.ifupdown.lines import Line, line_end, split_lines, with_word, without_word
from pasarela.hostnet.manager import FileEdit, Texts

_PLAIN_INDENT = "    "


@dataclass(frozen=True, slots=True)
class Style:
    """How a file is written: its indentation, its line ends, and ``bridge-ports`` or ``_``."""

    indent: str = _PLAIN_INDENT
    end: str = "\n"
    dash: str = "_"


def style_of(file: File, near: Stanza | None = None) -> Style:
    """The style of a stanza and of the file that it is in."""
    stanzas = [section for section in file.sections if isinstance(section, Stanza)]
    nearest = [near] if near and near.options else []
    options = [option for stanza in (*nearest, *stanzas) for option in stanza.options]
    indent = file.lines[options[0].index].indent if options else _PLAIN_INDENT
    ends = Counter(line_end(line.raw) for line in file.lines)
    written = [option.key for option in options if option.name.startswith("bridge-")]
    return Style(
        indent,
        "\r\n" if ends["\r\n"] > ends["\n"] else "\n",
        "-" if written and all("_" not in key for key in written) else "_",
    )


class Editing:
    """Gathers changes of a configuration's files by their lines' indices, which stay the same."""

    def __init__(self, files: Texts, original: Texts | None = None) -> None:
        """``original`` are the files before a change in several steps; their style counts."""
        self._files = files
        self._original = read(files if original is None else original)
        self.configuration: Configuration = read(files)
        self._replaced: dict[tuple[PurePosixPath, int], str] = {}
        self._inserted: dict[tuple[PurePosixPath, int], list[str]] = defaultdict(list)
        self._appended: list[str] = []

    # lines

    def raw(self, path: PurePosixPath, index: int) -> str:
        """The line as it will be."""
        line = self.configuration.file(path).lines[index]
        return self._replaced.get((path, index), line.raw)

    def replace(self, path: PurePosixPath, index: int, raw: str) -> None:
        self._replaced[path, index] = raw

    def delete(self, path: PurePosixPath, index: int) -> None:
        self._replaced[path, index] = ""

    def insert(self, path: PurePosixPath, after: int, lines: Sequence[str]) -> None:
        """Add ``lines``, without their ends or as they stood elsewhere, after an index."""
        self._inserted[path, after] += lines

    def insert_first(self, path: PurePosixPath, after: int, lines: Sequence[str]) -> None:
        """As ``insert``, before what is already added there."""
        self._inserted[path, after][:0] = lines

    def append(self, lines: Sequence[str]) -> None:
        """Add a block to the end of the main file, set off by a blank line."""
        self._appended += ["", *lines]

    # sections

    def style(self, stanza: Stanza) -> Style:
        file = self.configuration.file(stanza.path)
        before = [one for one in self._original.files if one.path == stanza.path]
        return style_of(file if stanza.options or not before else before[0], stanza)

    def main_style(self) -> Style:
        files = self._original.files or self.configuration.files
        return style_of(files[0]) if files else Style()

    def option_lines(self, stanza: Stanza, options: Sequence[tuple[str, str]]) -> list[str]:
        style = self.style(stanza)
        return [f"{style.indent}{key} {value}" for key, value in options]

    def drop(self, stanza: Stanza, options: Sequence[Option]) -> None:
        for option in options:
            self.delete(stanza.path, option.index)

    def drop_stanza(self, stanza: Stanza) -> None:
        self.delete(stanza.path, stanza.head)
        self.drop(stanza, stanza.options)

    def set_word(self, stanza: Stanza, position: int, word: str) -> None:
        """Put another word into a stanza's first line."""
        line = self._as_it_will_be(stanza.path, stanza.head)
        self.replace(stanza.path, stanza.head, with_word(line, position, word))

    def cut_words(self, path: PurePosixPath, index: int, position: int) -> None:
        """Take a line's words from ``position`` on away."""
        while len((line := self._as_it_will_be(path, index)).words) > position:
            self.replace(path, index, without_word(line, position))

    def rename_selected(self, selection: Selection, old: str, new: str) -> None:
        line = self._as_it_will_be(selection.path, selection.index)
        self.replace(
            selection.path, selection.index, with_word(line, line.words.index(old, 1), new)
        )

    def add_selected(self, selection: Selection, name: str, *, before: str) -> None:
        """Add a name to a line, before the first that begins with ``before``."""
        line = self._as_it_will_be(selection.path, selection.index)
        position = next(i for i, word in enumerate(line.words) if i and word.startswith(before))
        raw = with_word(line, position, f"{name} {line.words[position]}")
        self.replace(selection.path, selection.index, raw)

    def _as_it_will_be(self, path: PurePosixPath, index: int) -> Line:
        return next(iter(split_lines(self.raw(path, index))), Line("", "", 0))

    def deselect(self, name: str) -> None:
        """Take ``name`` out of every auto, allow-… and the like; empty ones go."""
        for selection in self.configuration.selecting(name):
            if not selection.within:
                self.deselect_in(selection, name)

    def deselect_in(self, selection: Selection, name: str) -> None:
        line = self._as_it_will_be(selection.path, selection.index)
        if set(line.words[1:]) <= {name}:
            self.delete(selection.path, selection.index)
            return
        position = line.words.index(name, 1)
        self.replace(selection.path, selection.index, without_word(line, position))

    # the outcome

    def texts(self) -> dict[PurePosixPath, str]:
        """Every file of the configuration as it will be."""
        texts = {file.path: self._text(file) for file in self.configuration.files}
        if self._appended and MAIN not in texts:
            texts[MAIN] = "".join(f"{line}\n" for line in self._appended[1:])
        return {**self._files, **texts}

    def _text(self, file: File) -> str:
        style = style_of(file)
        spared = self._spared_blanks(file)
        parts: list[str] = []
        for index in range(-1, len(file.lines)):
            if index >= 0 and index not in spared:
                parts.append(self.raw(file.path, index))
            _put(parts, self._inserted.get((file.path, index), ()), style)
        if file is self.configuration.files[0] and self._appended:
            bare = not _last(parts).strip()
            _put(parts, self._appended[1:] if bare else self._appended, style)
        return _ended_alike("".join(parts), file.text)

    def _spared_blanks(self, file: File) -> set[int]:
        """Blank lines that were on both sides of what goes: one of them goes along."""
        gone = [self.raw(file.path, index) == "" for index in range(len(file.lines))]
        spared: set[int] = set()
        for first, end in _runs(gone):
            if any((file.path, index) in self._inserted for index in range(first, end)):
                continue
            opens = first > 0 and file.lines[first - 1].is_blank
            ends = end == len(file.lines) or file.lines[end].is_blank
            if opens and ends:
                spared.add(first - 1)
            elif first == 0 and end < len(file.lines) and ends:
                spared.add(end)
        return spared


def _runs(flags: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Where ``flags`` are set without a gap: first and end of each."""
    start = None
    for index, flag in enumerate((*flags, False)):
        if flag and start is None:
            start = index
        elif not flag and start is not None:
            yield start, index
            start = None


def _put(parts: list[str], lines: Sequence[str], style: Style) -> None:
    """Add lines; what stands before them must have ended, its continuation too."""
    if not lines:
        return
    before = _last(parts)
    if before and not before.endswith("\n"):
        parts.append(style.end)
    if before.removesuffix("\n").endswith("\\") and not _ends_in_comment(before):
        parts.append(style.end)
    parts += [line if line.endswith("\n") else line + style.end for line in lines]


def _last(parts: Sequence[str]) -> str:
    return next((part for part in reversed(parts) if part), "")


def _ends_in_comment(text: str) -> bool:
    return text.removesuffix("\n").rpartition("\n")[2].lstrip().startswith("#")


def _ended_alike(text: str, before: str) -> str:
    """``text`` without a last line end where there was none, and with one where there was."""
    if before and not before.endswith("\n"):
        return text.removesuffix("\n").removesuffix("\r")
    return text


def edits(before: Texts, after: Texts) -> list[FileEdit]:
    """The files that differ."""
    return [
        FileEdit(path, before.get(path), after[path])
        for path in sorted(after)
        if before.get(path) != after[path]
    ]
