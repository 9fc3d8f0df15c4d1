"""An interfaces file as stanzas, and all files of a host in the order that ifup reads them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from pasarela.hostnet.ifupdown.lines import Line, split_lines, words
from pasarela.hostnet.ifupdown.sources import matching
from pasarela.hostnet.manager import Texts

MAIN = PurePosixPath("/etc/network/interfaces")
_SELECTING = re.compile(r"auto|allow-.+|no-auto-down|no-scripts|rename")


@dataclass(frozen=True, slots=True)
class Option:
    """A line of a stanza; ``name`` is its key with ``_`` as ``-``, which scripts do not tell apart.

    A hook is an option, too; so is ``auto`` without names within a stanza.
    """

    index: int
    key: str
    value: str

    @property
    def name(self) -> str:
        return self.key.replace("_", "-")

    @property
    def is_selection(self) -> bool:
        """Whether it is ``auto`` or the like without a name: about the stanza's interface."""
        return not self.value and _SELECTING.fullmatch(self.key) is not None


@dataclass(frozen=True, slots=True)
class Stanza:
    """``iface NAME FAMILY METHOD``; ``family`` and ``method`` are empty where ifupdown2 lets them.

    ``head`` is the index of its first line in the file; ``extra`` are words that belong nowhere.
    """

    path: PurePosixPath
    head: int
    name: str
    family: str
    method: str
    inherits: str | None
    extra: tuple[str, ...]
    options: tuple[Option, ...]
    template: bool = False

    @property
    def device(self) -> str:
        """The interface: ``eth0`` also of the alias ``eth0:1``."""
        return self.name.partition(":")[0]

    @property
    def is_alias(self) -> bool:
        return ":" in self.name

    def values(self, *names: str) -> list[str]:
        return [option.value for option in self.options if option.name in names]

    def last(self, *names: str) -> str | None:
        return next(reversed(self.values(*names)), None)


@dataclass(frozen=True, slots=True)
class Selection:
    """``auto``, ``allow-CLASS``, ``no-auto-down``, ``no-scripts`` or ``rename``, and names.

    ``within`` is set for a line without names in a stanza: it is about that stanza's interface.
    """

    path: PurePosixPath
    index: int
    keyword: str
    names: tuple[str, ...]
    within: bool = False


@dataclass(frozen=True, slots=True)
class Mapping:
    path: PurePosixPath
    index: int
    patterns: tuple[str, ...]
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """``source`` or ``source-directory``, and what it names."""

    path: PurePosixPath
    index: int
    directory: bool
    pattern: str


@dataclass(frozen=True, slots=True)
class Stray:
    """A line that belongs to no stanza; ifup refuses the whole file for it."""

    path: PurePosixPath
    index: int


Section = Stanza | Selection | Mapping | Source | Stray


@dataclass(frozen=True, slots=True)
class File:
    path: PurePosixPath
    lines: tuple[Line, ...]
    sections: tuple[Section, ...]

    @property
    def text(self) -> str:
        return "".join(line.raw for line in self.lines)


@dataclass(frozen=True, slots=True)
class Configuration:
    """Every file that ifup comes to read, the main one first."""

    files: tuple[File, ...]
    sections: tuple[Section, ...]

    def file(self, path: PurePosixPath) -> File:
        return next(file for file in self.files if file.path == path)

    def line(self, place: Stanza | Selection | Mapping | Source | Stray) -> Line:
        index = place.head if isinstance(place, Stanza) else place.index
        return self.file(place.path).lines[index]

    @property
    def stanzas(self) -> Sequence[Stanza]:
        return [section for section in self.sections if isinstance(section, Stanza)]

    @property
    def selections(self) -> Sequence[Selection]:
        return [section for section in self.sections if isinstance(section, Selection)]

    @property
    def mappings(self) -> Sequence[Mapping]:
        return [section for section in self.sections if isinstance(section, Mapping)]

    def of(self, device: str) -> list[Stanza]:
        """The stanzas of an interface and of its aliases, in reading order."""
        return [one for one in self.stanzas if one.device == device and not one.template]

    def selecting(self, name: str) -> list[Selection]:
        return [one for one in self.selections if name in one.names]


def read(files: Texts, roots: Iterable[PurePosixPath] = (MAIN,)) -> Configuration:
    """The configuration that begins with ``roots``; what they do not lead to is not in it."""
    parsed: dict[PurePosixPath, File] = {}
    sections = [
        section for root in roots if root in files for section in _walk(files, root, parsed)
    ]
    return Configuration(tuple(parsed.values()), tuple(sections))


def _walk(
    files: Texts, path: PurePosixPath, parsed: dict[PurePosixPath, File]
) -> Iterator[Section]:
    """A file's sections, with those of the files that it takes in where it takes them in."""
    if path in parsed:
        return
    file = parse(path, files[path])
    parsed[path] = file
    for section in file.sections:
        yield section
        if isinstance(section, Source):
            for found in matching(section.pattern, path, files, directory=section.directory):
                yield from _walk(files, found, parsed)


def parse(path: PurePosixPath, text: str) -> File:
    """A file's lines as sections. Nothing is refused here: see Stray."""
    lines = split_lines(text)
    return File(path, lines, tuple(_Reader(path, lines).sections()))


class _Reader:
    """Goes down a file's lines; ``_open`` is the stanza or mapping that options belong to."""

    def __init__(self, path: PurePosixPath, lines: Sequence[Line]) -> None:
        self._path = path
        self._lines = lines
        self._found: list[Section] = []
        self._open: int | None = None

    def sections(self) -> list[Section]:
        for index, line in enumerate(self._lines):
            if not line.is_blank and not line.is_comment:
                self._take(index, line)
        return self._found

    def _take(self, index: int, line: Line) -> None:
        key, rest = line.key, line.words[1:]
        if key in ("iface", "template"):
            self._begin(_stanza(self._path, index, key, rest))
        elif key == "mapping":
            self._begin(Mapping(self._path, index, tuple(rest), ()))
        elif key == "source" or key.startswith("source-dir"):
            self._end(Source(self._path, index, key != "source", line.value))
        elif _SELECTING.fullmatch(key):
            self._select(index, key, rest)
        else:
            self._add(index, line)

    def _begin(self, section: Section) -> None:
        self._open = len(self._found)
        self._found.append(section)

    def _end(self, section: Section) -> None:
        self._open = None
        self._found.append(section)

    def _select(self, index: int, key: str, names: list[str]) -> None:
        opened = None if self._open is None else self._found[self._open]
        if not names and isinstance(opened, Stanza) and key != "rename":
            self._found.append(Selection(self._path, index, key, (opened.name,), within=True))
            self._add(index, self._lines[index])
        else:
            self._end(Selection(self._path, index, key, tuple(names)))

    def _add(self, index: int, line: Line) -> None:
        opened = None if self._open is None else self._found[self._open]
        if self._open is None or not isinstance(opened, Stanza | Mapping):
            self._found.append(Stray(self._path, index))
            return
        option = Option(index, line.key, line.value)
        self._found[self._open] = _with_option(opened, option)


def _with_option(section: Stanza | Mapping, option: Option) -> Stanza | Mapping:
    return replace(section, options=(*section.options, option))


def _stanza(path: PurePosixPath, index: int, key: str, rest: list[str]) -> Stanza:
    left = list(rest)
    name = left.pop(0) if left else ""
    family = left.pop(0) if left and left[0] != "inherits" and not left[0].startswith("#") else ""
    method = left.pop(0) if family and left and left[0] != "inherits" else ""
    base = None
    if left[:1] == ["inherits"]:
        base = left[1] if len(left) > 1 else ""
        del left[:2]
    return Stanza(path, index, name, family, method, base, tuple(left), (), key == "template")


def split_names(text: str) -> list[str]:
    """Names in an option's value, without a comment that follows them."""
    return words(text.partition("#")[0])
