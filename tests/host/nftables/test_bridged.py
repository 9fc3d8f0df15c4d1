"""The table of the bridge family: what guests of one bridge may not say to each other.

Its one rule asks for the bridge of a port (CONFIG_NFT_BRIDGE_META). On a kernel without, the
table's life is tested with the port's own name asked for in its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from host.nftables.kinds import KINDS, network, section
from host.nftables.listing import listing, nft, observed, table_exists
from host.nftables.probe import PATIENCE, SHORT, SILENCE, all_ways
from host.nftables.topology import Namespace, Topology
from pasarela.host.capabilities import KernelCapabilities
from pasarela.host.netlink.socket import NetlinkSocket
from pasarela.host.nftables import Firewall, transaction
from pasarela.host.nftables.probe import has_bridge_meta
from pasarela.plan.actions import Change, Create, Remove, undo
from pasarela.plan.nftables import DROP, EtherType, Field, Lookup, Match, Table, rule
from pasarela.plan.ruleset import BASES, NO_IPV6, render, render_base

pytestmark = pytest.mark.netns

BRIDGE = str(Table.BRIDGE)
INCAPABLE = "this kernel has no CONFIG_NFT_BRIDGE_META"
SILENT = section(KINDS["very-isolated"], bridge_meta=True)
QUIET = section(network("virbr5"), bridge_meta=True)
ISOLATED = section(KINDS["isolated"])
ALL = (SILENT, QUIET, ISOLATED)
BY_PORT = rule(Match(Field.ETHERTYPE, EtherType.IP6), Lookup((Field.IIFNAME,), NO_IPV6), DROP)


@pytest.fixture
def firewall(firewall: Firewall, monkeypatch: pytest.MonkeyPatch) -> Iterator[Firewall]:
    """One that this kernel can do the table's life for."""
    if has_bridge_meta():
        yield firewall
        return
    base = BASES[Table.BRIDGE]
    chains = tuple(replace(chain, rules=(BY_PORT,)) for chain in base.chains)
    monkeypatch.setitem(BASES, Table.BRIDGE, replace(base, chains=chains))  # type: ignore[arg-type]
    transaction.base.cache_clear()
    yield firewall
    monkeypatch.undo()
    transaction.base.cache_clear()


@pytest.fixture
def capable(netns: None) -> None:
    if not has_bridge_meta():
        pytest.skip(INCAPABLE)


def test_to_ask_what_the_kernel_can_leaves_nothing(netns: None):
    known = KernelCapabilities(NetlinkSocket(0)).nft_bridge_meta
    assert nft("list", "ruleset") == ""
    assert known == has_bridge_meta()


def test_to_ask_again_harms_no_table_that_is_there(firewall: Firewall):
    firewall.apply([Create(SILENT)])
    before = nft("list", "ruleset")
    has_bridge_meta()
    assert nft("list", "ruleset") == before


def test_both_tables_come_in_one_transaction(firewall: Firewall):
    firewall.apply([Create(one) for one in ALL])
    assert observed(ALL) == set(ALL)
    assert observed([SILENT]) == {SILENT}
    assert listing(BRIDGE)["set no_ipv6"]["elem"] == ["virbr2", "virbr5"]


def test_it_is_there_only_while_a_network_needs_it(firewall: Firewall):
    firewall.apply([Create(ISOLATED)])
    assert not table_exists(BRIDGE)
    firewall.apply([Create(SILENT), Create(QUIET)])
    firewall.apply([Remove(QUIET)])
    assert observed(ALL) == {SILENT, ISOLATED}
    firewall.apply([Remove(SILENT)])
    assert not table_exists(BRIDGE)
    assert observed(ALL) == {ISOLATED}
    firewall.apply([Remove(ISOLATED)])
    assert nft("list", "ruleset") == ""


def test_a_network_that_may_speak_ipv6_from_now_on(firewall: Firewall):
    allowed = section(KINDS["very-isolated-ipv6"])
    firewall.apply([Create(SILENT)])
    done = (Change(SILENT, allowed),)
    firewall.apply(done)
    assert observed([allowed]) == {allowed}
    assert not table_exists(BRIDGE)
    firewall.apply(undo(done))
    assert observed([SILENT]) == {SILENT}


def test_a_table_that_somebody_else_uses_too_stays(firewall: Firewall):
    firewall.apply([Create(SILENT)])
    nft("add", "chain", *BRIDGE.split(), "mine")
    firewall.apply([Remove(SILENT)])
    assert "virbr2" not in nft("list", "ruleset")
    assert table_exists(BRIDGE)


DRIFTS = {
    "the table deleted": "delete table {table}",
    "all tables deleted": "flush ruleset",
    "the rule deleted": "flush chain {table} bridged",
    "the rule overtaken": "insert rule {table} bridged accept",
    "the link taken off": 'delete element {table} no_ipv6 {{ "virbr2" }}',
    "a policy changed": "add chain {table} bridged {{ policy drop; }}",
    "the table dormant": "add table {table} {{ flags dormant; }}",
}


@pytest.mark.parametrize("drift", DRIFTS)
@pytest.mark.parametrize("neighbours", [(), (ISOLATED,), (QUIET,)], ids=["none", "other", "same"])
def test_what_others_do_is_noticed_and_put_right(firewall: Firewall, drift, neighbours):
    everything = {SILENT, *neighbours}
    firewall.apply([Create(one) for one in everything])
    whole = listing(), listing(BRIDGE)
    nft(text=DRIFTS[drift].format(table=BRIDGE) + "\n")
    found = firewall.observe(everything)
    assert SILENT not in found
    seen = {one.key: one for one in found}
    firewall.apply(
        [Change(seen[one.key], one) if one.key in seen else Create(one) for one in everything]
    )
    assert observed(everything) == everything
    assert (listing(), listing(BRIDGE)) == whole


def test_a_link_that_somebody_put_into_the_set_is_noticed(firewall: Firewall):
    firewall.apply([Create(ISOLATED), Create(SILENT)])
    nft("add", "element", *BRIDGE.split(), "no_ipv6", '{ "virbr1" }')
    (found,) = firewall.observe([ISOLATED])
    assert "no_ipv6" in found.drift
    firewall.apply([Change(found, ISOLATED)])
    assert observed(ALL) == {ISOLATED, SILENT}


@pytest.mark.usefixtures("capable")
def test_our_bytes_are_what_nft_makes_of_the_text(firewall: Firewall):
    firewall.apply([Create(SILENT)])
    ours = listing(BRIDGE), listing()
    nft("flush", "ruleset")
    nft(text=render_base() + render_base(Table.BRIDGE) + render(SILENT))
    assert ours == (listing(BRIDGE), listing())


@pytest.mark.usefixtures("capable")
@pytest.mark.parametrize("shown", ["0", "1"], ids=["unseen", "br_netfilter"])
def test_ipv6_does_not_pass_within_the_bridge(shown: str):
    with Namespace.new().inside():
        topology = Topology()
        topology.bridge("virbr2")
        topology.bridge("virbr5")
        guests = [
            topology.guest("virbr2", f"port{n}", f"10.60.0.{n}/24", f"fd00:60::{n}/64")
            for n in (1, 2)
        ]
        others = [topology.guest("virbr5", f"other{n}", f"fd00:61::{n}/64") for n in (1, 2)]
        for port in ("port1", "port2", "other1", "other2"):
            topology.wait_until_forwarding(port)
        try:
            topology.host.sysctl("bridge/bridge-nf-call-ip6tables", shown)
        except FileNotFoundError:
            if shown == "1":
                pytest.skip("br_netfilter is not loaded")
        firewall = Firewall()
        assert all_ways(*guests, "fd00:60::2", patience=PATIENCE) == {"fd00:60::1"}
        firewall.apply([Create(SILENT)])
        assert all_ways(*guests, "fd00:60::2", patience=SHORT) == {SILENCE}  # known neighbours
        topology.forget_neighbours()
        assert all_ways(*guests, "fd00:60::2", patience=SHORT) == {SILENCE}
        assert all_ways(*guests, "10.60.0.2", patience=PATIENCE) == {"10.60.0.1"}
        assert all_ways(*others, "fd00:61::2", patience=PATIENCE) == {"fd00:61::1"}
        firewall.apply([Remove(SILENT)])
        topology.forget_neighbours()
        assert all_ways(*guests, "fd00:60::2", patience=PATIENCE) == {"fd00:60::1"}
        firewall.close()
        topology.close()
