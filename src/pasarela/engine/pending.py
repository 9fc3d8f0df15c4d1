"""Which networks something was being done to; without a look at what."""

from __future__ import annotations

import os

from pasarela.engine.files import TEMPORARY_SUFFIX, system_errors
from pasarela.model.paths import Paths


def pending(paths: Paths) -> list[str]:
    """The networks with a record in the journal (engine/journal.py)."""
    folder = paths.journal("x").parent
    with system_errors(f"cannot read directory {folder}"):
        try:
            with os.scandir(folder) as entries:
                records = [entry.name for entry in entries if entry.is_file()]
        except (FileNotFoundError, NotADirectoryError):
            return []
    return sorted(name for name in records if not name.endswith(TEMPORARY_SUFFIX))
