"""Texts of sections and keys (``[Network]``, ``DHCP=yes``) that are changed line by line.

systemd's units and NetworkManager's keyfiles are both of this kind. A text that is parsed and
written again is the same, sign by sign.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Setting:
    """``index`` is where it stands in its section's lines, ``line`` in its file, from 1."""

    key: str
    value: str
    index: int
    line: int


@dataclass(frozen=True, slots=True)
class Section:
    """A section's lines, without their ends: the comments above it, its header, its settings.

    ``line`` is that of the first of them in the file, from 1.
    """

    name: str
    lines: tuple[str, ...]
    line: int = 0

    @classmethod
    def new(cls, name: str, settings: Iterable[tuple[str, object]]) -> Section:
        return cls(name, (f"[{name}]", *(f"{key}={value}" for key, value in settings)))

    @property
    def header(self) -> int:
        """The index of the line with its name."""
        return next(i for i, line in enumerate(self.lines) if line.lstrip().startswith("["))

    @property
    def settings(self) -> Iterator[Setting]:
        continued = False
        for index, line in enumerate(self.lines):
            if index > self.header and not continued and not is_remark(line) and "=" in line:
                key, _, value = line.partition("=")
                yield Setting(key.strip(), self._value(value, index), index, self.line + index)
            continued = _continues(line)

    @property
    def stray(self) -> Iterator[int]:
        """The file's lines that are neither a setting nor a remark."""
        continued = False
        for index, line in enumerate(self.lines):
            wrong = index > self.header and not is_remark(line) and "=" not in line
            if wrong and not continued:
                yield self.line + index
            continued = _continues(line)

    def get(self, key: str) -> str | None:
        """The last value of a key."""
        return next((each.value for each in reversed(list(self.settings)) if each.key == key), None)

    @property
    def trimmed(self) -> Section:
        """Without the empty lines at its end."""
        return replace(self, lines=self.lines[: len(self.lines) - len(self.gap)])

    @property
    def gap(self) -> tuple[str, ...]:
        """The empty lines at its end."""
        count = next((i for i, line in enumerate(reversed(self.lines)) if line.strip()), 0)
        return self.lines[len(self.lines) - count :] if count else ()

    def spaced(self, gap: tuple[str, ...] = ("",)) -> Section:
        return replace(self, lines=(*self.trimmed.lines, *gap))

    def split(self, chosen: Callable[[Setting], bool]) -> tuple[Section, tuple[str, ...], int]:
        """Takes the chosen settings out, with the comments above each.

        Returns the section without them, their lines, and the index where the first stood, or
        where one would be appended.
        """
        taken: list[int] = []
        for setting in self.settings:
            if chosen(setting):
                taken += range(self._above(setting.index), self._stop(setting.index))
        rest = tuple(line for i, line in enumerate(self.lines) if i not in set(taken))
        lines = tuple(self.lines[i] for i in sorted(set(taken)))
        place = taken[0] if taken else len(self.trimmed.lines)
        return replace(self, lines=rest), lines, place

    def inserted(self, index: int, lines: Iterable[str]) -> Section:
        return replace(self, lines=(*self.lines[:index], *lines, *self.lines[index:]))

    def with_value(self, key: str, value: object) -> Section:
        """With the key set, in the line where it is or in a new one at the end."""
        last = next((each for each in reversed(list(self.settings)) if each.key == key), None)
        text = f"{key}={value}"
        if last is None:
            return self.inserted(len(self.trimmed.lines), [text])
        if last.value == str(value):
            return self
        lines = (*self.lines[: last.index], text, *self.lines[self._stop(last.index) :])
        return replace(self, lines=lines)

    def _value(self, first: str, index: int) -> str:
        """With the lines that a backslash at the end joins to it."""
        lines = [first, *self.lines[index + 1 : self._stop(index)]]
        return " ".join(line.strip().removesuffix("\\").strip() for line in lines)

    def _stop(self, index: int) -> int:
        while index < len(self.lines) - 1 and _continues(self.lines[index]):
            index += 1
        return index + 1

    def _above(self, index: int) -> int:
        while index > self.header + 1 and _is_comment(self.lines[index - 1]):
            index -= 1
        return index


@dataclass(frozen=True, slots=True)
class Sections:
    """A whole text: what stands before the first section, then the sections."""

    head: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()
    newline: str = "\n"
    ended: bool = True

    @classmethod
    def parse(cls, text: str) -> Sections:
        newline = "\r\n" if text.count("\r\n") == text.count("\n") > 0 else "\n"
        lines = text.removesuffix(newline).split(newline) if text else []
        starts = [i for i, line in enumerate(lines) if line.lstrip().startswith("[")]
        firsts = [_above_header(lines, start) for start in starts]
        ends = [*firsts[1:], len(lines)][: len(starts)]
        sections = (
            Section(_name(lines[start]), tuple(lines[first:end]), first + 1)
            for start, first, end in zip(starts, firsts, ends, strict=True)
        )
        head = tuple(lines[: firsts[0]] if firsts else lines)
        return cls(head, tuple(sections), newline, not text or text.endswith(newline))

    @property
    def text(self) -> str:
        lines = [*self.head, *(line for section in self.sections for line in section.lines)]
        text = "".join(line + self.newline for line in lines)
        return text if self.ended else text.removesuffix(self.newline)

    def named(self, name: str) -> list[Section]:
        return [section for section in self.sections if section.name == name]

    def get(self, name: str, key: str) -> str | None:
        """The last value of a key in sections of that name."""
        values = (section.get(key) for section in reversed(self.named(name)))
        return next((value for value in values if value is not None), None)

    def first(self, name: str) -> Section | None:
        return next(iter(self.named(name)), None)

    def without(self, chosen: Callable[[Section], bool]) -> Sections:
        return replace(self, sections=tuple(each for each in self.sections if not chosen(each)))

    def replaced(self, old: Section, *new: Section) -> Sections:
        index = self.sections.index(old)
        sections = (*self.sections[:index], *new, *self.sections[index + 1 :])
        return replace(self, sections=sections)

    def appended(self, *new: Section) -> Sections:
        """With more sections at the end, an empty line before each."""
        sections = [*self.sections]
        for section in new:
            if sections:
                sections[-1] = sections[-1].spaced(sections[-1].gap or ("",))
            sections.append(section)
        return replace(self, sections=tuple(sections))

    def with_values(self, name: str, values: Mapping[str, object]) -> Sections:
        """With these keys set in the section, which is made where missing."""
        if not values:
            return self
        section = self.first(name)
        if section is None:
            return self.appended(Section.new(name, values.items()))
        new = section
        for key, value in values.items():
            new = new.with_value(key, value)
        return self.replaced(section, new)

    @property
    def trimmed(self) -> Sections:
        """Without empty lines at its end."""
        if not self.sections:
            return self
        return replace(self, sections=(*self.sections[:-1], self.sections[-1].trimmed))


def is_remark(line: str) -> bool:
    return not line.strip() or _is_comment(line)


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith(("#", ";"))


def _continues(line: str) -> bool:
    return line.endswith("\\") and not _is_comment(line)


def _above_header(lines: list[str], start: int) -> int:
    while start > 0 and _is_comment(lines[start - 1]):
        start -= 1
    return start


def _name(header: str) -> str:
    return header.strip().removeprefix("[").partition("]")[0]
