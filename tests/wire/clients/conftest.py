"""What the clients are driven against, beside pasarelad and the real libvirtd 9.0."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from oracle.libvirtd import why_not
from wire.clients.libvirtd11 import Libvirtd11
from wire.clients.programs import DEBIAN13, need


@pytest.fixture(scope="session")
def _libvirtd_11() -> Iterator[Libvirtd11]:
    need(DEBIAN13)
    if reason := why_not():
        pytest.skip(f"the real libvirt cannot be asked: {reason}")
    with tempfile.TemporaryDirectory(prefix="oracle-") as directory:
        daemon = Libvirtd11(Path(directory))
        try:
            yield daemon
        finally:
            daemon.stop()


@pytest.fixture
def libvirtd_11(_libvirtd_11: Libvirtd11) -> Libvirtd11:
    """The real libvirtd 11.3 with its network driver alone, without any network."""
    _libvirtd_11.reset()
    return _libvirtd_11
