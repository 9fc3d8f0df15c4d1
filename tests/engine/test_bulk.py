"""Many at once: in one batch, and one that fails keeps no other from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest

from engine import documents
from engine.conftest import engine_on
from engine.machines import BreakingMachine, Fault, MemoryMachine, refuse
from pasarela.engine.engine import Engine
from pasarela.errors import InternalError
from pasarela.model.network import Network
from pasarela.model.paths import Paths
from pasarela.plan.actions import Action, ApplyError, Meanwhile, Remove, nothing
from pasarela.plan.facts import Facts, RouteFact
from pasarela.plan.links import ForeignLink
from pasarela.plan.resources import BridgeLink, DnsmasqProcess, TextFile


def active(engine: Engine) -> list[str]:
    return [ref.name for ref in engine.list_networks() if engine.is_active(ref)]


def is_served(machine: MemoryMachine, paths: Paths, name: str) -> bool:
    return ("file", str(paths.dns_servers(name))) in machine.state


def test_all_start_and_stop_in_one_batch_each(engine: Engine, machine: MemoryMachine) -> None:
    refs = [engine.define_xml(documents.nat(number)) for number in range(5)]
    assert engine.start_many(refs) == []
    kinds = [type(action.resource) for action in machine.applied]
    links = [place for place, kind in enumerate(kinds) if kind is BridgeLink]
    assert links == list(range(links[0], links[0] + 5))
    assert len(active(engine)) == 5
    assert engine.destroy_many(refs) == []
    assert active(engine) == []
    assert {key[0] for key in machine.state} == {"sysctl"}


def test_those_that_run_already_are_left_alone(engine: Engine) -> None:
    refs = [engine.define_xml(documents.nat(number)) for number in range(2)]
    engine.start(refs[0])
    assert engine.start_many(refs) == []
    assert active(engine) == ["n0", "n1"]


def test_one_that_cannot_start_is_told_and_the_others_run(
    engine: Engine, machine: MemoryMachine
) -> None:
    refs = [engine.define_xml(documents.nat(number)) for number in range(4)]
    machine.put(ForeignLink("virbr2", "veth"))
    [failure] = engine.start_many(refs)
    assert failure.name == "n2"
    assert failure.error.message == "error creating bridge interface virbr2: File exists"
    assert active(engine) == ["n0", "n1", "n3"]


def test_two_of_the_same_subnet_start_one_after_the_other(engine: Engine) -> None:
    refs = [engine.define_xml(documents.nat(number)) for number in range(3)]
    clash = engine.define_xml(documents.nat(7).replace("10.0.7", "10.0.1"))
    [failure] = engine.start_many([*refs, clash])
    assert failure.name == "n7"
    assert failure.error.message.endswith("Network is already in use by interface virbr1")
    assert active(engine) == ["n0", "n1", "n2"]


def test_a_batch_that_the_host_refuses_is_done_one_by_one(
    root: Path, machine: MemoryMachine
) -> None:
    engine = engine_on(root, machine)
    refs = [engine.define_xml(documents.nat(number)) for number in range(3)]
    for at in range(1, 60, 7):
        breaking = engine_on(root, BreakingMachine(machine, Fault(at, refuse)))
        failures = breaking.start_many(refs)
        assert len(failures) <= 1
        started = len(active(breaking))
        assert started == 3 - len(failures)
        breaking.destroy_many(refs)
    assert machine.applied


def test_a_file_that_makes_no_sense_is_one_failure(engine: Engine, paths: Paths) -> None:
    refs = [engine.define_xml(documents.nat(number)) for number in range(2)]
    path = paths.definition("n0")
    path.write_text(path.read_text().replace("'nat'", "'router'"))
    [failure] = engine.start_many(refs)
    assert failure.name == "n0"
    assert str(failure.error.location).startswith(str(path))
    assert active(engine) == ["n1"]


def test_networks_beyond_what_inotify_bears_are_served(
    engine: Engine, machine: MemoryMachine, paths: Paths
) -> None:
    """Each dnsmasq that follows resolv.conf takes one of the host's 128 inotify instances."""
    refs = [engine.define_xml(documents.nat(number)) for number in range(66)]
    assert engine.start_many(refs) == []
    engine.start(engine.define_xml(documents.nat(150)))
    served = [ref.name for ref in engine.list_networks() if is_served(machine, paths, ref.name)]
    assert served == ["n150", "n64", "n65"]


class StingyMachine(MemoryMachine):
    """A host where other programs have used up what inotify there is."""

    def apply(self, actions: Sequence[Action], meanwhile: Meanwhile = nothing) -> None:
        for position, action in enumerate(actions):
            process = action.resource
            if isinstance(process, DnsmasqProcess) and not isinstance(action, Remove):
                conf = self.state["file", str(process.conf)]
                assert isinstance(conf, TextFile)
                if "no-resolv" not in conf.content:
                    error = InternalError("dnsmasq: failed to create inotify: Too many open files")
                    raise ApplyError(actions[:position], error)
            super().apply([action])
        meanwhile()


def test_where_inotify_is_used_up_networks_are_served_from_the_first(
    root: Path, paths: Paths
) -> None:
    machine = StingyMachine()
    engine = engine_on(root, machine)
    refs = [engine.define_xml(documents.nat(number)) for number in range(3)]
    engine.start(refs[0])
    assert engine.start_many(refs) == []
    assert [is_served(machine, paths, ref.name) for ref in refs] == [True] * 3


class CountingMachine(MemoryMachine):
    """Counts the dnsmasqs that start in one go, and how often it is asked what is true of it."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[int] = []
        self.asked = 0

    def apply(self, actions: Sequence[Action], meanwhile: Meanwhile = nothing) -> None:
        self.batches.append(sum(isinstance(one.resource, DnsmasqProcess) for one in actions))
        super().apply(actions, meanwhile)

    def facts_for(self, networks: Sequence[Network]) -> Facts:
        self.asked += 1
        return super().facts_for(networks)


def test_many_start_in_batches(root: Path) -> None:
    machine = CountingMachine()
    engine = engine_on(root, machine)
    refs = [engine.define_xml(documents.nat(number)) for number in range(70)]
    assert engine.start_many(refs) == []
    assert machine.batches == [32, 32, 6]
    assert machine.asked == 1
    assert len(active(engine)) == 70


class RefusingMachine(MemoryMachine):
    """A host on which one network's dnsmasq does not start."""

    def apply(self, actions: Sequence[Action], meanwhile: Meanwhile = nothing) -> None:
        for position, action in enumerate(actions):
            if action.resource.key == ("dnsmasq", "n40") and not isinstance(action, Remove):
                raise ApplyError(actions[:position], InternalError("Address already in use"))
            super().apply([action])
        meanwhile()


def test_one_that_fails_takes_only_its_own_batch_along(root: Path) -> None:
    machine = RefusingMachine()
    engine = engine_on(root, machine)
    refs = [engine.define_xml(documents.nat(number)) for number in range(70)]
    assert [failure.name for failure in engine.start_many(refs)] == ["n40"]
    assert len(active(engine)) == 69
    removed = [one.resource for one in machine.applied if isinstance(one, Remove)]
    bridges = {one.name for one in removed if isinstance(one, BridgeLink)}
    assert bridges == {f"virbr{number}" for number in range(32, 64)}
    assert "virbr40" not in {key[1] for key in machine.state}


def test_a_subnet_of_an_earlier_batch_is_a_clash_too(engine: Engine) -> None:
    refs = [engine.define_xml(documents.nat(number)) for number in range(40)]
    clash = engine.define_xml(documents.nat(77).replace("10.0.77", "10.0.1"))
    [failure] = engine.start_many([*refs, clash])
    assert failure.name == "n77"
    assert failure.error.message.endswith("Network is already in use by interface virbr1")
    assert len(active(engine)) == 40


def test_where_the_first_of_a_subnet_fails_the_second_starts(
    engine: Engine, machine: MemoryMachine
) -> None:
    first = engine.define_xml(documents.nat(1))
    second = engine.define_xml(documents.nat(77).replace("10.0.77", "10.0.1"))
    machine.put(ForeignLink("virbr1", "veth"))
    [failure] = engine.start_many([first, second])
    assert failure.name == "n1"
    assert active(engine) == ["n77"]


def test_who_is_to_blame_is_found_by_halves(engine: Engine, machine: MemoryMachine) -> None:
    refs = [engine.define_xml(documents.nat(number)) for number in range(16)]
    machine.put(ForeignLink("virbr11", "veth"))
    assert [failure.name for failure in engine.start_many(refs)] == ["n11"]
    made = [one for one in machine.applied if isinstance(one.resource, BridgeLink)]
    assert len(made) == 15


def test_plans_are_told_and_nothing_is_touched(
    engine: Engine, machine: MemoryMachine, root: Path
) -> None:
    plan = engine.plan_start(documents.nat())
    assert any(step.startswith("+ bridge virbr0") for step in plan.steps())
    assert "masquerade" in plan.firewall
    assert any("dhcp-range=10.0.0.2,10.0.0.100" in text for text in plan.files.values())
    assert "<uuid>" in plan.xml
    assert machine.applied == []
    assert not root.exists()


def test_planning_knows_what_stands_in_the_way(engine: Engine, machine: MemoryMachine) -> None:
    route = RouteFact(ip_network("10.0.0.0/24"), "eth0")
    machine.base = replace(machine.base, routes=(route,))
    with pytest.raises(InternalError, match="already in use by interface eth0"):
        engine.plan_start(documents.nat())
