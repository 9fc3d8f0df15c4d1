from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hostnet.live.lan import Lan, lan


@pytest.fixture
def host(netns: None, tmp_path: Path) -> Iterator[Lan]:
    """The test's own network namespace is a host on a LAN."""
    with lan(tmp_path) as made:
        yield made
