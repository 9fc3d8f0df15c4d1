"""Lets the user change a text in their editor, and asks what to do where it is refused."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pasarela.cli.faults import CommandFailed
from pasarela.cli.run import report
from pasarela.errors import InternalError, PasarelaError

if TYPE_CHECKING:
    from pasarela.cli.context import Context

T = TypeVar("T")
_SHELL_CHARACTERS = frozenset("|&;<>()$`\\\"'*?[]#~=% \t\n")
_ANSWERS = """\
y - yes, open the editor again
n - no, throw the changes away
f - force, try again to use them as they are
? - print this help
"""


def edit_until_accepted(
    context: Context,
    read: Callable[[], str],
    write: Callable[[str], T],
    *,
    wrong: PasarelaError | None = None,
) -> T | None:
    """Let the user edit what ``read`` gives until ``write`` accepts it.

    Args:
        wrong: what is wrong with the text already, to be read before the editor covers it.

    Returns:
        What ``write`` made of the new text; None if nothing was changed.

    Raises:
        CommandFailed: the user gave up.
    """
    before = read()
    if wrong is not None:
        _show(context, wrong)
    text = edit_text(context, before)
    while text != before:
        try:
            now = read()
            if now != before:
                before = now
                raise CommandFailed("The XML configuration was changed by another user.")
            return write(text)
        except (CommandFailed, PasarelaError) as error:
            if _ask(context, error) == "y":
                text = edit_text(context, text)
    return None


def edit_text(context: Context, text: str, suffix: str = ".xml") -> str:
    """The text as the user's editor leaves it.

    What is not UTF-8 is kept as it is, for whoever reads the text to refuse.

    Raises:
        InternalError: the editor failed.
        CommandFailed: it left no file.
    """
    from tempfile import NamedTemporaryFile

    with NamedTemporaryFile(
        "w", prefix="pasarela", suffix=suffix, encoding="utf-8", delete=False
    ) as file:
        file.write(text)
    try:
        context.flush()
        _run_editor(file.name)
        return _read_back(file.name)
    finally:
        with suppress(FileNotFoundError):
            Path(file.name).unlink()


def _read_back(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise CommandFailed(
            f"{path}: failed to read temporary file: {error.strerror}",
            hint="the editor has not left the text where it found it; nothing was changed",
        ) from None


def _run_editor(path: str) -> None:
    from subprocess import run

    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or _default_editor()
    if _SHELL_CHARACTERS.intersection(editor):  # has options: a shell splits them
        command = ["sh", "-c", f'{editor} "$1"', "sh", path]
    else:
        command = [editor, path]
    try:
        status = run(command, check=False).returncode
    except OSError as error:
        raise InternalError(
            f"cannot run the editor {editor}: {error.strerror}",
            remedy="set $EDITOR to an editor that is installed",
        ) from None
    if status != 0:
        ending = f"exit status {status}" if status > 0 else f"fatal signal {-status}"
        raise InternalError(f"Child process ({editor} {path}) unexpected {ending}")


def _default_editor() -> str:
    """Debian's choice where it exists, else the editor that POSIX promises."""
    return "sensible-editor" if Path("/usr/bin/sensible-editor").exists() else "vi"


def _show(context: Context, error: PasarelaError) -> None:
    report(context, error)
    if sys.stdin.isatty():
        context.flush()
        if _answer("Press Enter to correct it in the editor: ") is None:
            context.say("\n")
            raise CommandFailed("nothing was changed")


def _ask(context: Context, error: CommandFailed | PasarelaError) -> str:
    """What to do after a refusal: ``y`` to edit again, ``f`` to try the same again.

    Raises:
        CommandFailed: the changes are thrown away, or there is nobody to ask.
    """
    if not sys.stdin.isatty():
        raise error
    changed = isinstance(error, CommandFailed) and error.__cause__ is None
    question = str(error) if changed else "Failed."
    if not changed:
        report(context, error)
    while True:
        context.flush()
        answer = _answer(f"{question} Try again? [y,n,f,?]: ")
        if answer is None:
            context.say("\n")
        if answer in ("n", None):
            raise CommandFailed("the changes were thrown away")
        if answer in ("y", "f"):
            return answer
        context.print(_ANSWERS)


def _answer(question: str) -> str | None:
    """None for Ctrl-C and Ctrl-D, after which the cursor is still on the question's line."""
    try:
        return input(question).strip().lower()
    except (EOFError, KeyboardInterrupt):
        return None
