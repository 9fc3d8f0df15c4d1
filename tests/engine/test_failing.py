"""Nothing half done: a refused step leaves everything as before, a killed command is repaired.

Each case is run again and again, with another step refused (or the process ended at it) each
time, until a run comes through.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from engine import documents
from engine.snapshot import SYSCTLS, snapshot
from engine.steps import Steps, die, refuse
from pasarela.client.embedded import open_embedded
from pasarela.engine.engine import Engine
from pasarela.errors import PasarelaError
from pasarela.model.handles import Affect, NetworkRef, UpdateCommand, UpdateSection

pytestmark = [pytest.mark.netns, pytest.mark.usefixtures("netns")]

BOTH = Affect.LIVE | Affect.CONFIG
MAX_STEPS = 400
STEPS = Steps()


def define(engine: Engine) -> NetworkRef:
    return engine.define_xml(documents.dual())


def define_to_autostart(engine: Engine) -> NetworkRef:
    ref = define(engine)
    engine.set_autostart(ref, True)
    return ref


def define_and_start(engine: Engine) -> NetworkRef:
    ref = define(engine)
    engine.start(ref)
    return ref


def add_host(engine: Engine, ref: NetworkRef) -> None:
    engine.update(
        ref, UpdateCommand.ADD_LAST, UpdateSection.IP_DHCP_HOST, documents.host(1), flags=BOTH
    )


def add_range(engine: Engine, ref: NetworkRef) -> None:
    text = "<range start='10.0.0.150' end='10.0.0.160'/>"
    engine.update(ref, UpdateCommand.ADD_LAST, UpdateSection.IP_DHCP_RANGE, text, flags=BOTH)


def remove_all(engine: Engine, ref: NetworkRef) -> None:
    if engine.is_active(ref):
        engine.destroy(ref)
    engine.undefine(ref)


@dataclass(frozen=True)
class Case:
    """What is done, and from which state; a run has at least so many steps."""

    set_up: Callable[[Engine], NetworkRef]
    act: Callable[[Engine, NetworkRef], object]
    least_steps: int


CASES = {
    "start": Case(define, Engine.start, 20),
    "destroy": Case(define_and_start, Engine.destroy, 12),
    "update a host": Case(define_and_start, add_host, 10),
    "update a range": Case(define_and_start, add_range, 10),
    "start many": Case(define, lambda engine, ref: engine.start_many([ref]), 8),
    "undefine": Case(define_to_autostart, Engine.undefine, 6),
}


@pytest.fixture(params=CASES.values(), ids=CASES.keys())
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


def test_a_refused_step_leaves_everything_as_before(case: Case, root: Path) -> None:
    ref = prepare(case, root)
    engine = open_embedded(root)
    before = snapshot(root)
    refused = 0
    for at in range(MAX_STEPS):
        failed, names = attempt(case, engine, ref, at)
        if len(names) <= at:
            break
        if failed:
            refused += 1
            assert snapshot(root) == before, names
        else:  # a step that may fail without harm, so the act is done: undo it
            reset(case, root, ref)
    assert refused >= case.least_steps


def test_the_next_command_repairs_what_a_killed_one_left(case: Case, root: Path) -> None:
    ref = prepare(case, root)
    before = snapshot(root)
    case.act(open_embedded(root), ref)
    after = snapshot(root)
    assert after != before
    reset(case, root, ref)
    for at in range(MAX_STEPS):
        name = run_to_its_death(case, root, ref, at)
        next_command(root)
        found = snapshot(root)
        assert found in (before, after), (name, differences(found, before, after))
        if name is None:
            break
        if found == after:
            reset(case, root, ref)
    assert at >= case.least_steps


def differences(found: dict[str, Any], *states: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {key: (found[key], state[key]) for key in state if found[key] != state[key]}
        for state in states
    ]


def attempt(case: Case, engine: Engine, ref: NetworkRef, at: int) -> tuple[bool, list[str]]:
    """Whether the act failed with step ``at`` refused, and the steps that there were."""
    STEPS.watch(at, refuse)
    try:
        return bool(case.act(engine, ref)), STEPS.rest()
    except PasarelaError:
        return True, STEPS.rest()
    finally:
        STEPS.rest()


def run_to_its_death(case: Case, root: Path, ref: NetworkRef, at: int) -> str | None:
    """Act in a process that ends at step ``at``; the step's name, None if it came through."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        STEPS.watch(at, lambda name: (os.write(writing, name.encode()), die(name))[1])
        try:
            case.act(open_embedded(root), ref)
            os._exit(0)
        finally:
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        name = pipe.read().decode()
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == (9 if name else 0), name
    return name or None


def next_command(root: Path) -> None:
    """A command that writes nothing of its own."""
    engine = open_embedded(root)
    assert engine.start_many([]) == []
    assert engine.take_warnings() == ()


def prepare(case: Case, root: Path) -> NetworkRef:
    """The state before, on a host where the folders are there already."""
    engine = open_embedded(root)
    remove_all(engine, define_and_start(engine))
    return set_up_afresh(case, engine)


def reset(case: Case, root: Path, ref: NetworkRef) -> None:
    """Back to the state before."""
    engine = open_embedded(root)
    if ref in engine.list_networks():
        remove_all(engine, ref)
    assert set_up_afresh(case, engine) == ref


def set_up_afresh(case: Case, engine: Engine) -> NetworkRef:
    """Stopping leaves forwarding on; a start that fails must turn it off again."""
    for name in SYSCTLS:
        Path("/proc/sys", name).write_text("0")
    return case.set_up(engine)
