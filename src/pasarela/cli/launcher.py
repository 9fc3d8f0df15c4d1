"""Writes the program that people call: as pip's console script, but started in half the time.

That one lets Python read all of site-packages' configuration before the first line of ours, which
is a third of a whole ``net-list``. Whatever needs other packages reads it later (cli/main.py).

    python -m pasarela.cli.launcher FILE
"""

from __future__ import annotations

import sys
from pathlib import Path

_TEXT = """\
#!{python} -IS
# Written by pasarela.cli.launcher as it was installed. -S: site-packages are not looked at before
# they are needed; -I: nothing in the environment or in this folder has a say in what is imported.
import os
import sys

sys.path.append({folder!r})
from pasarela.cli.main import entry

code = entry()
sys.stdout.flush()
sys.stderr.flush()
os._exit(code)  # all is closed, and taking the interpreter apart takes another millisecond
"""
_LONGEST = 120  # of an interpreter's path; the kernel reads 256 bytes of the first line


def launcher() -> str | None:
    """The program's text; None where the interpreter's path has no place in a first line."""
    python = sys.executable
    if len(python) > _LONGEST or any(char.isspace() for char in python):
        return None
    return _TEXT.format(python=python, folder=str(Path(__file__).parents[2]))


def main() -> None:
    file = Path(sys.argv[1])
    text = launcher()
    if text is not None:
        new = file.with_name(f"{file.name}.new")
        new.write_text(text)
        new.chmod(0o755)
        new.rename(file)


if __name__ == "__main__":
    main()
