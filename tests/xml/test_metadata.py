"""Metadata elements where there is no libvirt to ask."""

from __future__ import annotations

import pytest

from pasarela.errors import InternalError, MetadataNotFound, XmlSyntaxError
from pasarela.model.network import Network
from pasarela.xml.metadata import get_element, set_element

URI = "urn:app"
EMPTY = Network("n")


def test_nothing_there_is_said_in_libvirts_words():
    with pytest.raises(MetadataNotFound) as refusal:
        get_element(EMPTY, URI)
    assert refusal.value.message == (
        "metadata not found: Requested metadata element is not present"
    )


def test_removing_what_is_not_there_changes_nothing():
    assert set_element(EMPTY, None, None, URI) is EMPTY


def test_the_prefix_is_not_given_back():
    assert get_element(set_element(EMPTY, "<a><b/></a>", "k", URI), URI) == "<a>\n  <b/>\n</a>"


def test_another_element_of_the_namespace_takes_its_place():
    once = set_element(EMPTY, "<a/>", "k", URI)
    assert get_element(set_element(once, "<b/>", "j", URI), URI) == "<b/>"


def test_the_network_given_stays_as_it_is():
    once = set_element(EMPTY, "<a/>", "k", URI)
    set_element(once, "<b/>", "k", URI)
    assert get_element(once, URI) == "<a/>"


@pytest.mark.parametrize("key", ["", None, "1k", "k j", "k:j", "xml", "xmlns", "a>b", "k='x'"])
def test_a_key_must_be_a_prefix(key: str | None):
    with pytest.raises(InternalError, match="failed to validate prefix"):
        set_element(EMPTY, "<a/>", key, URI)


def test_a_prefix_is_declared_once():
    with pytest.raises(InternalError, match="failed to create a new XML namespace"):
        set_element(EMPTY, "<a xmlns:k='urn:x'/>", "k", URI)


@pytest.mark.parametrize(
    "text", ["", "<a>", "<a/><b/>", "<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>"]
)
def test_the_text_must_be_one_element(text: str):
    with pytest.raises(XmlSyntaxError):
        set_element(EMPTY, text, "k", URI)


@pytest.mark.parametrize("uri", ["urn:'quoted'", "urn:a&b", "x:<y", '"'])
def test_no_namespace_breaks_out_of_its_quotes(uri: str):
    """It is stored and found again, or refused."""
    try:
        network = set_element(EMPTY, "<a/>", "k", uri)
    except XmlSyntaxError:
        return
    assert get_element(network, uri) == "<a/>"
