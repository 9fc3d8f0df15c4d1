"""The same profiles until the next boot: keyfiles under /run, which count before those in /etc."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from pasarela.hostnet.manager import FileEdit
from pasarela.hostnet.networkmanager.profiles import ETC, Profile
from pasarela.hostnet.sections import Sections

RUN = PurePosixPath("/run/NetworkManager/system-connections")
PREFIX = "pasarela-"
"""NetworkManager itself writes files there, by the names of devices that others have set up."""


def volatile(edits: Sequence[FileEdit]) -> list[FileEdit]:
    """The edits' profiles under /run.

    A profile of the same UUID stands in for the one in /etc (NetworkManager 1.42). What is to go
    is there and does nothing; and so does a bridge, but what it is told: NetworkManager would make
    one that somebody has removed again by itself.
    """
    return [
        FileEdit(_twin(edit.path), None, text, 0o600)
        for edit in edits
        if edit.path.parent == ETC and (text := _text(edit)) is not None
    ]


def is_bridge(edit: FileEdit) -> bool:
    """Whether it is about a bridge's own profile."""
    texts = (text for text in (edit.before, edit.after) if text is not None)
    return any(_profile(edit.path, text).type == "bridge" for text in texts)


def first_half(edit: FileEdit) -> FileEdit:
    """The edit where the bridge that it ends is still there: its profile only does nothing more.

    A profile that goes takes its device along, with all that is on it.
    """
    if edit.after is not None or edit.before is None or not is_bridge(edit):
        return edit
    return replace(edit, after=_passive(edit.before))


def second_half(edit: FileEdit) -> FileEdit:
    """What is left of an edit after its first half."""
    return replace(edit, before=first_half(edit).after)


def _text(edit: FileEdit) -> str | None:
    text = edit.after if edit.after is not None else edit.before
    if text is None or (edit.after is not None and not is_bridge(edit)):
        return text
    return _passive(text)


def _passive(text: str) -> str:
    sections = Sections.parse(text)
    return sections.with_values("connection", {"autoconnect": "false"}).text


def _profile(path: PurePosixPath, text: str) -> Profile:
    return Profile(path, Sections.parse(text))


def _twin(path: PurePosixPath) -> PurePosixPath:
    return RUN / f"{PREFIX}{path.name}"
