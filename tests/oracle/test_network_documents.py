"""Network documents through the real libvirtd and through ours: the same text, or the same refusal.

The documents are those of tests/cases/network-documents, and what hypothesis makes of the model.
Where ours is meant to differ, ``DEVIATIONS`` says why; an entry that no longer holds fails too.
"""

from __future__ import annotations

import re
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import HealthCheck, assume, given, settings

from network_documents import Case, load
from network_strategies import metadata_documents, networks, oddities, vlan_networks
from oracle.libvirtd import Libvirtd
from oracle.outcome import Outcome, Refusal, outcome_of
from pasarela.errors import ErrorCode
from pasarela.model.checks import check_definition
from pasarela.model.network import Network
from pasarela.model.values import MacAddress
from pasarela.xml.network import format_network, parse_network

pytestmark = [pytest.mark.oracle, pytest.mark.netns]

LATER = "libvirt's documentation has it since a version after 9.0.0"
UNESCAPED = "9.0.0 writes the value unescaped, so that its own file is no XML any more"
DANGEROUS = "the file would lie outside its folder, or hidden in it"
ENTITIES = "a document that declares entities is not read at all"

DEVIATIONS = {
    "identity: this folder": DANGEROUS,
    "identity: the folder above": DANGEROUS,
    "identity: a name with a carriage return": "read back it would be a newline, which is refused",
    "identity: title and description": LATER + " (9.7)",
    "identity: a title over two lines": LATER + " (9.7)",
    "identity: blank title": LATER + " (9.7)",
    "identity: another encoding declared": LATER + " (9.7)",
    "identity: character references": LATER + " (9.7)",
    "forward: open without an address": LATER + " (11.2)",
    "forward: driver model": LATER + " (10.1)",
    "forward: a physical function and dev": "9.0.0 prints %s for the network's name",
    "bridge: delay larger than it prints": "9.0.0 prints it as a negative number",
    "dns: domain with markup in its name": UNESCAPED,
    "dns: domain registered with the host's resolver": LATER + " (10.1)",
    "dns: domain registered but not local": LATER + " (10.1)",
    "dns: forwarder with a port": LATER,
    "dns: forwarder with a port too large": LATER,
    "dhcp: a host name with markup": UNESCAPED,
    "dhcp: bootp without file": "9.0.0 drops it without a word; libvirt refuses it since",
    "ports: a portgroup name with markup": UNESCAPED,
    "ports: virtualport midonet with a profile": "9.0.0 writes an empty <parameters/>",
    "ports: virtualport midonet with a type id and version": "9.0.0 writes an empty <parameters/>",
    "ports: a portgroup's bandwidth above the limit": LATER + ": tc cannot hold it",
    "traffic: bandwidth above the limit": LATER + ": tc cannot hold it",
    "traffic: bandwidth with a burst above the limit": LATER + ": tc cannot hold it",
    "traffic: vlan on a plain host bridge": LATER + " (11.0)",
    "malformed: an external entity": ENTITIES,
    "malformed: an entity": ENTITIES,
}


def ours(document: str, like: Outcome) -> Outcome:
    """What our code makes of a document; what it generates is taken from ``like``."""

    def define() -> str:
        network = parse_network(document)
        check_definition(network, is_virtual_function=lambda address: False)
        return format_network(_generated(network, like))

    return outcome_of(define)


def _generated(network: Network, like: Outcome) -> Network:
    if isinstance(like, Refusal):
        return network
    uuid = _find(r"<uuid>(.*?)</uuid>", like)
    mac = _find(r"^  <mac address='(.*?)'", like)
    name = _find(r"^  <bridge name='(.*?)'", like)
    if network.uuid is None and uuid:
        network = replace(network, uuid=UUID(uuid))
    if network.mac is None and mac:
        network = replace(network, mac=MacAddress(mac))
    if network.forward.mode.owns_bridge and name and "%" in (network.bridge.name or "%"):
        network = replace(network, bridge=replace(network.bridge, name=name))
    return network


def _find(pattern: str, text: str) -> str | None:
    match = re.search(pattern, text, re.MULTILINE)
    return match[1] if match else None


def test_there_are_enough_documents() -> None:
    assert len(load()) >= 300


@pytest.mark.parametrize("case", load(), ids=str)
def test_document(case: Case, libvirtd: Libvirtd) -> None:
    theirs = outcome_of(lambda: libvirtd.normalised(case.document))
    result = ours(case.document, theirs)
    if str(case) in DEVIATIONS:
        assert result != theirs, "this is no deviation any more: take it out of the table"
    else:
        assert result == theirs


SCHEMA_DEVIATIONS = {
    "forward: driver model",
    "identity: a root element with a prefix",
    "identity: title and description",
    "identity: a title over two lines",
    "identity: blank title",
    "identity: another encoding declared",
    "identity: character references",
    "dns: domain registered with the host's resolver",
    "dns: domain registered but not local",
    "dns: forwarder with a port",
    "malformed: an external entity",
    "malformed: an entity",
}


def is_refused_by_schema(outcome: Outcome) -> bool:
    """Whether the schema refused; what it says beneath libvirt's first line is its own."""
    if not isinstance(outcome, Refusal) or outcome.code != ErrorCode.XML_INVALID_SCHEMA:
        return False
    return outcome.message.startswith(
        "XML document failed to validate against schema: "
        "Unable to validate doc against /usr/share/libvirt/schemas/network.rng\n"
    )


def test_the_schemas_refuse_the_same(libvirtd: Libvirtd) -> None:
    def differs(case: Case) -> bool:
        theirs = outcome_of(lambda: libvirtd.normalised(case.document, validate=True))
        result = outcome_of(lambda: validated(case.document))
        return is_refused_by_schema(theirs) != is_refused_by_schema(result)

    assert {str(case) for case in load() if differs(case)} <= SCHEMA_DEVIATIONS


def validated(document: str) -> str:
    return format_network(parse_network(document, validate=True))


def test_no_deviation_is_forgotten() -> None:
    assert set(DEVIATIONS) <= {str(case) for case in load()}


MANY = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@MANY
@given(network=networks() | vlan_networks())
def test_generated_network(network: Network, libvirtd: Libvirtd) -> None:
    document = format_network(network)
    theirs = outcome_of(lambda: libvirtd.normalised(document))
    assert ours(document, theirs) == theirs


@MANY
@given(document=oddities())
def test_generated_oddity(document: str, libvirtd: Libvirtd) -> None:
    theirs = outcome_of(lambda: libvirtd.normalised(document))
    result = ours(document, theirs)
    assume(not (isinstance(result, Refusal) and result.code == ErrorCode.OVERFLOW))  # DEVIATIONS
    assert result == theirs


@MANY
@given(document=metadata_documents)
def test_generated_metadata(document: str, libvirtd: Libvirtd) -> None:
    theirs = outcome_of(lambda: libvirtd.normalised(document))
    assert ours(document, theirs) == theirs
