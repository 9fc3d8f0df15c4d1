"""Ports with floors: their traffic classes come, change and go with them, on the real kernel."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from uuid import UUID

import pytest

from engine import documents
from engine.conftest import engine_on, tree
from engine.machines import BreakingMachine, Fault, MemoryMachine, refuse
from pasarela.client.embedded import open_embedded
from pasarela.engine.engine import Engine
from pasarela.errors import SystemCallFailed
from pasarela.model.handles import NetworkRef
from pasarela.plan.shaping import BridgeShaping

ONE, TWO = UUID(int=1), UUID(int=2)
OTHER_MAC = "52:54:00:44:55:66"
LIMITED = "<bandwidth><inbound average='1000' peak='2000'/></bandwidth>"
FLOOR = "<bandwidth><inbound average='100' floor='{}'/></bandwidth>"


def with_floor(floor: int, uuid: UUID = ONE, mac: str = "52:54:00:11:22:33") -> str:
    return documents.port(uuid, mac=mac, inner=FLOOR.format(floor))


class TestOnTheRealKernel:
    pytestmark = pytest.mark.netns

    @pytest.fixture
    def engine(self, netns: None, root: Path) -> Engine:
        return open_embedded(root)

    @pytest.fixture
    def running(self, engine: Engine) -> NetworkRef:
        return engine.create_xml(documents.nat(extra=LIMITED))

    def test_a_port_has_its_class_until_it_goes(self, engine: Engine, running: NetworkRef) -> None:
        before = classes()
        port = engine.port_create_xml(running, with_floor(300))
        assert classes() == {"1:1": (8000, 16000), "1:2": (5600, 16000), "1:3": (2400, 16000)}
        engine.port_create_xml(running, with_floor(500, TWO, OTHER_MAC))
        assert classes()["1:2"] == (1600, 16000)
        assert classes()["1:4"] == (4000, 16000)
        assert filtered() == {"1:3", "1:4"}
        engine.port_delete(port)
        assert filtered() == {"1:4"}
        assert classes()["1:2"] == (4000, 16000)
        engine.port_delete(engine.port_lookup(running, TWO))
        assert classes() == before == {"1:1": (8000, 16000), "1:2": (8000, 16000)}

    def test_another_bandwidth_moves_it(self, engine: Engine, running: NetworkRef) -> None:
        port = engine.port_create_xml(running, documents.port(ONE))
        assert filtered() == set()
        engine.port_set_parameters(port, {"inbound.average": 100, "inbound.floor": 50})
        assert classes()["1:3"] == (400, 16000)
        engine.port_set_parameters(port, {"inbound.average": 100, "inbound.floor": 70})
        assert classes()["1:3"] == (560, 16000)
        assert classes()["1:2"] == (7440, 16000)
        engine.port_set_parameters(port, {"outbound.average": 7})
        assert filtered() == set()
        assert "1:3" not in classes()

    def test_floors_up_to_the_peak_leave_the_others_what_nobody_uses(
        self, engine: Engine, running: NetworkRef
    ) -> None:
        engine.port_create_xml(running, with_floor(2000))
        assert classes()["1:2"] == (8, 16000)

    def test_repair_brings_back_what_somebody_removed(
        self, engine: Engine, running: NetworkRef
    ) -> None:
        engine.port_create_xml(running, with_floor(300))
        before = classes()
        subprocess.run(["tc", "qdisc", "del", "dev", "virbr0", "root"], check=True)
        (line,) = engine.reconcile()
        assert "2400 kB/s" not in line
        assert "300 kB/s kept for 52:54:00:11:22:33" in line
        assert (classes(), filtered()) == (before, {"1:3"})

    def test_a_port_goes_though_its_bridge_has_vanished(
        self, engine: Engine, running: NetworkRef
    ) -> None:
        port = engine.port_create_xml(running, with_floor(300))
        subprocess.run(["ip", "link", "del", "virbr0"], check=True)
        engine.port_delete(port)
        assert engine.list_ports(running) == []


@pytest.mark.parametrize("step", range(12))
def test_a_host_that_refuses_leaves_everything_as_it_was(root: Path, step: int) -> None:
    machine = MemoryMachine()
    engine = engine_on(root, machine)
    ref = engine.create_xml(documents.nat(extra=LIMITED))
    engine.port_create_xml(ref, with_floor(300))
    before = dict(machine.state), tree(root)
    fault = Fault(step, refuse)
    try:
        engine_on(root, BreakingMachine(machine, fault)).port_create_xml(
            ref, with_floor(400, TWO, OTHER_MAC)
        )
    except SystemCallFailed:
        assert (dict(machine.state), tree(root)) == before
    else:
        assert fault.steps <= step
        assert [one.class_id for one in shaping(machine).floors] == [3, 4]


def shaping(machine: MemoryMachine) -> BridgeShaping:
    (found,) = (one for one in machine.state.values() if isinstance(one, BridgeShaping))
    return found


def classes() -> dict[str, tuple[int, int]]:
    """Of each class of the bridge its rate and its ceiling, in kilobits a second."""
    text = run("tc", "class", "show", "dev", "virbr0")
    found = re.findall(r"class htb (\S+) .*?rate (\S+) ceil (\S+)", text)
    return {number: (kilobits(rate), kilobits(ceil)) for number, rate, ceil in found}


def kilobits(text: str) -> int:
    number, unit = re.fullmatch(r"(\d+)(\D+)", text).groups()  # type: ignore[union-attr]
    return int(number) * {"Kbit": 1, "Mbit": 1000}[unit]


def filtered() -> set[str]:
    """The classes that a filter leads to."""
    return set(re.findall(r"flowid (\S+)", run("tc", "filter", "show", "dev", "virbr0")))


def run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
