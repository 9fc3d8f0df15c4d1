"""Definitions that were copied as files, with the bridge and the MAC of another network."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from engine import documents
from engine.snapshot import snapshot
from pasarela.client.embedded import open_embedded
from pasarela.engine.engine import Engine
from pasarela.errors import SystemCallFailed
from pasarela.model.paths import Paths

pytestmark = [pytest.mark.netns, pytest.mark.usefixtures("netns")]


@pytest.fixture
def host(root: Path) -> Engine:
    """Network n0, and a copy of its file with another name, UUID and subnet."""
    engine = open_embedded(root)
    original = engine.define_xml(documents.dual(0))
    text = Paths.under(root).definition("n0").read_text()
    copied = text.replace(">n0<", ">copy<").replace(str(original.uuid), str(UUID(int=99)))
    copied = copied.replace("10.0.0.", "10.0.1.").replace("fd00:0:", "fd00:1:")
    Paths.under(root).definition("copy").write_text(copied)
    return open_embedded(root)


def test_a_copy_takes_nothing_from_the_network_that_runs(host: Engine, root: Path) -> None:
    host.start(host.lookup_by_name("n0"))
    before = snapshot(root)
    with pytest.raises(SystemCallFailed) as error:
        host.start(host.lookup_by_name("copy"))
    assert error.value.message == "error creating bridge interface virbr0: File exists"
    assert error.value.remedy == (
        "network 'n0' has it; give this one a bridge and a MAC of its own: pasarela net-edit copy"
    )
    assert snapshot(root) == before


def test_one_of_both_starts_at_boot(host: Engine) -> None:
    refs = [host.lookup_by_name(name) for name in ("copy", "n0")]
    [failure] = host.start_many(refs)
    assert (failure.name, failure.error.message) == (
        "n0",
        "error creating bridge interface virbr0: File exists",
    )
    assert host.is_active(refs[0])
