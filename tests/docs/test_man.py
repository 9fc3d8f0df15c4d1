"""The man pages: made from the references as they are, and shown without a complaint."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pasarela.cli import table

ROOT = Path(__file__).parents[2]
PAGES = {"pasarela": ("commands.md", "1"), "pasarelad": ("daemon.md", "8")}


def page(name: str) -> Path:
    return ROOT / "docs/man" / f"{name}.{PAGES[name][1]}"


@pytest.mark.parametrize("name", PAGES)
def test_pages_are_made_from_the_references(name: str) -> None:
    reference, section = PAGES[name]
    script, source = ROOT / "scripts/manpages.py", ROOT / "docs/man" / f"{name}.md"
    made = run(
        sys.executable, str(script), str(source), f"{ROOT}/docs/reference/{reference}", section
    )
    assert made == page(name).read_text(), "scripts/docs writes it anew"


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(
    "formatter",
    [
        ("man", "--warnings=all", "-l"),
        ("groff", "-man", "-t", "-Tutf8", "-ww", "-z"),
        ("mandoc", "-T", "lint", "-W", "error"),
    ],
    ids=lambda command: command[0],
)
def test_pages_are_shown_without_a_complaint(name: str, formatter: tuple[str, ...]) -> None:
    if not shutil.which(formatter[0]):
        pytest.skip(f"{formatter[0]} is not installed")
    shown = subprocess.run(
        [*formatter, page(name)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "LC_ALL": "C.UTF-8", "MANPAGER": "cat"},
    )
    assert shown.stderr == ""


def test_every_command_has_its_place(tmp_path: Path) -> None:
    shown = page("pasarela").read_text()
    for group in table.groups():
        for command in group.commands:
            if not command.hidden:
                assert f".SS {command.name}\n" in shown


@pytest.mark.parametrize(
    ("markdown", "roff"),
    [
        (".starts like a request", "\\&.starts like a request"),
        ("`a-b` and a-b", "\\fBa\\-b\\fR and a-b"),
        ("a \\ and a …", "a \\e and a \\[u2026]"),
        ("see [there](x.md) and [here](https://x.org)", "see there and here (https://x.org)"),
        ("**much** *name* &lt;x>", "\\fBmuch\\fR \\fIname\\fR <x>"),
    ],
)
def test_text_stays_what_it_is(tmp_path: Path, markdown: str, roff: str) -> None:
    assert made_of(tmp_path, markdown).endswith(f".PP\n{roff}\n")


def test_a_table_is_a_list_of_terms(tmp_path: Path) -> None:
    two = made_of(tmp_path, "| a | b |\n|---|---|\n| `x` | y \\| z |")
    assert two.endswith(".TP\n\\fBx\\fR\ny | z\n")
    three = made_of(tmp_path, "| a | b | c |\n|---|---|---|\n| x | y | z |")
    assert three.endswith(".TP\nx\nb: y\n.br\nc: z\n")


def test_code_is_shown_as_it_is(tmp_path: Path) -> None:
    made = made_of(tmp_path, "```\n.x --y\n\n'z\n```")
    assert made.endswith(".nf\n\\&.x \\-\\-y\n\n\\&'z\n.fi\n.RE\n")


def made_of(tmp_path: Path, markdown: str) -> str:
    source, reference = tmp_path / "x.md", tmp_path / "reference.md"
    source.write_text("# x - an example\n\n@reference@\n")
    reference.write_text(f"# X\n\n{markdown}\n")
    return run(sys.executable, str(ROOT / "scripts/manpages.py"), str(source), str(reference), "1")


def run(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
