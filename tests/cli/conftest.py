"""Runs command lines against a connection in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO
from uuid import UUID

import pytest

from cli.fake import FakeConnection, FakeNetwork
from pasarela.cli.context import Context
from pasarela.cli.main import run_words
from pasarela.cli.options import read_options


@dataclass(frozen=True)
class Outcome:
    out: str
    err: str
    code: int


Run = Callable[..., Outcome]


@pytest.fixture
def connection() -> FakeConnection:
    return FakeConnection(
        FakeNetwork("default", UUID(int=1), active=True, autostart=True),
        FakeNetwork("Aislada", UUID(int=2), bridge=None),
        FakeNetwork("temporal", UUID(int=3), active=True, persistent=False),
    )


@pytest.fixture
def run(connection: FakeConnection) -> Run:
    """Runs a command line, given as the words that a shell would pass."""

    def run(*arguments: str) -> Outcome:
        settings, words = read_options(arguments)
        out, err = StringIO(), StringIO()
        context = Context(settings, lambda _: connection, out=out, err=err)
        code = run_words(context, words)
        return Outcome(out.getvalue(), err.getvalue(), code)

    return run
