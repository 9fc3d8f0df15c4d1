"""Splits a command string as virsh's shell does: quotes, escapes, comments, ``;`` and newlines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


class SyntaxFault(Exception):
    """The command line cannot be understood; nothing of it is carried out."""

    def __init__(self, *sentences: str, hint: str | None = None) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences
        self.hint = hint


END = None
Token = str | None  # a word, or END between two commands


def from_arguments(words: Iterable[str]) -> Iterator[Token]:
    """The words of a command line that a shell has split already; ``;`` is a word there."""
    yield from words


def from_string(text: str) -> Iterator[Token]:
    """The words of a string, with END at each ``;`` and newline.

    As in virsh, a quote ' that is never closed ends with the string.

    Raises:
        SyntaxFault: a quote " is never closed, or a backslash ends the string.
    """
    position = 0
    while position < len(text):
        character = text[position]
        if character in " \t":
            position += 1
        elif character in ";\n":
            position += 1
            yield END
        elif character == "#":
            position = _end_of_line(text, position)
        elif text.startswith("\\\n", position):
            position += 2
        else:
            word, position = _word(text, position)
            yield word


def _end_of_line(text: str, position: int) -> int:
    newline = text.find("\n", position)
    return len(text) if newline < 0 else newline


def _word(text: str, position: int) -> tuple[str, int]:
    """The word at ``position``, and where it ends."""
    word: list[str] = []
    quote = ""
    while position < len(text):
        character = text[position]
        if not quote and character in " \t;\n":
            break
        position += 1
        if character in "'\"" and quote in ("", character):
            quote = "" if quote else character
        elif character == "\\" and quote != "'":
            if position == len(text):
                raise SyntaxFault("dangling \\")
            if text[position] != "\n":
                word.append(text[position])
            position += 1
        else:
            word.append(character)
    if quote == '"':
        raise SyntaxFault('missing "')
    return "".join(word), position
