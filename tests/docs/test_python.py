"""The examples of docs/reference/python.md, run from top to bottom, through either door."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import pytest

import pasarela
from wire.pasarelad import Pasarelad

pytestmark = pytest.mark.netns

PAGE = Path(__file__).parents[2] / "docs/reference/python.md"
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
PRINTED = [
    "['lab']",
    "web",
    "43 Network not found: no network with matching name 'nowhere'",
    "did you mean 'route'?",
    "lab STOPPED",
]


def run_examples(monkeypatch: pytest.MonkeyPatch, *args: str, **keywords: str) -> None:
    monkeypatch.setattr(pasarela, "connect", partial(pasarela.connect, *args, **keywords))
    names: dict[str, object] = {}
    for example in EXAMPLES:
        exec(example, names)


def check_output(text: str) -> None:
    lines = text.splitlines()
    assert len(lines) == len(PRINTED)
    for line, expected in zip(lines, PRINTED, strict=True):
        assert expected in line


def test_without_a_daemon(
    netns: None,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run_examples(monkeypatch, root=str(root))
    check_output(capsys.readouterr().out)


def test_through_the_daemon(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon = Pasarelad()
    try:
        run_examples(monkeypatch, daemon.uri)
    finally:
        daemon.stop()
    check_output(capsys.readouterr().out)
