"""A network's rules: the whole text of each kind, and what no text may do.

The texts lie in tests/plan/firewall/; ``PASARELA_WRITE_CASES=1`` writes them anew.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.nftables.kinds import KINDS, NAT, network, section
from pasarela.errors import ConfigUnsupported
from pasarela.model.network import Bridge, Forward, ForwardMode, Network
from pasarela.plan.facts import Capabilities, Facts
from pasarela.plan.firewall import firewall_section, firewall_warnings
from pasarela.plan.nftables import IfName, Table
from pasarela.plan.ruleset import render, render_base

CASES = Path(__file__).parent / "firewall"


def check_case(name: str, text: str) -> None:
    path = CASES / f"{name}.nft"
    if os.environ.get("PASARELA_WRITE_CASES"):
        path.write_text(text)
    assert text == path.read_text()


@pytest.mark.parametrize("kind", KINDS)
def test_the_text_of_each_kind(kind: str):
    check_case(kind, render(section(KINDS[kind], bridge_meta=True)))


def test_the_text_where_the_kernel_does_not_know_a_ports_bridge():
    check_case("very-isolated-poor-kernel", render(section(KINDS["very-isolated"])))


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"very-isolated"}))
def test_one_kind_alone_needs_the_table_of_the_bridge_family(kind: str):
    assert section(KINDS[kind], bridge_meta=True) == section(KINDS[kind])
    assert section(KINDS[kind], bridge_meta=True).tables == {Table.INET}


@pytest.mark.parametrize("table", Table)
def test_the_text_of_what_is_always_there(table: Table):
    check_case("base" if table is Table.INET else f"base-{table.family}", render_base(table))


@pytest.mark.parametrize(
    ("kind", "meta", "br_netfilter", "warned"),
    [
        ("very-isolated", False, False, True),
        ("very-isolated", True, False, False),
        ("very-isolated", False, True, False),
        ("very-isolated-ipv6", False, False, False),
        ("isolated", False, False, False),
    ],
)
def test_a_promise_that_the_kernel_cannot_keep_is_told(
    kind: str, meta: bool, br_netfilter: bool, warned: bool
):
    able = Capabilities(nft_bridge_meta=meta, bridged_ipv6_filtered=br_netfilter)
    said = list(firewall_warnings(KINDS[kind], Facts(capabilities=able)))
    assert bool(said) == warned
    assert all("CONFIG_NFT_BRIDGE_META" in one and "modprobe br_netfilter" in one for one in said)


@pytest.mark.parametrize("mode", set(ForwardMode) - {ForwardMode.NONE, NAT, ForwardMode.ROUTE})
def test_other_modes_have_no_rule_of_ours(mode: ForwardMode):
    assert firewall_section(replace(KINDS["nat"], forward=Forward(mode))) is None


def test_equal_sections_have_equal_digests_and_others_not():
    sections = {section(one) for one in KINDS.values()}
    assert {section(one) for one in KINDS.values()} == sections
    assert len(sections) == len(KINDS)


def test_a_drifted_section_differs_and_still_carries_its_rules():
    whole = section(KINDS["nat"])
    drifted = whole.drifted("rules of to_virbr0 were changed")
    assert drifted != whole
    assert (drifted.key, drifted.chains) == (whole.key, whole.chains)
    assert "but rules of to_virbr0 were changed" in drifted.describe()


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a" * 16, "é" * 8, "a b", "a/b", "a:b", 'a"b', "a\nb", "a\0b", "a\x7fb"]
)
def test_a_name_that_no_link_has_is_refused(name: str):
    with pytest.raises(ConfigUnsupported, match="cannot be in a firewall rule"):
        firewall_section(Network("n", bridge=Bridge(name)))
    with pytest.raises(ConfigUnsupported):
        firewall_section(network("virbr0", "10.0.0.1/8", mode=NAT, dev=name or "\t"))


@given(st.text(max_size=15))
def test_a_name_is_refused_or_stays_within_its_quotes(name: str):
    try:
        text = render(section(network(name, "192.168.1.1/24")))
    except ConfigUnsupported:
        return
    plain = render(section(network("virbr9", "192.168.1.1/24")))
    link = IfName(name)
    restored = text.replace(link.quoted(), '"virbr9"')
    chain = rf"\b(to|from)_{re.escape(link.identifier())}(?= )"
    assert re.sub(chain, r"\1_virbr9", restored) == plain


@given(st.text(max_size=15), st.text(max_size=15))
def test_two_names_never_share_a_chain(one: str, other: str):
    try:
        links = IfName(one), IfName(other)
    except ConfigUnsupported:
        return
    assert (links[0].identifier() == links[1].identifier()) == (one == other)
