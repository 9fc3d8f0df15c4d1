"""The interactive shell: virsh's prompt, history and completion."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pasarela.cli import completion
from pasarela.cli.faults import CommandFailed
from pasarela.cli.handlers.general import names_for
from pasarela.errors import PasarelaError

if TYPE_CHECKING:
    from pasarela.cli.context import Context

WELCOME = """\
Welcome to pasarela, the virtual networks' interactive terminal.

Type:  'help' for help with commands
       'quit' to quit

"""
HISTORY_SIZE = 500


class Shell:
    """Reads lines and runs them until ``quit`` or the end of input."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._prompt = f"pasarela {'>' if context.settings.readonly else '#'} "
        self._matches: list[str] = []

    def run(self) -> int:
        """The exit code is 0 whatever the commands did, as virsh's is."""
        self._context.say(WELCOME)
        self._context.flush()
        terminal = sys.stdin.isatty()
        if terminal:
            self._prepare_readline()
        while not self._context.leaving:
            line = self._read(terminal=terminal)
            if line is None:
                break
            self._run(line)
        self._context.print("\n")
        if terminal:
            self._save_history()
        return 0

    def _read(self, *, terminal: bool) -> str | None:
        """The next line; None at the end. What is no terminal is echoed, as readline does."""
        self._context.flush()
        if not terminal:
            self._context.print(self._prompt)
            line = sys.stdin.readline()
            if not line:
                return None
            self._context.print(line if line.endswith("\n") else line + "\n")
            return line.rstrip("\n")
        while True:
            try:
                return input(self._prompt)
            except EOFError:
                return None
            except KeyboardInterrupt:
                self._context.print("\n")

    def _run(self, line: str) -> None:
        from pasarela.cli.main import run_words

        if line:
            with suppress(KeyboardInterrupt):
                run_words(self._context, [line])

    # readline

    def _prepare_readline(self) -> None:
        import readline

        readline.set_completer(self._complete)
        readline.set_completer_delims(" \t\n;")
        readline.parse_and_bind("tab: complete")
        readline.set_history_length(HISTORY_SIZE)
        with suppress(OSError):
            readline.read_history_file(history_file())

    def _save_history(self) -> None:
        import readline

        with suppress(OSError):
            history_file().parent.mkdir(parents=True, exist_ok=True)
            readline.write_history_file(history_file())

    def _complete(self, text: str, state: int) -> str | None:
        if state == 0:
            import readline

            before = readline.get_line_buffer()[: readline.get_begidx()]
            self._matches = self._candidates(before, text)
        return self._matches[state] + " " if state < len(self._matches) else None

    def _candidates(self, before: str, text: str) -> list[str]:
        found = completion.candidates(before.rsplit(";", 1)[-1].split(), text, self._names)
        return sorted(word for word in found if word.startswith(text))

    def _names(self, what: str) -> list[str]:
        try:
            return list(names_for(self._context, what))
        except (CommandFailed, PasarelaError):
            return []  # completion is silent


def history_file() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "pasarela" / "history"
