"""Network documents read, checked and written; what is expected stands beside each of them."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from network_documents import Case, load, outcome
from network_strategies import networks, oddities, vlan_networks
from pasarela.errors import PasarelaError
from pasarela.model.network import Forward, ForwardInterface, ForwardMode, Network
from pasarela.xml.network import format_network, parse_network

CASES = load()
ACCEPTED = [case for case in CASES if case.expected.startswith("accepted")]
LINE_ENDS = "libvirt writes a line's end in an attribute as it is, and it reads as a blank"
UNSTABLE = {
    "dhcp: a host name with a newline": LINE_ENDS,
    "dhcp: bootp with a file of markup": LINE_ENDS,
    "dns: domain with a newline": LINE_ENDS,
    "dns: txt name with a newline": "the blank that it would become is refused in a name",
    "dns: txt value with quotes, markup and a newline": LINE_ENDS,
    "ip: tftp with a newline": LINE_ENDS,
    "ports: options under another prefix": LINE_ENDS,
    "traffic: bandwidth of zero": "an empty <bandwidth> is written, and none is read",
    "traffic: bandwidth of zero with a peak": "an empty <bandwidth> is written, and none is read",
    "traffic: vlan the same twice and native": "both tags are written as native, which is refused",
}
QUICK = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_outcome(case: Case) -> None:
    assert outcome(case.document) == case.expected


def is_stable(case: Case) -> bool:
    text = format_network(parse_network(case.document))
    try:
        return format_network(parse_network(text)) == text
    except PasarelaError:
        return False


def test_what_was_written_reads_the_same_again_but_for_libvirts_own_exceptions() -> None:
    assert {str(case) for case in ACCEPTED if not is_stable(case)} == set(UNSTABLE)


@QUICK
@given(network=networks() | vlan_networks())
def test_a_network_survives_its_document(network: Network) -> None:
    assert parse_network(format_network(network)) == network


@QUICK
@given(document=oddities())
def test_nothing_but_a_refusal_escapes(document: str) -> None:
    try:
        text = format_network(parse_network(document))
    except PasarelaError as error:
        assert error.message
    else:
        assert format_network(parse_network(text)) == text


def test_every_refusal_of_a_document_says_where() -> None:
    for case in CASES:
        try:
            parse_network(case.document, source="net.xml")
        except PasarelaError as error:
            assert error.location is not None, case
            assert error.location.file == "net.xml", case
            assert error.location.line is not None, case


def test_the_live_form_counts_guests() -> None:
    pool = Forward(
        mode=ForwardMode.PASSTHROUGH,
        interfaces=(ForwardInterface("eth0", connections=1), ForwardInterface("eth1")),
    )
    text = format_network(Network("n", forward=pool), inactive=False, connections=1)
    assert "<network connections='1'>" in text
    assert "<interface dev='eth0' connections='1'/>" in text
    assert "<interface dev='eth1'/>" in text


def test_the_persistent_form_does_not() -> None:
    pool = Forward(
        mode=ForwardMode.PASSTHROUGH, interfaces=(ForwardInterface("eth0", connections=1),)
    )
    assert "connections" not in format_network(Network("n", forward=pool), connections=1)


def test_devices_found_by_their_physical_function_are_only_in_the_live_form() -> None:
    pool = Forward(
        mode=ForwardMode.PASSTHROUGH, pf="eth0", interfaces=(ForwardInterface("eth0v1"),)
    )
    network = Network("n", forward=pool)
    assert "eth0v1" in format_network(network, inactive=False)
    assert "eth0v1" not in format_network(network)
    assert "<forward mode='passthrough'>" in format_network(network)
