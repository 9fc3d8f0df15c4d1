"""Engines for tests: on a host in memory, and on the real one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from engine.machines import MemoryMachine
from pasarela.engine.engine import Engine
from pasarela.engine.machine import Machine
from pasarela.host.interfaces import HostInterfaces
from pasarela.host.leases import read_leases
from pasarela.model.handles import NetworkEvent
from pasarela.model.paths import Paths


def engine_on(root: Path, machine: Machine) -> Engine:
    return Engine(Paths.under(root), lambda: machine, HostInterfaces, read_leases)


@pytest.fixture
def machine() -> MemoryMachine:
    return MemoryMachine()


@pytest.fixture
def paths(root: Path) -> Paths:
    return Paths.under(root)


@pytest.fixture
def engine(root: Path, machine: MemoryMachine) -> Engine:
    return engine_on(root, machine)


def tree(root: Path) -> dict[str, str]:
    """Every file below ``root`` that belongs to networks, with its text; links by their target."""
    bookkeeping = ("pasarela.lock", "pasarela-events")
    return {
        str(path.relative_to(root)): str(path.readlink()) if path.is_symlink() else path.read_text()
        for path in sorted(root.rglob("*"))
        if (path.is_file() or path.is_symlink()) and path.name not in bookkeeping
    }


def described(events: Sequence[NetworkEvent]) -> list[str]:
    return [str(event) for event in events]
