"""Every file of the tutorial is written and every command typed, and prints what is shown."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from docs.walkthrough import Command, Step, WriteFile, steps

TOP = Path(__file__).parents[2]
PASARELA = TOP / ".venv/bin/pasarela"
TUTORIALS = sorted((TOP / "docs/tutorial").glob("*.md"))
PATIENCE = 60  # seconds, for one command

pytestmark = pytest.mark.netns


@pytest.mark.parametrize("tutorial", TUTORIALS, ids=lambda path: path.stem)
def test_every_line_of_the_tutorial_does_what_it_shows(tutorial: Path, tmp_path: Path):
    environment = os.environ | {"XDG_RUNTIME_DIR": str(tmp_path), "LC_ALL": "C.UTF-8"}
    try:
        for step in steps(tutorial.read_text()):
            _take(step, tutorial.name, environment, tmp_path)
    finally:
        subprocess.run([PASARELA, "lab", "down"], env=environment, check=False, timeout=PATIENCE)


def test_the_tutorials_in_both_languages_take_the_same_steps():
    typed = [
        [step.text for step in steps(tutorial.read_text()) if isinstance(step, Command)]
        for tutorial in TUTORIALS
    ]
    assert len(typed) == 2 and typed[0] == typed[1]


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
