"""Any line at all is split, parsed or refused as the real virsh does it."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pasarela.cli.main import main

VIRSH = shutil.which("virsh") or ""
EXAMPLES = 100

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.skipif(not VIRSH, reason="virsh is not here to compare with"),
]

OPTIONS = ["--shell", "--xml", "--split", "--err", "--bogus", "--string", "--help"]
SIGNS = [
    "a",
    "ñ",
    " ",
    "  ",
    "\t",
    ";",
    "\n",
    '"',
    "'",
    "\\",
    "\\\n",
    "#",
    "-",
    "--",
    "=",
    "<",
    ",",
]
PIECES = st.sampled_from([*SIGNS, *OPTIONS, "--string=", "echo", " echo ", "; echo --shell "])
ODD = ["a", "", "x y", "it's", '"', "<&>", "a,b,,c", "#", ";", "-q", "--", "--=", "--ñ"]
WORDS = st.sampled_from([*ODD, *OPTIONS, "--string=b", "--shell=x"])


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(PIECES, max_size=12).map("".join))
def test_a_string_of_commands(text: str) -> None:
    compare(["echo --shell " + text])


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(WORDS, max_size=6))
def test_a_command_of_words(words: list[str]) -> None:
    compare(["echo", *words])


def compare(arguments: list[str]) -> None:
    theirs = subprocess.run(
        [VIRSH, *arguments],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=30,
        check=False,
        env=os.environ | {"LC_ALL": "C.UTF-8"},
    )
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(arguments)
    assert (said(theirs.stdout, theirs.stderr), theirs.returncode) == (
        said(out.getvalue(), err.getvalue()),
        code,
    )


def said(out: str, err: str) -> tuple[str, str]:
    """Help texts are in words of our own, and hints are ours."""
    lines = [line for line in err.splitlines() if not line.startswith("hint: ")]
    return ("help" if "SYNOPSIS" in out else out), "\n".join(lines)
