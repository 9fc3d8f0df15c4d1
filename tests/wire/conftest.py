"""One pasarelad for the tests of a module; each test finds it without a network."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from wire.documents import DOCUMENTS, PORTS
from wire.pasarelad import Pasarelad


@pytest.fixture(scope="module")
def _daemon() -> Iterator[Pasarelad]:
    if not shutil.which("virsh"):
        pytest.skip("no virsh here to drive the daemon with")
    daemon = Pasarelad()
    try:
        yield daemon
    finally:
        daemon.stop()


@pytest.fixture
def pasarelad(_daemon: Pasarelad) -> Pasarelad:
    _daemon.reset()
    return _daemon


@pytest.fixture(scope="module")
def document_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The documents of documents.py as NAME.xml, at one path for both daemons."""
    made = tmp_path_factory.mktemp("documents")
    for name, text in {**DOCUMENTS, **PORTS}.items():
        (made / f"{name}.xml").write_text(text)
    return made
