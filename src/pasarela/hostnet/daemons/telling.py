"""How a program that manages the links is told of a change: what all such programs share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pasarela.hostnet import tree
from pasarela.hostnet.live.state import State
from pasarela.hostnet.manager import FileEdit


@dataclass(frozen=True, slots=True)
class Told:
    """Tells a program of a change; this one needs only its files, and subclasses do more.

    ``volatile`` are the edits of files below /run that tell the program of this change.
    """

    root: Path
    volatile: Sequence[FileEdit]

    @contextmanager
    def moving(self, before: State, wanted: State, notes: list[str]) -> Iterator[None]:
        """Around the kernel's part of the change; ``notes`` gets what the user has to type."""
        yield
        tree.write(self.root, self.volatile)

    @contextmanager
    def taking_back(self, now: State, before: State, notes: list[str]) -> Iterator[None]:
        """Around the kernel's way back."""
        try:
            yield
        finally:
            tree.take_back(self.root, self.volatile)

    def kept(self, manager: str, links: Sequence[str], notes: list[str]) -> None:
        """The files on the disk say it, too."""


def leaving(before: State, wanted: State) -> list[str]:
    """Links that were in a bridge, and are in none then."""
    return [
        name
        for name, link in wanted.links.items()
        if link.master is None and name in before.links and before.links[name].master
    ]
