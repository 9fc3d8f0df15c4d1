"""The real firewalld and systemd-resolved, on a bus of the test's own.

Neither is installed by scripts/install: firewalld would put a firewall before the machine that
tests, and Debian's systemd-resolved takes over its /etc/resolv.conf.
"""

from __future__ import annotations

import asyncio
import pwd
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest

from engine import documents
from host.dbus.private_bus import private_bus
from host.guests import guest
from pasarela.client.embedded import open_embedded
from pasarela.daemon.bus_watch import BusWatch
from pasarela.engine.engine import Engine
from pasarela.errors import ServiceFailed
from pasarela.host.dbus.bus import Bus
from pasarela.host.dbus.firewalld import ZONES
from pasarela.host.dbus.resolved import MANAGER

pytestmark = [pytest.mark.netns, pytest.mark.usefixtures("netns")]
FIREWALLD = Path("/usr/sbin/firewalld")
RESOLVED = Path("/lib/systemd/systemd-resolved")
START_SECONDS = 20.0


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bus]:
    folder = Path(tempfile.mkdtemp(dir="/run"))  # this test's own; systemd-resolved is no root
    folder.chmod(0o755)
    with private_bus(folder) as address:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        found = Bus()
        yield found
        found.close()


@pytest.fixture
def firewalld(bus: Bus, tmp_path: Path) -> Iterator[Bus]:
    if not FIREWALLD.exists():
        pytest.skip("firewalld is not installed")
    with running(tmp_path, str(FIREWALLD), "--nofork", "--nopid"):
        until(lambda: bus.reaches(ZONES) and b"firewalld" in tables())
        yield bus


@pytest.fixture
def resolved(bus: Bus, tmp_path: Path) -> Iterator[Bus]:
    if not RESOLVED.exists():
        pytest.skip("systemd-resolved is not installed")
    try:
        pwd.getpwnam("systemd-resolve")
    except KeyError:
        pytest.skip("there is no user systemd-resolve")
    Path("/run/systemd").mkdir(exist_ok=True)  # where it makes a folder of its own
    with running(tmp_path, str(RESOLVED)):
        until(lambda: bus.reaches(MANAGER))
        yield bus


@contextmanager
def running(folder: Path, *command: str) -> Iterator[None]:
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(command, stdout=log, stderr=log) as process,
    ):
        try:
            yield
        finally:
            process.terminate()
            process.wait(10)


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + START_SECONDS
    while not holds():
        assert time.monotonic() < end, "it has not started"
        time.sleep(0.05)


def tables() -> bytes:
    return subprocess.run(["nft", "list", "tables"], check=True, capture_output=True).stdout


class TestFirewalld:
    def test_a_guest_behind_it_gets_an_address(self, firewalld: Bus, root: Path) -> None:
        engine = open_embedded(root)
        ref = engine.create_xml(documents.nat())
        assert zone_of(firewalld, "virbr0") == "libvirt"
        assert not [one for one in engine.take_warnings() if "firewalld" in one]
        with guest("virbr0") as one:
            _, address, _ = one.dhcp()
        assert address.startswith("10.0.0.")
        engine.destroy(ref)
        assert zone_of(firewalld, "virbr0") == ""

    def test_without_a_zone_it_gets_none(self, firewalld: Bus, root: Path) -> None:
        engine = open_embedded(root)
        engine.create_xml(documents.nat())
        firewalld.call(ZONES, "removeInterface", "ss", "libvirt", "virbr0")
        with guest("virbr0") as one, pytest.raises(AssertionError):
            one.dhcp()
        engine.reconcile()
        assert zone_of(firewalld, "virbr0") == "libvirt"

    def test_a_zone_that_is_asked_for(self, firewalld: Bus, root: Path) -> None:
        engine = open_embedded(root)
        engine.create_xml(documents.nat().replace("name='virbr0'", "name='virbr0' zone='trusted'"))
        assert zone_of(firewalld, "virbr0") == "trusted"

    def test_a_reload_forgets_the_zone_and_is_heard_of(self, firewalld: Bus, root: Path) -> None:
        async def reload() -> None:
            heard = asyncio.Event()
            watch = BusWatch(heard.set)
            while watch.is_deaf():
                await asyncio.sleep(0.01)
            firewalld.call(replace(ZONES, interface=ZONES.name), "reload", "")
            await asyncio.wait_for(heard.wait(), START_SECONDS)
            watch.close()

        engine = open_embedded(root)
        engine.create_xml(documents.nat())
        asyncio.run(reload())
        assert zone_of(firewalld, "virbr0") == ""
        engine.reconcile()
        assert zone_of(firewalld, "virbr0") == "libvirt"

    def test_a_zone_that_is_not_there(self, firewalld: Bus, root: Path) -> None:
        engine = open_embedded(root)
        with pytest.raises(ServiceFailed, match="INVALID_ZONE: nosuch") as refusal:
            engine.create_xml(
                documents.nat().replace("name='virbr0'", "name='virbr0' zone='nosuch'")
            )
        assert refusal.value.message == (
            "error from service: GDBus.Error:org.fedoraproject.FirewallD1.Exception: "
            "INVALID_ZONE: nosuch"
        )  # as the real libvirtd has it


def zone_of(bus: Bus, link: str) -> str:
    (zone,) = bus.call(ZONES, "getZoneOfInterface", "s", link)
    return str(zone)


class TestResolved:
    def test_it_asks_the_network_for_names_of_its_domain(self, resolved: Bus, root: Path) -> None:
        engine: Engine = open_embedded(root)
        dns = "<dns><host ip='10.0.0.77'><hostname>web.guests.example</hostname></host></dns>"
        domain = "<domain name='guests.example' localOnly='yes' register='yes'/>"
        ref = engine.create_xml(documents.nat(extra=domain + dns))
        with guest("virbr0"):  # it asks nobody on a link without a carrier
            until(lambda: addresses(resolved, "web.guests.example") == ["10.0.0.77"])
        assert engine.reconcile() == ()
        engine.destroy(ref)
        assert addresses(resolved, "web.guests.example") == []


def addresses(resolved: Bus, name: str) -> list[str]:
    """What the resolver finds for a name."""
    try:
        records, *_ = resolved.call(MANAGER, "ResolveHostname", "isit", 0, name, 2, 0)
    except ServiceFailed:
        return []
    return [str(ip_address(bytes(octets))) for _, _, octets in records]
