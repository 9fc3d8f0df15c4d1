"""Every file of the tutorial is written and every command typed, and prints what is shown."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from docs.walkthrough import Command, Step, WriteFile, steps

TOP = Path(__file__).parents[2]
PASARELA = TOP / ".venv/bin/pasarela"
ENGLISH, SPANISH = (TOP / "docs/tutorial" / name for name in ("en.md", "es.md"))
PATIENCE = 60  # seconds, for one command


@pytest.mark.netns
def test_every_line_of_the_tutorial_does_what_it_shows(tmp_path: Path):
    tutorial = ENGLISH
    environment = os.environ | {"XDG_RUNTIME_DIR": str(tmp_path), "LC_ALL": "C.UTF-8"}
    try:
        for step in steps(tutorial.read_text()):
            _take(step, tutorial.name, environment, tmp_path)
    finally:
        subprocess.run([PASARELA, "lab", "down"], env=environment, check=False, timeout=PATIENCE)


def test_the_spanish_tutorial_takes_the_same_steps_and_shows_the_same():
    assert _without_comments(SPANISH) == _without_comments(ENGLISH)


def _without_comments(tutorial: Path) -> list[tuple[str, ...]]:
    """The steps, but for the comments in the files, which are in the tutorial's language."""
    return [
        (step.name, re.sub(r"<!--.*?-->", "", step.text))
        if isinstance(step, WriteFile)
        else (step.where, step.text, step.printed)
        for step in steps(tutorial.read_text())
    ]


def _take(step: Step, tutorial: str, environment: dict[str, str], folder: Path) -> None:
    if isinstance(step, WriteFile):
        (folder / step.name).write_text(step.text)
        return
    output = _run(step, environment, folder)
    assert step.is_met_by(output), (
        f"{tutorial}:{step.line}: {step.text}\n--- shown\n{step.printed}\n--- printed\n{output}"
    )


def _run(command: Command, environment: dict[str, str], folder: Path) -> str:
    on_host = command.where == "host"
    there = [str(PASARELA), "lab", "shell", "host", "--"] if on_host else []
    done = subprocess.run(
        [*there, "sh", "-c", command.text],
        cwd=folder if on_host else TOP,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return done.stdout
