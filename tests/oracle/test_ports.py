"""Network ports: what the real libvirt makes of a request, and what ours does.

In two refusals libvirt prints the port's UUID as raw bytes; ours is written out.

Floors within a network's bandwidth are not here: the real daemon needs traffic classes for them
that this kernel may lack, and then starts no such network. They are in tests/model/test_floors.py.
"""

from __future__ import annotations

import re
from dataclasses import replace
from uuid import UUID

import pytest

from oracle import port_cases as cases
from oracle.libvirtd import Libvirtd
from oracle.outcome import Outcome, Refusal, outcome_of
from oracle.rpc import Handle
from pasarela.model.floors import Floors
from pasarela.model.network import Network
from pasarela.model.port import Port
from pasarela.model.ports import check_request, count_connections, plug_port, reclaim_port
from pasarela.xml.network import parse_network
from pasarela.xml.port import format_port, parse_port

pytestmark = pytest.mark.oracle

FRESH = UUID("99999999-9999-4999-8999-999999999999")
RECLAIM = 1
VALIDATE = 2


class Bench:
    """A running network, its ports in the real libvirt and with us."""

    def __init__(self, libvirtd: Libvirtd, name: str) -> None:
        self.libvirtd = libvirtd
        self.handle: Handle = libvirtd.create(cases.NETWORKS[name])
        self.network: Network = parse_network(libvirtd.dumpxml(self.handle))
        self.ports: dict[UUID, Port] = {}

    def real(self, document: str, flags: int) -> Outcome:
        def create() -> str:
            port = self.libvirtd.port_create(self.handle, document, flags=flags)
            return self.libvirtd.port_dumpxml(self.handle, port)

        return _comparable(outcome_of(create))

    def ours(self, document: str, flags: int) -> Outcome:
        def create() -> str:
            port = self._plug(document, flags)
            self.ports[port.uuid] = port
            return format_port(port)

        return _comparable(outcome_of(create))

    def _plug(self, document: str, flags: int) -> Port:
        request = parse_port(document, validate=bool(flags & VALIDATE))
        check_request(request, reclaim=bool(flags & RECLAIM))
        connections = count_connections(self.ports.values())
        if flags & RECLAIM:
            return reclaim_port(self.network, request, connections)
        return plug_port(self.network, request, connections, Floors(), FRESH).port

    def differences(self, documents: tuple[str, ...], flags: int = 0, *, first: int = 1) -> str:
        found = []
        for number, template in enumerate(documents, first):
            document = template.replace("{uuid}", str(UUID(int=number)))
            ours, real = self.ours(document, flags), self.real(document, flags)
            if ours != real:
                found.append(f"{document}\n  libvirt {real}\n  ours    {ours}")
        return "\n".join(found[:8])


def _comparable(outcome: Outcome) -> Outcome:
    """Without ids that are random where a switch wants one that nobody gave, and without UUIDs
    that libvirt garbles."""
    if isinstance(outcome, Refusal):
        message = re.sub(r"(in use by network port) '.*'", r"\1 '…'", outcome.message)
        return replace(outcome, message=message)
    given = "09b11c53"
    return re.sub(rf"(instanceid|interfaceid)='(?!{given})[^']*'", r"\1='…'", outcome)


@pytest.fixture(autouse=True)
def _clean(libvirtd: Libvirtd):
    yield
    libvirtd.reset()


@pytest.mark.parametrize("name", cases.NETWORKS)
def test_ports_are_plugged_as_in_libvirt(libvirtd: Libvirtd, name: str):
    bench = Bench(libvirtd, name)
    assert not bench.differences(cases.DOCUMENTS)


@pytest.mark.parametrize("name", cases.NETWORKS)
def test_ports_are_reclaimed_as_in_libvirt(libvirtd: Libvirtd, name: str):
    bench = Bench(libvirtd, name)
    assert not bench.differences(cases.RECLAIMED + cases.DOCUMENTS[:3], RECLAIM)


def test_a_plug_needs_the_flag_and_the_flag_a_plug(libvirtd: Libvirtd):
    bench = Bench(libvirtd, "nat")
    assert not bench.differences(cases.RECLAIMED)
    assert not bench.differences(cases.DOCUMENTS[:4], RECLAIM, first=1000)


def test_broken_documents_are_refused_alike(libvirtd: Libvirtd):
    bench = Bench(libvirtd, "nat")
    assert not bench.differences(cases.BROKEN)


def test_validation_refuses_alike(libvirtd: Libvirtd):
    """Alike in code, not in words; libvirt's schema refuses the address that it writes itself."""
    bench = Bench(libvirtd, "nat")
    known = "<address type='pci'"
    for number, template in enumerate(cases.DOCUMENTS + cases.BROKEN + cases.RECLAIMED, 1):
        document = template.replace("{uuid}", f"00000000-0000-4000-8000-{number:012x}")
        flags = VALIDATE | (RECLAIM if template in cases.RECLAIMED else 0)
        real, ours = bench.real(document, flags), bench.ours(document, flags)
        if known not in document:
            assert _kind(ours) == _kind(real), document


def _kind(outcome: Outcome) -> object:
    return (outcome.code, outcome.domain) if isinstance(outcome, Refusal) else outcome


def test_taken_devices_are_passed_over_and_free_ones_are_found_again(libvirtd: Libvirtd):
    bench = Bench(libvirtd, "macvtap")
    plain = cases.DOCUMENTS[:1]
    assert not bench.differences(plain * 5)
    for number in (2, 3):
        libvirtd.port_delete(bench.handle, UUID(int=number))
        del bench.ports[UUID(int=number)]
    assert not bench.differences(plain * 4, first=10)
    devices = {port.plug.dev for port in bench.ports.values() if port.plug}
    assert devices == {"eth0", "eth1", "eth2"}


def test_what_libvirt_shows_reads_and_writes_back_the_same(libvirtd: Libvirtd):
    bench = Bench(libvirtd, "hostbridge")
    for number, document in enumerate(cases.DOCUMENTS, 1):
        shown = bench.real(document.replace("{uuid}", str(UUID(int=number))), 0)
        if isinstance(shown, str) and "…" not in shown:
            assert format_port(parse_port(shown)) == shown


def test_an_inactive_network_has_no_place_for_a_port(libvirtd: Libvirtd):
    """The document is read first: what is wrong with it wins over the network's state."""
    handle = libvirtd.define(cases.NETWORKS["isolated"])
    refusals = [
        outcome_of(lambda text=text: str(libvirtd.port_create(handle, text)))
        for text in (cases.BROKEN[0], cases.DOCUMENTS[0].replace("{uuid}", str(FRESH)))
    ]
    codes = [getattr(refusal, "code", None) for refusal in refusals]
    assert codes == [1, 55]


def test_replacing_a_plug_changes_nothing_else():
    port = parse_port(cases.DOCUMENTS[1].replace("{uuid}", str(FRESH)))
    bridge = parse_port(
        cases.RECLAIMED[2].replace("{uuid}", str(FRESH)),
    ).plug
    assert bridge is not None
    assert port.plugged(bridge) == replace(port, plug=bridge)
