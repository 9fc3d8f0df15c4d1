"""Programs on the system bus that are told of networks, over a real bus."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from socket import AF_INET, AF_INET6, if_nametoindex

import pytest

from engine import documents
from host.dbus.private_bus import Program, elsewhere, private_bus
from host.dbus.programs import Links, Zones
from pasarela.client.embedded import open_embedded
from pasarela.engine.engine import Engine
from pasarela.errors import InternalError, ServiceFailed
from pasarela.host.dbus import programs
from pasarela.host.dbus.bus import Bus
from pasarela.host.dbus.firewalld import ZONES
from pasarela.host.dbus.resolved import MANAGER

pytestmark = [pytest.mark.netns, pytest.mark.usefixtures("netns")]
REGISTERED = "<domain name='guests.example' localOnly='yes' register='yes'/>"


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A bus of the test's own, which is the system's for everybody here."""
    with private_bus(tmp_path) as found:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", found)
        installed = dict.fromkeys(programs.PROGRAMS, ("/bin/sh",))
        monkeypatch.setattr(programs, "PROGRAMS", installed)
        yield found


@pytest.fixture
def engine(address: str, root: Path) -> Engine:
    return open_embedded(root)


@pytest.fixture
def zones(address: str) -> Iterator[Zones]:
    kept = Zones("public", "libvirt", "libvirt-routed")
    program = Program(address, ZONES.name, kept.methods)
    yield kept
    program.close()


@pytest.fixture
def links(address: str) -> Iterator[Links]:
    kept = Links()
    program = Program(address, MANAGER.name, kept.methods)
    yield kept
    program.close()


class TestFirewalld:
    def test_a_bridge_is_in_libvirts_zone_while_its_network_runs(
        self, engine: Engine, zones: Zones
    ) -> None:
        ref = engine.define_xml(documents.nat())
        engine.start(ref)
        assert zones.of == {"virbr0": "libvirt"}
        engine.destroy(ref)
        assert zones.of == {}

    def test_a_routed_network_has_a_zone_that_lets_others_in(
        self, engine: Engine, zones: Zones
    ) -> None:
        engine.create_xml(documents.routed())
        assert zones.of == {"virbr0": "libvirt-routed"}

    def test_the_zone_that_is_asked_for(self, engine: Engine, zones: Zones) -> None:
        engine.create_xml(in_zone("public"))
        assert zones.of == {"virbr0": "public"}

    def test_a_zone_that_is_not_there_refuses_the_start(self, engine: Engine, zones: Zones) -> None:
        with pytest.raises(ServiceFailed, match="INVALID_ZONE: 'nosuch'"):
            engine.create_xml(in_zone("nosuch"))
        assert zones.of == {}
        assert "virbr0" not in links_there()

    def test_without_libvirts_zones_the_bridge_is_left_alone(
        self, engine: Engine, zones: Zones
    ) -> None:
        zones.names = ("public",)
        engine.create_xml(documents.nat())
        assert zones.of == {}

    def test_an_open_network_is_left_alone(self, engine: Engine, zones: Zones) -> None:
        engine.create_xml(documents.open_())
        assert zones.of == {}

    def test_repair_brings_the_zone_back(self, engine: Engine, zones: Zones) -> None:
        engine.create_xml(documents.nat())
        zones.of.clear()  # as a reload of firewalld does
        assert engine.reconcile() == ("network 'n0': + virbr0 in firewalld's zone libvirt",)
        assert zones.of == {"virbr0": "libvirt"}
        zones.of["virbr0"] = "public"
        engine.reconcile()
        assert zones.of == {"virbr0": "libvirt"}

    def test_without_firewalld_a_zone_refuses_the_start(self, engine: Engine) -> None:
        with pytest.raises(InternalError, match="but firewalld is not active"):
            engine.create_xml(in_zone("public"))

    def test_a_network_outlives_firewalld(self, engine: Engine, address: str, root: Path) -> None:
        kept = Zones("libvirt", "public")
        program = Program(address, ZONES.name, kept.methods)
        ref = engine.define_xml(in_zone("public"))
        engine.start(ref)
        program.close()
        assert engine.reconcile() == ()
        engine.destroy(ref)
        assert "virbr0" not in links_there()


class TestResolved:
    def test_a_domain_is_registered_while_its_network_runs(
        self, engine: Engine, links: Links
    ) -> None:
        ref = engine.define_xml(documents.nat(extra=REGISTERED))
        engine.start(ref)
        index = if_nametoindex("virbr0")
        assert links.dns == {index: [(AF_INET, ip_address("10.0.0.1").packed)]}
        assert links.domains == {index: [("guests.example", True)]}
        assert warnings(engine) == []
        engine.destroy(ref)
        assert (links.dns, links.domains) == ({}, {})

    def test_ipv6_is_asked_where_there_is_no_ipv4(self, engine: Engine, links: Links) -> None:
        engine.create_xml(
            f"<network><name>six</name><bridge name='virbr6'/>{REGISTERED}"
            "<ip family='ipv6' address='fd00:6::1' prefix='64'/></network>"
        )
        assert links.dns == {if_nametoindex("virbr6"): [(AF_INET6, ip_address("fd00:6::1").packed)]}

    def test_repair_registers_again(self, engine: Engine, links: Links) -> None:
        engine.create_xml(documents.nat(extra=REGISTERED))
        links.dns.clear()  # as a restart of systemd-resolved does
        links.domains.clear()
        (line,) = engine.reconcile()
        assert "guests.example" in line
        assert list(links.domains.values()) == [[("guests.example", True)]]

    def test_without_it_a_warning_says_so(self, engine: Engine) -> None:
        engine.create_xml(documents.nat(extra=REGISTERED))
        (warning,) = warnings(engine)
        assert "systemd-resolved does not run" in warning

    def test_nothing_is_registered_unless_asked(self, engine: Engine, links: Links) -> None:
        engine.create_xml(documents.nat())
        assert (links.dns, links.domains) == ({}, {})


class TestTheBus:
    def test_a_program_of_another_network_namespace_is_not_there(
        self, engine: Engine, address: str
    ) -> None:
        with elsewhere(address, ZONES.name):
            bus = Bus()
            assert not bus.reaches(ZONES)
            bus.close()
            with pytest.raises(InternalError, match="but firewalld is not active"):
                engine.create_xml(in_zone("public"))

    def test_no_bus_at_all(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus")
        assert not Bus().reaches(ZONES)

    def test_it_is_found_again_after_it_was_lost(self, address: str, zones: Zones) -> None:
        bus = Bus()
        assert bus.reaches(ZONES)
        bus.close()
        assert bus.reaches(ZONES)
        assert bus.call(ZONES, "getZones", "") == (["public", "libvirt", "libvirt-routed"],)
        bus.close()

    def test_a_bus_that_hangs_up_is_an_error(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bus = Bus()
        with private_bus(tmp_path) as address:
            monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
            program = Program(address, ZONES.name, Zones("public").methods)
            assert bus.reaches(ZONES)
            program.close()
        with pytest.raises(ServiceFailed, match="error from service: getZones: "):
            bus.call(ZONES, "getZones", "")
        assert not bus.reaches(ZONES)


def in_zone(zone: str) -> str:
    return documents.nat().replace("<bridge name='virbr0'", f"<bridge name='virbr0' zone='{zone}'")


def warnings(engine: Engine) -> list[str]:
    return [one for one in engine.take_warnings() if "domain" in one]


def links_there() -> str:
    return subprocess.run(["ip", "-br", "link"], check=True, capture_output=True, text=True).stdout
