"""Programs of the system's that are told something, where they are there at all."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from shutil import which


def succeeds(command: Sequence[str], seconds: float) -> bool:
    """Whether the program is there, ends within that time, and is content."""
    if which(command[0]) is None:
        return False
    try:
        done = subprocess.run(command, capture_output=True, timeout=seconds, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
