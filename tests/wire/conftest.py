"""One pasarelad for the tests of a module; each test finds it without a network."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

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
