"""Metadata elements beside the real libvirt's.

libvirt 9.0.0 has them for guests alone; later ones do the same for networks, with the same code.
virsh's own test driver is the judge, so no daemon is needed.

Meant to differ, as libvirt's results are no well-formed documents or lose what was given: a
namespace with ``&`` is escaped, ``xml`` is no key, a comment before the element does not matter.
"""

from __future__ import annotations

import os
import re
import subprocess

import pytest

from oracle.outcome import Outcome, Refusal, outcome_of
from pasarela.model.network import Network
from pasarela.xml.metadata import get_element, set_element
from pasarela.xml.network import format_network, parse_network

pytestmark = pytest.mark.oracle

URI = "http://example.org/app"
OTHER = "http://example.org/other"

ELEMENTS = (
    "<a>1</a>",
    "<a/>",
    "<a><b c='d&amp;&quot;'/><x:y xmlns:x='urn:z'/><z>t</z></a>",
    "<a at='1'   bt=\"2\"><b/></a>",
    "<a xmlns='urn:d'><b/></a>",
    "<q:a xmlns:q='urn:d'><b/></q:a>",
    "<a xmlns:j='urn:y'><b/><c j:d='3'/></a>",
    "<a>mixed <b>and</b> more</a>",
    "<a>&lt;x&gt; &amp; 'quoted' \"twice\"</a>",
    "<a><b><c><d/></c></b></a>",
)

REFUSED = ("<a>", "text", "<a/><b/>", "<a xmlns:k='urn:other'/>", "<a b=c/>", "<a></b>")


class Judge:
    """The guest ``test`` of virsh's test driver."""

    def __init__(self) -> None:
        self.commands: list[str] = []

    def set(self, uri: str, key: str, element: str) -> None:
        quoted = element.replace("\\", "\\\\").replace('"', '\\"')
        self.commands.append(f'metadata test {uri} --key {key} --set "{quoted}"')

    def remove(self, uri: str) -> None:
        self.commands.append(f"metadata test {uri} --remove")

    def element(self, uri: str) -> Outcome:
        return self._last(f"metadata test {uri}").removesuffix("\n")

    def document(self) -> Outcome:
        found = re.search(
            r"  <metadata>.*</metadata>|  <metadata/>", self._last("dumpxml test"), re.S
        )
        return found[0].strip() if found else ""

    def refusal(self) -> str:
        return self._run(self.commands).stderr.strip().removeprefix("error: ")

    def _last(self, command: str) -> str:
        mark = "=====\n"
        said = self._run([*self.commands, "echo =====", command])
        assert said.returncode == 0, said.stderr
        return said.stdout.rpartition(mark)[2].removeprefix("\n").removesuffix("\n")

    def _run(self, commands: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["virsh", "-c", "test:///default", "; ".join(commands)],
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
            env=os.environ | {"LC_ALL": "C"},
        )


@pytest.fixture
def judge(libvirtd: object) -> Judge:
    """Where libvirtd is, virsh is too."""
    return Judge()


@pytest.mark.parametrize("element", ELEMENTS)
def test_an_element_is_stored_and_given_back_as_in_libvirt(judge: Judge, element: str):
    judge.set(URI, "k", element)
    network = set_element(Network("n"), element, "k", URI)
    assert network.metadata == judge.document()
    if "urn:d" not in element:
        assert get_element(network, URI) == judge.element(URI)


@pytest.mark.parametrize("element", ELEMENTS)
def test_what_is_stored_survives_being_written_and_read(element: str):
    network = set_element(Network("n"), element, "k", URI)
    assert parse_network(format_network(network)).metadata == network.metadata


@pytest.mark.parametrize("element", REFUSED)
def test_refusals_are_libvirts(judge: Judge, element: str):
    judge.set(URI, "k", element)
    ours = outcome_of(lambda: str(set_element(Network("n"), element, "k", URI)))
    assert isinstance(ours, Refusal)
    assert ours.message == judge.refusal()


def test_elements_of_several_namespaces_live_side_by_side(judge: Judge):
    network = Network("n")
    for uri, key, element in ((URI, "k", "<a>1</a>"), (OTHER, "k", "<b/>"), (URI, "j", "<c/>")):
        judge.set(uri, key, element)
        network = set_element(network, element, key, uri)
        assert network.metadata == judge.document()
    for uri in (URI, URI, OTHER):
        judge.remove(uri)
        network = set_element(network, None, None, uri)
        assert network.metadata == judge.document()


def test_a_key_that_is_no_prefix_is_refused_as_by_libvirt(judge: Judge):
    judge.set(URI, "k:j", "<a/>")
    ours = outcome_of(lambda: str(set_element(Network("n"), "<a/>", "k:j", URI)))
    assert isinstance(ours, Refusal)
    assert ours.message == judge.refusal()


def test_a_namespace_with_an_ampersand_stays_well_formed():
    uri = "http://example.org/?a=1&b=2"
    network = set_element(Network("n"), "<a/>", "k", uri)
    assert "a=1&amp;b=2" in (network.metadata or "")
    assert get_element(parse_network(format_network(network)), uri) == "<a/>"
