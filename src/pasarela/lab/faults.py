"""What goes wrong in a lab, and how a command that failed is told."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from pasarela.errors import HostError


class LabError(HostError):
    """The lab cannot do that here; ``remedy`` says the way out."""

    template = "{}"


class NotPermitted(LabError):
    """It takes more than a user namespace gives."""


def run(argv: Sequence[str], *, text: str | None = None, timeout: float = 30) -> str:
    """Run a program to its end and return what it printed.

    Raises:
        LabError: it is not installed, took longer than ``timeout`` seconds, or failed.
    """
    try:
        done = subprocess.run(
            argv, input=text, capture_output=True, text=True, timeout=timeout, check=False
        )
    except (FileNotFoundError, PermissionError) as error:  # EACCES: a folder on PATH is closed
        raise missing_program(argv[0]) from error
    except subprocess.TimeoutExpired as error:
        raise LabError(f"'{_shown(argv)}' did not end within {timeout:g} s") from error
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip() or f"exit code {done.returncode}"
        raise LabError(f"'{_shown(argv)}' failed: {said}")
    return done.stdout


def _shown(argv: Sequence[str]) -> str:
    """The command without how its machine was entered: that machine's name, then the words."""
    return " ".join(argv).rpartition("/enter.sh ")[2]


def missing_program(name: str) -> LabError:
    return LabError(f"the program '{name}' is not installed", remedy="Run scripts/install.")
