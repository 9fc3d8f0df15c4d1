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
from uuid import UUID

import pytest

from engine import documents
from engine.snapshot import SYSCTLS, snapshot
from engine.steps import Steps, die, refuse
from pasarela.client.embedded import open_embedded
from pasarela.engine.engine import Engine
from pasarela.errors import PasarelaError
from pasarela.model.handles import Affect, NetworkRef, PortRef, UpdateCommand, UpdateSection

pytestmark = [pytest.mark.netns, pytest.mark.usefixtures("netns")]

BOTH = Affect.LIVE | Affect.CONFIG
MAX_STEPS = 400
STEPS = Steps()
PORT = UUID(int=99)
LIMITED = "<bandwidth><inbound average='1000'/></bandwidth>"


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


def plug_out(engine: Engine) -> NetworkRef:
    """A running network that has had a port, so that the folders are there."""
    ref = define_and_start(engine)
    engine.port_delete(plug_in(engine, ref))
    return ref


def plug_in(engine: Engine, ref: NetworkRef) -> PortRef:
    return engine.port_create_xml(ref, documents.port(PORT))


def limited(engine: Engine) -> NetworkRef:
    """A running network with a bandwidth to take floors from, and one port that has one."""
    ref = engine.define_xml(documents.dual().replace("<mac ", f"{LIMITED}<mac "))
    engine.start(ref)
    inner = LIMITED.replace("average='1000'", "floor='200'")
    engine.port_create_xml(ref, documents.port(UUID(int=98), mac="52:54:00:98:98:98", inner=inner))
    return ref


def plug_in_with_floor(engine: Engine, ref: NetworkRef) -> None:
    inner = LIMITED.replace("average='1000'", "floor='300'")
    engine.port_create_xml(ref, documents.port(PORT, inner=inner))


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
    "plug in a port": Case(plug_out, lambda engine, ref: plug_in(engine, ref) and None, 8),
    "plug in a port with a floor": Case(limited, plug_in_with_floor, 10),
    "undefine": Case(define_to_autostart, Engine.undefine, 5),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
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
            found = snapshot(root)
            assert found == before, (names[at], differences(found, before))
        else:  # a step that may fail without harm, so the act is done: undo it
            reset(case, root, ref)
    assert refused >= case.least_steps


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, id=name) for name, case in CASES.items() if name != "start many"],
)  # a batch has a test of its own
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


def test_of_a_killed_batch_each_network_is_up_or_down_as_a_whole(root: Path) -> None:
    prepare(CASES["start"], root)
    engine = open_embedded(root)
    refs = [*engine.list_networks(), engine.define_xml(documents.nat(1))]
    batch = Case(define, lambda engine, _: engine.start_many(refs), 20)
    kinds = set()
    for at in range(MAX_STEPS):
        name = run_to_its_death(batch, root, refs[0], at)
        next_command(root)
        active = [ref.name for ref in refs if engine.is_active(ref)]
        kinds.add(tuple(active))
        assert engine.reconcile() == (), name
        found = snapshot(root)
        assert [link[0] for link in found["links"]] == ["lo", *BRIDGES[tuple(active)]]
        assert found["sysctls"]["net/ipv4/ip_forward"] == ("1\n" if active else "0\n")
        assert bool(found["rules"]) == bool(active)
        for ref in refs:
            runs = any(f"/{ref.name}.conf" in line for line in found["dnsmasqs"])
            assert runs == (ref.name in active)
        if name is None:
            break
        engine.destroy_many(refs)
        for sysctl in SYSCTLS:
            Path("/proc/sys", sysctl).write_text("0")
    assert kinds == set(BRIDGES)


BRIDGES = {(): [], ("n0",): ["virbr0"], ("n0", "n1"): ["virbr0", "virbr1"]}


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
