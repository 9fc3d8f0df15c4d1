"""The same settings until the next boot: files under /run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from pasarela.hostnet.manager import FileEdit
from pasarela.hostnet.networkd.units import ETC

RUN = PurePosixPath("/run/systemd/network")
PREFIX = "00-"
"""A file of /etc shadows one of the same name in /run; another name that comes first does not
have to fear that, and of several files that fit an interface the first counts."""

SAME_CLIENT = "90-pasarela.conf"
"""An addition to a .network file, not from its administrator, by which a lease goes along."""


def volatile(edits: Sequence[FileEdit]) -> list[FileEdit]:
    """The edits' files under /run/systemd/network, under names that come before those in /etc.

    A file that an edit takes away has no twin: its network unit's successor comes first anyway.
    """
    return [
        replace(edit, path=_twin(edit.path), before=None)
        for edit in edits
        if edit.after is not None and edit.path.is_relative_to(ETC)
    ]


def _twin(path: PurePosixPath) -> PurePosixPath:
    first, *rest = path.relative_to(ETC).parts
    return RUN.joinpath(PREFIX + first, *rest)
