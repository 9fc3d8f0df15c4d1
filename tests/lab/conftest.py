"""A lab that the tests of a module share, and labs that a test makes and ends itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.labs import Labs


@pytest.fixture
def labs(tmp_path: Path) -> Iterator[Labs]:
    """An empty runtime folder; whatever lab is left in it is ended."""
    mine = Labs(tmp_path)
    yield mine
    mine.run("down", "--all")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Labs]:
    """A lab that is up."""
    mine = Labs(tmp_path_factory.mktemp("lab"))
    mine.ok("up")
    yield mine
    mine.ok("down")
