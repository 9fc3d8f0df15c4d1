"""How a command fails: its own sentence, with what caused it chained beneath."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pasarela.errors import PasarelaError


class CommandFailed(Exception):
    """A command's own sentence for a failure; ``hint`` is the way out, where there is one.

    The cause, when it is one of Pasarela's errors, is printed after it.
    """

    def __init__(self, sentence: str, *, hint: str | None = None) -> None:
        super().__init__(sentence)
        self.hint = hint


@contextmanager
def explained(sentence: str) -> Iterator[None]:
    """Say ``sentence`` first when something in the block is refused."""
    try:
        yield
    except PasarelaError as error:
        raise CommandFailed(sentence) from error


@contextmanager
def placed(path: str) -> Iterator[None]:
    """Let an error about a document name the file that it came from."""
    try:
        yield
    except PasarelaError as error:
        if error.location is not None and error.location.file is None:
            from dataclasses import replace

            error.location = replace(error.location, file=path)
        raise


@contextmanager
def unplaced() -> Iterator[None]:
    """Keep an error about a document that the user never saw from naming a line of it."""
    try:
        yield
    except PasarelaError as error:
        error.location = None
        raise
