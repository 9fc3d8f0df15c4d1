"""What the writer of a wrong word may have meant."""

from __future__ import annotations

from collections.abc import Iterable


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is nearest, if any is near."""
    from difflib import get_close_matches  # noqa: PLC0415  (only errors need it)

    matches = get_close_matches(word.lower(), list(known), n=1, cutoff=0.6)
    return matches[0] if matches else None


def choose(word: str, known: Iterable[str]) -> str:
    """A sentence: the nearest known word, if any is near, and all of them."""
    words = list(known)
    near = closest(word, words)
    question = f"did you mean '{near}'? " if near else ""
    return f"{question}Known are {', '.join(words)}"
