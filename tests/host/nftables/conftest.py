"""The firewall adapter in a network namespace of the test's own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pasarela.host.nftables import Firewall


@pytest.fixture
def firewall(netns: None) -> Iterator[Firewall]:
    opened = Firewall()
    yield opened
    opened.close()
