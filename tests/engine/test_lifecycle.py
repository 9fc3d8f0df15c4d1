"""What each operation does to a network's state, and what it refuses, in libvirt's words."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID, uuid4

import pytest

from engine import documents
from engine.conftest import engine_on
from engine.machines import MemoryMachine
from pasarela.engine.engine import Engine
from pasarela.errors import (
    InternalError,
    NetworkNotFound,
    OperationFailed,
    OperationInvalid,
    PasarelaError,
    SystemCallFailed,
    UnsupportedFlags,
)
from pasarela.model.handles import NetworkFilter, NetworkRef
from pasarela.model.paths import Paths
from pasarela.model.values import MacAddress
from pasarela.plan.links import ForeignLink
from pasarela.plan.resources import BridgeLink, Sysctl


def state_of(engine: Engine, ref: NetworkRef) -> tuple[bool, bool, bool]:
    return engine.is_active(ref), engine.is_persistent(ref), engine.autostart(ref)


def refusal(error: pytest.ExceptionInfo[PasarelaError]) -> str:
    return error.value.message


class TestDefine:
    def test_makes_an_inactive_persistent_network(self, engine: Engine) -> None:
        ref = engine.define_xml(documents.nat())
        assert state_of(engine, ref) == (False, True, False)
        assert engine.lookup_by_name("n0") == engine.lookup_by_uuid(ref.uuid) == ref

    def test_generates_what_the_document_leaves_out(self, engine: Engine) -> None:
        engine.define_xml(documents.nat().replace(" name='virbr0'", ""))
        text = engine.xml_desc(engine.lookup_by_name("n0"))
        assert "<uuid>" in text
        assert "<mac address='52:54:00:" in text
        assert "name='virbr0'" in text

    def test_a_generated_bridge_is_no_other_networks_and_no_device(
        self, engine: Engine, machine: MemoryMachine
    ) -> None:
        engine.define_xml(documents.nat(0))
        machine.put(BridgeLink("virbr1", MacAddress("52:54:00:00:00:99")))
        ref = engine.define_xml(documents.nat(5).replace("virbr5", "virbr%d"))
        assert engine.bridge_name(ref) == "virbr2"

    def test_another_definition_of_the_same_identity_replaces(self, engine: Engine) -> None:
        ref = engine.define_xml(documents.nat())
        engine.define_xml(documents.with_uuid(documents.isolated(), ref.uuid))
        assert "<forward" not in engine.xml_desc(ref)

    def test_of_a_running_network_is_for_its_next_start(self, engine: Engine) -> None:
        ref = engine.define_xml(documents.nat())
        engine.start(ref)
        engine.define_xml(documents.with_uuid(documents.isolated(), ref.uuid))
        assert "<forward mode='nat'>" in engine.xml_desc(ref)
        assert "<forward" not in engine.xml_desc(ref, inactive=True)

    def test_makes_a_transient_network_persistent(self, engine: Engine) -> None:
        ref = engine.create_xml(documents.nat())
        engine.define_xml(documents.with_uuid(documents.nat(), ref.uuid))
        assert state_of(engine, ref) == (True, True, False)

    def test_refuses_a_name_with_another_uuid(self, engine: Engine) -> None:
        ref = engine.define_xml(documents.nat())
        with pytest.raises(OperationFailed) as error:
            engine.define_xml(documents.nat())
        assert refusal(error) == (
            f"operation failed: network 'n0' already exists with uuid {ref.uuid}"
        )

    def test_refuses_a_uuid_with_another_name(self, engine: Engine) -> None:
        ref = engine.define_xml(documents.nat())
        with pytest.raises(OperationFailed) as error:
            engine.define_xml(documents.with_uuid(documents.nat(1), ref.uuid))
        assert refusal(error) == (
            f"operation failed: network 'n0' is already defined with uuid {ref.uuid}"
        )

    def test_refuses_another_networks_bridge_before_it_looks_at_the_name(
        self, engine: Engine
    ) -> None:
        engine.define_xml(documents.nat(0))
        with pytest.raises(InternalError) as error:
            engine.define_xml(documents.nat(1).replace("virbr1", "virbr0"))
        assert refusal(error) == "internal error: bridge name 'virbr0' already in use."

    def test_networks_may_share_a_bridge_of_the_hosts(self, engine: Engine) -> None:
        engine.define_xml(documents.on_bridge())
        engine.define_xml(documents.on_bridge().replace("lan", "lan2"))
        assert [ref.name for ref in engine.list_networks()] == ["lan", "lan2"]


class TestStart:
    def test_makes_it_active_and_leaves_the_definition_alone(
        self, engine: Engine, machine: MemoryMachine
    ) -> None:
        ref = engine.define_xml(documents.nat())
        engine.start(ref)
        assert state_of(engine, ref) == (True, True, False)
        assert ("link", "virbr0") in machine.state
        assert machine.state["sysctl", "net/ipv4/ip_forward"] == Sysctl("net/ipv4/ip_forward", "1")

    def test_fills_the_nat_ports_into_the_live_definition(self, engine: Engine) -> None:
        ref = engine.define_xml(documents.nat())
        engine.start(ref)
        assert "<port start='1024' end='65535'/>" in engine.xml_desc(ref)
        assert "1024" not in engine.xml_desc(ref, inactive=True)

    def test_refuses_an_active_network(self, engine: Engine) -> None:
        ref = engine.define_xml(documents.nat())
        engine.start(ref)
        with pytest.raises(OperationInvalid) as error:
            engine.start(ref)
        assert refusal(error) == "Requested operation is not valid: network is already active"

    def test_refuses_a_subnet_that_the_host_routes_already(self, engine: Engine) -> None:
        engine.start(engine.define_xml(documents.nat(0)))
        ref = engine.define_xml(documents.nat(1).replace("10.0.1", "10.0.0"))
        with pytest.raises(InternalError) as error:
            engine.start(ref)
        assert refusal(error) == ("internal error: Network is already in use by interface virbr0")
        assert not engine.is_active(ref)

    @pytest.mark.parametrize(
        "link",
        [BridgeLink("virbr0", MacAddress("52:54:00:ff:ff:ff")), ForeignLink("virbr0", "veth")],
    )
    def test_never_touches_a_device_that_is_not_its_own(
        self, engine: Engine, machine: MemoryMachine, link: BridgeLink | ForeignLink
    ) -> None:
        machine.put(link)
        before = dict(machine.state)
        ref = engine.define_xml(documents.nat())
        with pytest.raises(SystemCallFailed) as error:
            engine.start(ref)
        assert refusal(error) == "error creating bridge interface virbr0: File exists"
        assert error.value.errno == 17
        assert machine.state == before

    def test_of_a_network_without_own_bridge_does_nothing_to_the_host(
        self, engine: Engine, machine: MemoryMachine
    ) -> None:
        for text in (documents.on_bridge(), documents.macvtap()):
            ref = engine.define_xml(text)
            engine.start(ref)
            assert engine.is_active(ref)
        assert machine.applied == []


class TestCreate:
    def test_makes_a_transient_network(self, engine: Engine) -> None:
        ref = engine.create_xml(documents.nat())
        assert state_of(engine, ref) == (True, False, False)

    def test_of_an_inactive_definition_runs_with_the_new_one(self, engine: Engine) -> None:
        ref = engine.define_xml(documents.nat())
        engine.create_xml(documents.with_uuid(documents.isolated(), ref.uuid))
        assert state_of(engine, ref) == (True, True, False)
        assert "<forward" not in engine.xml_desc(ref)
        assert "<forward mode='nat'/>" in engine.xml_desc(ref, inactive=True)

    def test_refuses_an_active_one(self, engine: Engine) -> None:
        ref = engine.create_xml(documents.nat())
        with pytest.raises(OperationInvalid) as error:
            engine.create_xml(documents.with_uuid(documents.nat(), ref.uuid))
        assert refusal(error) == (
            "Requested operation is not valid: network is already active as 'n0'"
        )

    def test_that_fails_leaves_the_definition(self, engine: Engine, machine: MemoryMachine) -> None:
        ref = engine.define_xml(documents.nat())
        machine.put(ForeignLink("virbr0", "veth"))
        with pytest.raises(SystemCallFailed):
            engine.create_xml(documents.with_uuid(documents.nat(), ref.uuid))
        assert state_of(engine, ref) == (False, True, False)


class TestDestroy:
    def test_leaves_the_definition_and_nothing_on_the_host(
        self, engine: Engine, machine: MemoryMachine
    ) -> None:
        ref = engine.define_xml(documents.nat())
        engine.start(ref)
        engine.destroy(ref)
        assert state_of(engine, ref) == (False, True, False)
        assert {key[0] for key in machine.state} == {"sysctl"}

    def test_forgets_a_transient_network(self, engine: Engine, paths: Paths) -> None:
        ref = engine.create_xml(documents.nat())
        paths.leases.mkdir(parents=True)
        paths.lease_status("virbr0").write_text("[]")
        engine.destroy(ref)
        assert list(paths.leases.iterdir()) == []
        assert engine.list_networks() == []
        with pytest.raises(NetworkNotFound) as error:
            engine.is_active(ref)
        assert refusal(error) == (
            f"Network not found: no network with matching uuid '{ref.uuid}' (n0)"
        )

    def test_refuses_an_inactive_network(self, engine: Engine) -> None:
        ref = engine.define_xml(documents.nat())
        with pytest.raises(OperationInvalid) as error:
            engine.destroy(ref)
        assert refusal(error) == "Requested operation is not valid: network 'n0' is not active"


class TestUndefine:
    def test_forgets_an_inactive_network_with_all_its_files(
        self, engine: Engine, paths: Paths
    ) -> None:
        ref = engine.define_xml(documents.nat())
        engine.set_autostart(ref, True)
        paths.leases.mkdir(parents=True)
        for trace in (paths.lease_status("virbr0"), paths.dnsmasq_leases("n0")):
            trace.write_text("[]")
        engine.undefine(ref)
        assert engine.list_networks() == []
        assert list(paths.leases.iterdir()) == []
        assert [path.name for path in paths.config.rglob("*")] == ["autostart"]

    def test_leaves_a_running_network_as_a_transient_one(self, engine: Engine) -> None:
        ref = engine.define_xml(documents.nat())
        engine.set_autostart(ref, True)
        engine.start(ref)
        engine.undefine(ref)
        assert state_of(engine, ref) == (True, False, False)

    def test_that_has_failed_is_not_made_up_for_later(
        self, root: Path, machine: MemoryMachine, engine: Engine, paths: Paths
    ) -> None:
        ref = engine.define_xml(documents.nat())
        paths.autostart_link("n0").mkdir(parents=True)  # which cannot be removed as a link can
        with pytest.raises(SystemCallFailed) as error:
            engine.undefine(ref)
        assert refusal(error).startswith(f"cannot remove {paths.autostart_link('n0')}: ")
        later = engine_on(root, machine)
        later.define_xml(documents.nat(1))
        assert later.take_warnings() == ()
        assert [one.name for one in later.list_networks()] == ["n0", "n1"]

    def test_refuses_a_transient_network(self, engine: Engine) -> None:
        with pytest.raises(OperationInvalid) as error:
            engine.undefine(engine.create_xml(documents.nat()))
        assert refusal(error) == (
            "Requested operation is not valid: can't undefine transient network"
        )


class TestAutostart:
    def test_is_a_link_to_the_definition(self, engine: Engine, paths: Paths) -> None:
        ref = engine.define_xml(documents.nat())
        engine.set_autostart(ref, True)
        engine.set_autostart(ref, True)
        assert engine.autostart(ref)
        assert paths.autostart_link("n0").readlink() == paths.definition("n0")
        engine.set_autostart(ref, False)
        assert not engine.autostart(ref)
        assert not paths.autostart_link("n0").is_symlink()

    def test_refuses_a_transient_network(self, engine: Engine) -> None:
        with pytest.raises(OperationInvalid) as error:
            engine.set_autostart(engine.create_xml(documents.nat()), True)
        assert refusal(error) == (
            "Requested operation is not valid: cannot set autostart for transient network"
        )

    def test_starts_once_a_boot(self, engine: Engine, paths: Paths) -> None:
        marked, unmarked = engine.define_xml(documents.nat(0)), engine.define_xml(documents.nat(1))
        engine.set_autostart(marked, True)
        assert engine.autostart_all() == []
        assert engine.is_active(marked)
        assert not engine.is_active(unmarked)
        engine.destroy(marked)
        assert engine.autostart_all() == []
        assert not engine.is_active(marked)
        assert paths.autostarted.read_text() == ""


class TestListing:
    def test_filters_by_pairs_of_flags(self, engine: Engine) -> None:
        running = engine.define_xml(documents.nat(0))
        engine.start(running)
        engine.set_autostart(running, True)
        engine.define_xml(documents.nat(1))
        engine.create_xml(documents.nat(2))
        listed = {
            flags: [ref.name for ref in engine.list_networks(NetworkFilter(flags))]
            for flags in (0, 1, 2, 3, 4, 8, 16, 32, 2 | 4, 1 | 8)
        }
        assert listed == {
            0: ["n0", "n1", "n2"],
            1: ["n1"],
            2: ["n0", "n2"],
            3: ["n0", "n1", "n2"],
            4: ["n0", "n1"],
            8: ["n2"],
            16: ["n0"],
            32: ["n1", "n2"],
            2 | 4: ["n0"],
            1 | 8: [],
        }

    def test_refuses_flags_that_it_does_not_know(self, engine: Engine) -> None:
        with pytest.raises(UnsupportedFlags) as error:
            engine.list_networks(NetworkFilter(64))
        assert refusal(error) == (
            "unsupported flags (0x40) in function networkConnectListAllNetworks"
        )

    def test_looking_up_what_is_not_there(self, engine: Engine) -> None:
        with pytest.raises(NetworkNotFound) as error:
            engine.lookup_by_name("nix")
        assert refusal(error) == "Network not found: no network with matching name 'nix'"
        uuid = uuid4()
        with pytest.raises(NetworkNotFound) as error:
            engine.lookup_by_uuid(uuid)
        assert refusal(error) == f"Network not found: no network with matching uuid '{uuid}'"

    def test_a_network_without_a_bridge_has_no_bridge_name(self, engine: Engine) -> None:
        with pytest.raises(InternalError) as error:
            engine.bridge_name(engine.define_xml(documents.macvtap()))
        assert refusal(error) == "internal error: network 'tap' does not have a bridge name."

    def test_only_the_uuid_of_a_handle_counts(self, engine: Engine) -> None:
        ref = engine.define_xml(documents.nat())
        assert engine.is_persistent(NetworkRef("another name", ref.uuid))
        with pytest.raises(NetworkNotFound):
            engine.is_persistent(NetworkRef("n0", UUID(int=1)))
