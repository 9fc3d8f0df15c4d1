"""Changes of definitions: live, persistent, both or neither."""

from __future__ import annotations

import pytest

from engine import documents
from engine.conftest import engine_on, tree
from engine.machines import BreakingMachine, Fault, MemoryMachine, refuse
from pasarela.engine.engine import Engine
from pasarela.errors import (
    InvalidArgument,
    MetadataNotFound,
    OperationInvalid,
    OperationUnsupported,
    PasarelaError,
    SystemCallFailed,
    UnsupportedFlags,
    XmlContentError,
)
from pasarela.model.handles import Affect, MetadataType, NetworkRef, UpdateCommand, UpdateSection
from pasarela.model.paths import Paths
from pasarela.plan.resources import DnsmasqProcess, TextFile

ADD = UpdateCommand.ADD_LAST
HOST = UpdateSection.IP_DHCP_HOST
BOTH = Affect.LIVE | Affect.CONFIG
TITLE, DESCRIPTION, ELEMENT = MetadataType.TITLE, MetadataType.DESCRIPTION, MetadataType.ELEMENT


@pytest.fixture
def running(engine: Engine) -> NetworkRef:
    ref = engine.define_xml(documents.nat())
    engine.start(ref)
    return ref


def has_host(engine: Engine, ref: NetworkRef, number: int) -> tuple[bool, bool]:
    """Whether the live and whether the persistent definition has a host."""
    name = f"name='g{number}'"
    return name in engine.xml_desc(ref), name in engine.xml_desc(ref, inactive=True)


class TestUpdate:
    @pytest.mark.parametrize(
        ("flags", "expected"),
        [
            (Affect.CURRENT, (True, False)),
            (Affect.LIVE, (True, False)),
            (Affect.CONFIG, (False, True)),
            (BOTH, (True, True)),
        ],
    )
    def test_of_a_running_network(
        self, engine: Engine, running: NetworkRef, flags: Affect, expected: tuple[bool, bool]
    ) -> None:
        engine.update(running, ADD, HOST, documents.host(1), flags=flags)
        assert has_host(engine, running, 1) == expected

    def test_of_an_inactive_network_means_its_definition(self, engine: Engine) -> None:
        ref = engine.define_xml(documents.nat())
        engine.update(ref, ADD, HOST, documents.host(1))
        assert "name='g1'" in engine.xml_desc(ref)

    def test_a_dhcp_host_is_one_file_and_one_signal(
        self, engine: Engine, machine: MemoryMachine, running: NetworkRef, paths: Paths
    ) -> None:
        machine.applied.clear()
        engine.update(running, ADD, HOST, documents.host(1), flags=BOTH)
        [action] = machine.applied
        assert isinstance(action.resource, TextFile)
        assert action.resource.path == paths.dnsmasq_hosts("n0")
        assert machine.reloaded == ["n0"]

    def test_a_range_restarts_dnsmasq_and_touches_nothing_else(
        self, engine: Engine, machine: MemoryMachine, running: NetworkRef
    ) -> None:
        machine.applied.clear()
        engine.update(
            running,
            ADD,
            UpdateSection.IP_DHCP_RANGE,
            "<range start='10.0.0.150' end='10.0.0.160'/>",
        )
        kinds = {type(action.resource) for action in machine.applied}
        assert kinds == {TextFile, DnsmasqProcess}
        assert machine.reloaded == []

    def test_is_for_both_or_for_neither(self, engine: Engine, running: NetworkRef) -> None:
        engine.update(running, ADD, HOST, documents.host(1), flags=Affect.CONFIG)
        with pytest.raises(OperationInvalid, match="there is an existing dhcp host entry"):
            engine.update(running, ADD, HOST, documents.host(1), flags=BOTH)
        assert has_host(engine, running, 1) == (False, True)

    def test_refuses_live_of_an_inactive_network(self, engine: Engine) -> None:
        ref = engine.define_xml(documents.nat())
        with pytest.raises(OperationInvalid) as error:
            engine.update(ref, ADD, HOST, documents.host(1), flags=Affect.LIVE)
        assert error.value.message == "Requested operation is not valid: network is not running"

    def test_refuses_config_of_a_transient_network(self, engine: Engine) -> None:
        ref = engine.create_xml(documents.nat())
        with pytest.raises(OperationInvalid) as error:
            engine.update(ref, ADD, HOST, documents.host(1), flags=Affect.CONFIG)
        assert error.value.message == (
            "Requested operation is not valid: "
            "cannot change persistent config of a transient network"
        )

    def test_refuses_flags_sections_and_elements(self, engine: Engine, running: NetworkRef) -> None:
        with pytest.raises(UnsupportedFlags, match=r"\(0x8\) in function networkUpdate"):
            engine.update(running, ADD, HOST, documents.host(1), flags=Affect(8))
        with pytest.raises(OperationUnsupported, match="unrecognized section"):
            engine.update(running, ADD, 99, documents.host(1))
        with pytest.raises(XmlContentError, match="unexpected element <range>, expecting <host>"):
            engine.update(running, ADD, HOST, "<range/>")

    def test_that_the_host_refuses_changes_nothing(
        self, engine: Engine, machine: MemoryMachine, running: NetworkRef, paths: Paths
    ) -> None:
        before = dict(machine.state), tree(paths.config), tree(paths.state)
        steps = 0
        for at in range(100):
            fault = Fault(at, refuse)
            breaking = engine_on(paths.config.parents[3], BreakingMachine(machine, fault))
            try:
                breaking.update(running, ADD, HOST, documents.host(1), flags=BOTH)
            except SystemCallFailed:
                steps += 1
                assert (dict(machine.state), tree(paths.config), tree(paths.state)) == before
            else:
                break
        assert steps >= 4
        assert has_host(engine, running, 1) == (True, True)


class TestMetadata:
    @pytest.mark.parametrize("kind", [TITLE, DESCRIPTION])
    def test_is_set_read_and_removed(self, engine: Engine, kind: MetadataType) -> None:
        ref = engine.define_xml(documents.nat())
        with pytest.raises(MetadataNotFound):
            engine.metadata(ref, kind)
        engine.set_metadata(ref, kind, "some words")
        assert engine.metadata(ref, kind) == "some words"
        engine.set_metadata(ref, kind, "")
        with pytest.raises(MetadataNotFound) as error:
            engine.metadata(ref, kind)
        assert error.value.message == (
            "metadata not found: Requested metadata element is not present"
        )

    @pytest.mark.parametrize("kind", [TITLE, DESCRIPTION])
    @pytest.mark.parametrize("text", ["a\udcf1o", "a\uffff"])
    def test_what_no_document_can_hold_is_refused(
        self, engine: Engine, running: NetworkRef, kind: MetadataType, text: str
    ) -> None:
        with pytest.raises(InvalidArgument, match="not UTF-8"):
            engine.set_metadata(running, kind, text, flags=BOTH)
        assert engine.is_active(running)

    def test_is_for_the_definitions_that_are_meant(
        self, engine: Engine, running: NetworkRef
    ) -> None:
        engine.set_metadata(running, TITLE, "live")
        engine.set_metadata(running, TITLE, "config", flags=Affect.CONFIG)
        assert engine.metadata(running, TITLE) == "live"
        assert engine.metadata(running, TITLE, flags=Affect.CONFIG) == "config"
        engine.set_metadata(running, TITLE, "both", flags=BOTH)
        assert engine.metadata(running, TITLE, flags=Affect.LIVE) == "both"
        assert engine.metadata(running, TITLE, flags=Affect.CONFIG) == "both"

    def test_elements_by_their_namespace(self, engine: Engine) -> None:
        ref = engine.define_xml(documents.nat())
        engine.set_metadata(ref, ELEMENT, "<note a='1'/>", "k", "http://k.example/")
        assert engine.metadata(ref, ELEMENT, "http://k.example/") == '<note a="1"/>'
        assert 'xmlns:k="http://k.example/"' in engine.xml_desc(ref)
        engine.set_metadata(ref, ELEMENT, None, None, "http://k.example/")
        engine.set_metadata(ref, ELEMENT, None, None, "http://k.example/")
        with pytest.raises(MetadataNotFound):
            engine.metadata(ref, ELEMENT, "http://k.example/")

    def test_touches_nothing_on_the_host(
        self, engine: Engine, machine: MemoryMachine, running: NetworkRef
    ) -> None:
        machine.applied.clear()
        engine.set_metadata(running, TITLE, "t", flags=BOTH)
        assert machine.applied == []

    @pytest.mark.parametrize(
        ("call", "text"),
        [
            (lambda e, r: e.set_metadata(r, TITLE, "a\nb"), "title can't contain newlines"),
            (lambda e, r: e.metadata(r, TITLE, "uri"), "uri in virNetworkGetMetadata must be NULL"),
            (lambda e, r: e.metadata(r, ELEMENT), "must not be NULL"),
            (lambda e, r: e.metadata(r, 7), "unknown metadata type '7'"),
            (lambda e, r: e.metadata(r, TITLE, flags=BOTH), "mutually exclusive"),
        ],
    )
    def test_refuses_arguments_that_make_no_sense(
        self, engine: Engine, running: NetworkRef, call: object, text: str
    ) -> None:
        assert callable(call)
        with pytest.raises(InvalidArgument) as error:
            call(engine, running)
        assert text in error.value.message


def test_an_error_of_one_step_is_told_as_it_was(paths: Paths, machine: MemoryMachine) -> None:
    engine = engine_on(paths.config.parents[3], BreakingMachine(machine, Fault(3, refuse)))
    with pytest.raises(PasarelaError) as error:
        engine.start(engine.define_xml(documents.nat()))
    assert error.value.message == "this step was made to fail: Input/output error"
