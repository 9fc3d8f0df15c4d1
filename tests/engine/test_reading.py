"""What is read besides the networks themselves: leases, and the host's own interfaces."""

from __future__ import annotations

import json
import subprocess
import time
from uuid import UUID

import pytest

from engine import documents
from pasarela.client.uri import open_uri
from pasarela.engine.engine import Engine
from pasarela.errors import InterfaceNotFound, InvalidMac, NetworkNotFound, NoDriver
from pasarela.model.handles import InterfaceFilter, InterfaceRef, Lease, LeaseType, NetworkRef
from pasarela.model.paths import Paths

MAC, OTHER = "52:54:00:aa:00:01", "52:54:00:aa:00:02"


@pytest.fixture
def leased(engine: Engine, paths: Paths) -> NetworkRef:
    ref = engine.define_xml(documents.dual())
    paths.leases.mkdir(parents=True)
    records = [
        {"ip-address": "10.0.0.7", "mac-address": MAC, "hostname": "one", "expiry-time": 0},
        {"ip-address": "fd00::7", "mac-address": OTHER, "iaid": "9", "expiry-time": 0},
        {"ip-address": "10.0.0.8", "mac-address": OTHER, "expiry-time": 1},
    ]
    paths.lease_status("virbr0").write_text(json.dumps(records))
    return ref


class TestLeases:
    def test_have_their_networks_prefix_and_bridge(
        self, engine: Engine, leased: NetworkRef
    ) -> None:
        assert list(engine.dhcp_leases(leased)) == [
            Lease("virbr0", 0, LeaseType.IPV4, MAC, None, "10.0.0.7", 24, "one", None),
            Lease("virbr0", 0, LeaseType.IPV6, OTHER, "9", "fd00::7", 64, None, None),
        ]

    def test_of_one_guest(self, engine: Engine, leased: NetworkRef) -> None:
        [lease] = engine.dhcp_leases(leased, MAC.upper())
        assert lease.address == "10.0.0.7"

    def test_a_bad_mac_is_seen_before_the_network_is_looked_for(self, engine: Engine) -> None:
        with pytest.raises(InvalidMac):
            engine.dhcp_leases(NetworkRef("n", UUID(int=3)), "52:54:zz")
        with pytest.raises(NetworkNotFound):
            engine.dhcp_leases(NetworkRef("n", UUID(int=3)), MAC)

    def test_a_network_without_a_bridge_of_its_own_has_none(self, engine: Engine) -> None:
        assert engine.dhcp_leases(engine.define_xml(documents.on_bridge())) == []
        assert engine.dhcp_leases(engine.define_xml(documents.nat(3))) == []


@pytest.mark.netns
@pytest.mark.usefixtures("netns")
class TestInterfaces:
    def test_are_listed_by_their_state(self, engine: Engine) -> None:
        add = "ip link add up0 address 52:54:00:00:00:07 type veth peer name down0"
        subprocess.run(add.split(), check=True)
        for name in ("up0", "down0"):
            subprocess.run(["ip", "link", "set", name, "up"], check=True)
        up = InterfaceRef("up0", "52:54:00:00:00:07")
        end = time.monotonic() + 20  # the kernel looks for carriers when it has time
        while len(active := engine.list_interfaces(InterfaceFilter.ACTIVE)) < 2:
            assert time.monotonic() < end
            time.sleep(0.01)
        assert up in active
        assert [ref.name for ref in engine.list_interfaces(InterfaceFilter.INACTIVE)] == ["lo"]
        assert len(engine.list_interfaces()) == 3
        assert engine.interface_lookup_by_name("up0") == up
        assert engine.interface_lookup_by_mac(up.mac) == up
        assert engine.interface_is_active(up)
        assert "<mac address='52:54:00:00:00:07'/>" in engine.interface_xml_desc(up)

    def test_one_that_is_not_there(self, engine: Engine) -> None:
        with pytest.raises(InterfaceNotFound, match="couldn't find interface named 'nix'"):
            engine.interface_lookup_by_name("nix")


def test_a_uri_that_means_something_else_is_refused() -> None:
    with pytest.raises(NoDriver) as error:
        open_uri("xen:///system", "/")
    assert error.value.message == "no connection driver available for xen:///system"
