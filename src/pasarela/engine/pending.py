"""Which networks something was being done to; without a look at what."""

from __future__ import annotations

import os
from pathlib import Path

from pasarela.engine.files import TEMPORARY_SUFFIX, system_errors
from pasarela.model.paths import Paths

RECORD = ".json"


def pending(paths: Paths) -> list[str]:
    """The networks with a record in the journal (engine/journal.py)."""
    names = _files(paths.journal("x").parent)
    return [name.removesuffix(RECORD) for name in names if name.endswith(RECORD)]


def half_written(folder: Path) -> list[str]:
    """The names of temporary files there."""
    return [name for name in _files(folder) if name.endswith(f"{RECORD}{TEMPORARY_SUFFIX}")]


def _files(folder: Path) -> list[str]:
    with system_errors(f"cannot read directory {folder}"):
        try:
            with os.scandir(folder) as entries:
                return sorted(entry.name for entry in entries if entry.is_file())
        except (FileNotFoundError, NotADirectoryError):
            return []
