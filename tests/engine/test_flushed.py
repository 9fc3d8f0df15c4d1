"""After somebody's ``nft flush ruleset``, the next command closes the firewall again."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine import documents
from engine.conftest import engine_on
from engine.machines import MemoryMachine
from pasarela.client.embedded import open_embedded
from pasarela.engine.engine import Engine
from pasarela.host.linux import LinuxHost
from pasarela.model.handles import Affect, NetworkRef

WARNING = "the firewall had been flushed; restored for n0, n1"


def run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def update(engine: Engine, ref: NetworkRef) -> None:
    engine.update(ref, 3, 4, documents.host(1), flags=Affect.LIVE)


def start_another(engine: Engine, ref: NetworkRef) -> None:
    engine.create_xml(documents.nat(2))


def stop_and_start(engine: Engine, ref: NetworkRef) -> None:
    engine.destroy(ref)
    engine.create_xml(documents.nat(0))


Command = Callable[[Engine, NetworkRef], None]


@pytest.mark.netns
@pytest.mark.usefixtures("netns")
class TestOnAHost:
    @pytest.fixture
    def host(self, root: Path) -> Engine:
        engine = open_embedded(root)
        for text in (documents.nat(0), documents.isolated(1), documents.open_(5)):
            engine.create_xml(text)
        return engine

    @pytest.mark.parametrize("flush", ["flush ruleset", "flush table inet pasarela"])
    @pytest.mark.parametrize("command", [update, start_another, stop_and_start])
    def test_the_next_command_closes_it(
        self, host: Engine, root: Path, command: Command, flush: str
    ) -> None:
        before = run("nft", "list", "ruleset")
        run("nft", *flush.split())
        engine = open_embedded(root)
        command(engine, engine.lookup_by_name("n0"))
        assert engine.take_warnings() == (WARNING,)
        for network in engine.list_networks():
            if network.name == "n2":
                engine.destroy(network)
        assert sorted(run("nft", "list", "ruleset").split("\n")) == sorted(before.split("\n"))
        assert engine.reconcile() == ()

    def test_a_repair_says_what_it_found(self, host: Engine) -> None:
        run("nft", "flush", "ruleset")
        assert len(host.reconcile()) == 2
        assert host.take_warnings() == ()

    def test_where_nothing_is_wrong_nothing_is_said(self, host: Engine) -> None:
        update(host, host.lookup_by_name("n0"))
        host.destroy(host.lookup_by_name("n1"))
        assert host.take_warnings() == ()

    def test_others_tables_are_left_alone(self, host: Engine) -> None:
        run("nft", "flush ruleset; add table inet mine; add chain inet mine c")
        update(host, host.lookup_by_name("n0"))
        assert "table inet mine" in run("nft", "list", "ruleset")

    def test_the_glance_is_cheap(self, host: Engine) -> None:
        bridges = ["virbr0", "virbr1"]
        machine = LinuxHost()
        assert machine.guards(bridges)
        assert not machine.guards([*bridges, "virbr2"])
        began = time.perf_counter()
        assert all(machine.guards(bridges) for _ in range(100))
        assert (time.perf_counter() - began) / 100 < 0.0005  # seconds; mostly under 0.0001


def test_what_cannot_be_restored_does_not_keep_a_network_from_being_stopped(
    engine: Engine, root: Path, machine: MemoryMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.create_xml(documents.nat())
    ref = engine.define_xml(documents.nat(1))
    engine.start(ref)
    del machine.state[("firewall", "virbr0")]
    put, stubborn = machine.put, ("firewall", "virbr0")
    monkeypatch.setattr(machine, "put", lambda one: None if one.key == stubborn else put(one))
    other = engine_on(root, machine)
    other.destroy(ref)
    (warning,) = other.take_warnings()
    assert warning.startswith("the firewall is not whole, and cannot be restored: ")
    assert not other.is_active(ref)


def test_networks_without_rules_of_ours_are_not_looked_for(
    engine: Engine, machine: MemoryMachine
) -> None:
    ref = engine.create_xml(documents.open_())
    engine.create_xml(documents.on_bridge())
    engine.take_warnings()
    applied = len(machine.applied)
    engine.port_create_xml(ref, documents.port(ref.uuid))
    assert engine.take_warnings() == ()
    assert len(machine.applied) == applied
