"""Guests' ports: plugged in, counted, told to libvirt-nss, and gone with their network."""

from __future__ import annotations

import json
from uuid import UUID

import pytest

from engine import documents
from engine.conftest import engine_on, tree
from engine.machines import MemoryMachine
from pasarela.engine.engine import Engine
from pasarela.errors import (
    InvalidArgument,
    OperationInvalid,
    OperationUnsupported,
    PasarelaError,
    PortExists,
    PortNotFound,
)
from pasarela.model.handles import NetworkRef, PortRef
from pasarela.model.paths import Paths

ONE, TWO = UUID(int=1), UUID(int=2)
OTHER_MAC = "52:54:00:44:55:66"
LIMITED = "<bandwidth><inbound average='1000' peak='2000'/></bandwidth>"
FLOOR = "<bandwidth><inbound average='100' floor='{}'/></bandwidth>"


@pytest.fixture
def running(engine: Engine) -> NetworkRef:
    ref = engine.define_xml(documents.nat())
    engine.start(ref)
    return ref


def macs(paths: Paths) -> object:
    return json.loads(paths.macs("virbr0").read_text())


def test_a_port_is_plugged_into_the_networks_bridge(
    engine: Engine, running: NetworkRef, paths: Paths
) -> None:
    port = engine.port_create_xml(running, documents.port(ONE))
    assert port == PortRef(running, ONE)
    assert "<plug type='network' bridge='virbr0'/>" in engine.port_xml_desc(port)
    assert "virsh net-port-create" in paths.port("n0", ONE).read_text()
    assert engine.list_ports(running) == [port]
    assert engine.port_lookup(running, ONE) == port


def test_which_guest_has_which_mac_is_kept_for_libvirt_nss(
    engine: Engine, running: NetworkRef, paths: Paths
) -> None:
    engine.port_create_xml(running, documents.port(ONE, "web"))
    second = engine.port_create_xml(running, documents.port(TWO, "db", OTHER_MAC))
    assert macs(paths) == [
        {"domain": "db", "macs": [OTHER_MAC]},
        {"domain": "web", "macs": ["52:54:00:11:22:33"]},
    ]
    engine.port_delete(second)
    assert macs(paths) == [{"domain": "web", "macs": ["52:54:00:11:22:33"]}]


def test_the_connections_of_a_running_network_are_counted(
    engine: Engine, running: NetworkRef
) -> None:
    port = engine.port_create_xml(running, documents.port(ONE))
    assert "<network connections='1'>" in engine.xml_desc(running)
    assert "connections" not in engine.xml_desc(running, inactive=True)
    engine.port_delete(port)
    assert "connections" not in engine.xml_desc(running)


def test_an_update_keeps_the_count(engine: Engine, running: NetworkRef) -> None:
    engine.port_create_xml(running, documents.port(ONE))
    engine.update(running, 3, 4, documents.host(1))
    assert "<network connections='1'>" in engine.xml_desc(running)


def test_macvtap_ports_share_out_the_devices(engine: Engine) -> None:
    pool = "<interface dev='eth0'/><interface dev='eth1'/>"
    ref = engine.create_xml(documents.macvtap().replace("<interface dev='eth0'/>", pool))
    ports = [
        engine.port_create_xml(
            ref, documents.port(UUID(int=number), mac=f"52:54:00:00:00:0{number}")
        )
        for number in (1, 2, 3)
    ]
    devices = [engine.port_xml_desc(port).split("dev='")[1].split("'")[0] for port in ports]
    assert devices == ["eth0", "eth1", "eth0"]
    assert "<interface dev='eth0' connections='2'/>" in engine.xml_desc(ref)


def test_stopping_a_network_names_the_guests_that_lose_it(
    engine: Engine, running: NetworkRef
) -> None:
    engine.port_create_xml(running, documents.port(ONE, "web"))
    engine.port_create_xml(running, documents.port(TWO, "db", OTHER_MAC))
    engine.destroy(running)
    assert engine.take_warnings() == (
        "network 'n0': guests have lost their bridge, and starting the network again does not plug "
        "them in: db, web",
    )
    engine.start(running)
    engine.destroy(running)
    assert engine.take_warnings() == ()


def test_stopping_a_network_forgets_its_ports(
    engine: Engine, running: NetworkRef, paths: Paths
) -> None:
    engine.port_create_xml(running, documents.port(ONE))
    engine.destroy(running)
    assert not [name for name in tree(paths.state) if "ports" in name]
    assert not paths.macs("virbr0").exists()
    engine.start(running)
    assert engine.list_ports(running) == []


def test_floors_are_promised_and_given_back(engine: Engine, paths: Paths) -> None:
    ref = engine.create_xml(documents.nat(extra=LIMITED))
    port = engine.port_create_xml(ref, documents.port(ONE, inner=FLOOR.format(1500)))
    assert "classID='3'" in engine.port_xml_desc(port)
    assert "<floor sum='1500'/>" in paths.status("n0").read_text()
    with pytest.raises(OperationInvalid, match="would overcommit peak=2000"):
        engine.port_create_xml(ref, documents.port(TWO, inner=FLOOR.format(600)))
    engine.port_delete(port)
    assert "<floor sum='0'/>" in paths.status("n0").read_text()


def test_bandwidth_is_read_and_replaced_as_a_whole(engine: Engine, paths: Paths) -> None:
    ref = engine.create_xml(documents.nat(extra=LIMITED))
    port = engine.port_create_xml(ref, documents.port(ONE))
    assert engine.port_parameters(port) == {}
    engine.port_set_parameters(port, {"inbound.average": 100, "inbound.floor": 50, "other": 1})
    assert engine.port_parameters(port) == {
        "inbound.average": 100,
        "inbound.peak": 0,
        "inbound.floor": 50,
        "inbound.burst": 0,
    }
    assert "<floor sum='50'/>" in paths.status("n0").read_text()
    engine.port_set_parameters(port, {"outbound.average": 7})
    assert set(engine.port_parameters(port)) == {
        "outbound.average",
        "outbound.peak",
        "outbound.burst",
    }
    assert "<floor sum='0'/>" in paths.status("n0").read_text()
    with pytest.raises(OperationInvalid, match="would overcommit"):
        engine.port_set_parameters(port, {"inbound.average": 1, "inbound.floor": 9000})


class TestRefusals:
    def test_of_an_inactive_network(self, engine: Engine) -> None:
        ref = engine.define_xml(documents.nat())
        expected = "Requested operation is not valid: network 'n0' is not active"
        for call in (
            lambda: engine.list_ports(ref),
            lambda: engine.port_create_xml(ref, documents.port(ONE)),
        ):
            with pytest.raises(OperationInvalid) as error:
                call()
            assert error.value.message == expected

    def test_an_inactive_network_has_no_port_to_find(self, engine: Engine) -> None:
        """libvirt looks for the port before it asks whether the network is active."""
        ref = engine.define_xml(documents.nat())
        with pytest.raises(PortNotFound):
            engine.port_lookup(ref, ONE)
        with pytest.raises(PortNotFound):
            engine.port_delete(PortRef(ref, ONE))

    def test_the_document_comes_before_the_network(self, engine: Engine) -> None:
        ref = engine.define_xml(documents.nat())
        with pytest.raises(PasarelaError, match="network port has no uuid"):
            engine.port_create_xml(ref, "<networkport/>")

    def test_a_second_port_of_the_same_uuid_leaves_the_first(
        self, engine: Engine, running: NetworkRef, paths: Paths
    ) -> None:
        engine.port_create_xml(running, documents.port(ONE))
        before = tree(paths.leases), tree(paths.state)
        with pytest.raises(PortExists) as error:
            engine.port_create_xml(running, documents.port(ONE, "other", OTHER_MAC))
        assert error.value.message == (
            f"network port Network port with UUID {ONE} already exists exists already"
        )
        assert (tree(paths.leases), tree(paths.state)) == before

    def test_a_port_that_is_not_there(self, engine: Engine, running: NetworkRef) -> None:
        with pytest.raises(PortNotFound) as error:
            engine.port_delete(PortRef(running, ONE))
        assert error.value.message == (
            f"network port not found: Network port with UUID {ONE} does not exist"
        )

    def test_floors_that_nothing_limits(self, engine: Engine, running: NetworkRef) -> None:
        with pytest.raises(OperationUnsupported, match="has no inbound QoS set"):
            engine.port_create_xml(running, documents.port(ONE, inner=FLOOR.format(5)))

    def test_reclaiming_and_plugs_go_together(self, engine: Engine, running: NetworkRef) -> None:
        plug = "<plug type='network' bridge='virbr0'/>"
        with pytest.raises(InvalidArgument, match="requested but plug type is none"):
            engine.port_create_xml(running, documents.port(ONE), reclaim=True)
        with pytest.raises(InvalidArgument, match="not requested but plug type is not none"):
            engine.port_create_xml(running, documents.port(ONE, inner=plug))
        engine.port_create_xml(running, documents.port(ONE, inner=plug), reclaim=True)
        with pytest.raises(PortExists):
            engine.port_create_xml(running, documents.port(ONE, inner=plug), reclaim=True)


def test_another_process_sees_the_ports(
    engine: Engine, running: NetworkRef, machine: MemoryMachine, paths: Paths
) -> None:
    other = engine_on(paths.config.parents[3], machine)
    assert other.list_ports(running) == []
    engine.port_create_xml(running, documents.port(ONE))
    assert [port.uuid for port in other.list_ports(running)] == [ONE]
