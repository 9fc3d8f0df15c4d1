"""Runs the real program, as a process of its own, with directories of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.conftest import Outcome

Program = Callable[..., Outcome]

RUN = "from pasarela.cli.main import entry; import sys; sys.exit(entry())"


NAT = """<network><name>red</name><forward mode='nat'/>
<ip address='192.168.150.1' netmask='255.255.255.0'/></network>
"""


@pytest.fixture
def program(root: Path) -> Program:
    """Runs ``pasarela --root ROOT`` with these arguments; ``stdin`` is its input."""

    def program(*arguments: str, stdin: str = "", **environment: str) -> Outcome:
        done = subprocess.run(
            [sys.executable, "-c", RUN, "--root", str(root), *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            errors="surrogateescape",
            timeout=60,
            check=False,
            env=os.environ | environment,
        )
        return Outcome(done.stdout, done.stderr, done.returncode)

    return program


@pytest.fixture
def red(program: Program, tmp_path: Path) -> Path:
    """The file of a network that is defined."""
    file = tmp_path / "red.xml"
    file.write_text(NAT)
    assert program("net-define", str(file)).code == 0
    return file
