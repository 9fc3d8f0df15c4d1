"""Which files ``source`` and ``source-directory`` take in.

Source: interfaces(5): relative to the folder of the file that says it, with shell wildcards; and
of a directory only names of letters, digits, ``_`` and ``-``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

_DIRECTORY_NAME = re.compile(r"[A-Za-z0-9_-]+")
_WILD = re.compile(r"[*?\[]")


def patterns(pattern: str, told_by: PurePosixPath) -> list[PurePosixPath]:
    """The absolute patterns of a line's words."""
    parts = [part.strip("\"'") for part in pattern.split()]
    return [
        _clean(told_by.parent / part if first == 0 else PurePosixPath("/") / part)
        for first, part in enumerate(parts)
    ]


def matching(
    pattern: str, told_by: PurePosixPath, files: Iterable[PurePosixPath], *, directory: bool
) -> list[PurePosixPath]:
    """Those of ``files`` that a line takes in, in the order that it does."""
    known = sorted(files)
    return [
        path
        for wanted in patterns(pattern, told_by)
        for path in known
        if _takes(wanted, path, directory=directory)
    ]


def is_wild(pattern: str) -> bool:
    return _WILD.search(pattern) is not None


def is_directory_name(name: str) -> bool:
    """Whether ``source-directory`` reads a file of this name."""
    return _DIRECTORY_NAME.fullmatch(name) is not None


def _takes(wanted: PurePosixPath, path: PurePosixPath, *, directory: bool) -> bool:
    if directory:
        return is_directory_name(path.name) and _fits(wanted, path.parent)
    return _fits(wanted, path)


def _fits(wanted: PurePosixPath, path: PurePosixPath) -> bool:
    """As a shell does: a wildcard stands for no slash and for no leading dot."""
    return len(wanted.parts) == len(path.parts) and all(
        fnmatchcase(part, glob) and not (part.startswith(".") and not glob.startswith("."))
        for glob, part in zip(wanted.parts, path.parts, strict=True)
    )


def _clean(path: PurePosixPath) -> PurePosixPath:
    """The path without ``..``, which the globs below would take for a name."""
    parts: list[str] = []
    for part in path.parts:
        if part == ".." and len(parts) > 1:
            parts.pop()
        elif part != "..":
            parts.append(part)
    return PurePosixPath(*parts)
