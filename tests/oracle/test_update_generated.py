"""net-update of generated networks with generated items, ours beside the real libvirt's.

The items are those of the network itself or of another one, as they are or with something odd.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from network_strategies import VALUES, networks, vlan_networks
from oracle.libvirtd import Libvirtd
from oracle.outcome import Outcome, Refusal, outcome_of
from oracle.update_cases import LATER
from pasarela.model.handles import Affect, UpdateCommand, UpdateSection
from pasarela.model.network import Network
from pasarela.xml.fragment import update_network
from pasarela.xml.network import format_network, parse_network

pytestmark = pytest.mark.oracle

# The elements of a document that are items of a section.
PATTERNS = {
    UpdateSection.IP_DHCP_HOST: r" <host (?:mac|id|name)=[^>]*?(?:/>|>.*?</host>)",
    UpdateSection.IP_DHCP_RANGE: r" <range .*?(?:/>|</range>)",
    UpdateSection.FORWARD_INTERFACE: r" <interface .*?/>",
    UpdateSection.PORTGROUP: r" <portgroup .*?</portgroup>",
    UpdateSection.DNS_HOST: r" <host ip=.*?</host>",
    UpdateSection.DNS_TXT: r" <txt .*?/>",
    UpdateSection.DNS_SRV: r" <srv .*?/>",
}


@dataclass(frozen=True)
class Update:
    network: Network
    command: int
    section: int
    index: int
    item: str


@st.composite
def updates(draw: st.DrawFn) -> Update:
    """Mostly what should go well: to delete or modify what is there, to add what is not."""
    network = replace(draw(networks() | vlan_networks()), name="n")
    own = draw(st.booleans())
    donor = network if own else draw(networks() | vlan_networks())
    section, item = draw(st.sampled_from(_items(donor)))
    likely = [UpdateCommand.DELETE, UpdateCommand.MODIFY] if own else [UpdateCommand.ADD_FIRST]
    return Update(
        network,
        draw(st.sampled_from([*likely, *likely, *UpdateCommand])),
        section,
        draw(st.sampled_from([-1, -1, -1, 0, 1])),
        draw(st.sampled_from([st.just(item), st.just(item), _odd(item)]).flatmap(lambda one: one)),
    )


def _items(network: Network) -> list[tuple[int, str]]:
    document = format_network(network)
    found = [
        (section, item.strip())
        for section, pattern in PATTERNS.items()
        for item in re.findall(pattern, document, re.DOTALL)
    ]
    assume(found)
    return found


@st.composite
def _odd(draw: st.DrawFn, item: str) -> str:
    """One attribute left out, or with another value."""
    attributes = re.findall(r" [a-zA-Z]+='[^']*'", item)
    attribute = draw(st.sampled_from(attributes))
    value = draw(st.none() | st.sampled_from(VALUES))
    name = attribute.partition("=")[0]
    return item.replace(attribute, "" if value is None else f"{name}='{value}'", 1)


def real(libvirtd: Libvirtd, update: Update) -> Outcome:
    handle = libvirtd.define(format_network(update.network))

    def change() -> str:
        libvirtd.update(
            handle,
            update.command,
            update.section,
            update.item,
            parent_index=update.index,
            flags=Affect.CONFIG,
        )
        return libvirtd.dumpxml(handle, inactive=True)

    try:
        return outcome_of(change)
    finally:
        libvirtd.undefine(handle)


def ours(update: Update) -> Outcome:
    def change() -> str:
        network = parse_network(format_network(update.network))
        return format_network(
            update_network(network, update.command, update.section, update.index, update.item)
        )

    return outcome_of(change)


@settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(update=updates())
def test_generated_update(update: Update, libvirtd: Libvirtd):
    theirs = real(libvirtd, update)
    assume(not _is_deviation(theirs))
    event("refused" if isinstance(theirs, Refusal) else "done")
    assert ours(update) == theirs


def _is_deviation(theirs: Outcome) -> bool:
    """What only later releases do, and documents that 9.0.0 writes so that it cannot read them."""
    if not isinstance(theirs, Refusal):
        return False
    return theirs.message in LATER or theirs.message.startswith("(network_definition)")
