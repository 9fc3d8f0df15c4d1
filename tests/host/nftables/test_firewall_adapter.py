"""Sections on the real kernel: made, seen, changed, taken away; whatever others do is noticed."""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import replace

import pytest

from host.nftables.kinds import KINDS, NAT, network, section
from host.nftables.listing import TABLE, listing, nft, observed, table_exists
from pasarela.errors import SystemCallFailed
from pasarela.host.netlink import socket as netlink_socket
from pasarela.host.nftables import Firewall
from pasarela.plan.actions import Change, Create, Remove, undo
from pasarela.plan.nftables import RETURN, Chain, jump, rule
from pasarela.plan.ruleset import BASE_CHAINS, FirewallSection

pytestmark = pytest.mark.netns

NAT_SECTION = section(KINDS["nat-v6"])
ISOLATED = section(KINDS["isolated"])
SILENT = section(KINDS["very-isolated"])
ROUTED = section(KINDS["routed"])
ALL = (NAT_SECTION, ISOLATED, SILENT, ROUTED)


def test_what_was_created_is_seen(firewall: Firewall):
    firewall.apply([Create(one) for one in ALL])
    assert observed(ALL) == set(ALL)
    assert observed([ISOLATED]) == {ISOLATED}


def test_nothing_is_seen_of_what_is_not_there(firewall: Firewall):
    assert firewall.observe(ALL) == set()
    firewall.apply([Create(ISOLATED)])
    assert firewall.observe(ALL) == {ISOLATED}
    assert firewall.observe([NAT_SECTION]) == set()


def test_the_last_section_takes_the_table_with_it(firewall: Firewall):
    firewall.apply([Create(one) for one in ALL])
    firewall.apply([Remove(one) for one in ALL[1:]])
    assert table_exists()
    firewall.apply([Remove(NAT_SECTION)])
    assert not table_exists()


def test_others_tables_are_left_alone(firewall: Firewall):
    nft(text="table ip other { chain c { accept; }\n chain to_virbr0 { drop; }\n}\n")
    before = nft("list", "table", "ip", "other")
    firewall.apply([Create(NAT_SECTION)])
    firewall.apply([Remove(NAT_SECTION)])
    assert nft("list", "ruleset") == before


def test_a_change_replaces_chains_and_elements(firewall: Firewall):
    before = section(KINDS["nat"])
    after = section(network("virbr0", "10.7.0.1/16", "fd00::1/64"))
    firewall.apply([Create(after)])
    wanted = listing()
    firewall.apply([Change(after, before), Change(before, after)])
    assert listing() == wanted
    firewall.apply([Change(after, before)])
    assert observed([before]) == {before}
    assert firewall.observe([after]) == {replace(after, drift="rules of to_virbr0 were changed")}


def test_everything_at_once(firewall: Firewall):
    firewall.apply([Create(NAT_SECTION), Create(ISOLATED)])
    other = section(KINDS["nat"])
    done = (Change(NAT_SECTION, other), Remove(ISOLATED), Create(SILENT))
    firewall.apply(done)
    assert firewall.observe([other, ISOLATED, SILENT]) == {other, SILENT}
    firewall.apply(undo(done))
    assert firewall.observe([NAT_SECTION, ISOLATED, SILENT]) == {NAT_SECTION, ISOLATED}


def test_an_address_may_move_to_another_bridge_in_one_step(firewall: Firewall):
    here, there = (section(network(name, "10.1.1.1/24", mode=NAT)) for name in ("one", "two"))
    firewall.apply([Create(here)])
    firewall.apply([Remove(here), Create(there)])
    assert observed([here, there]) == {there}


def test_to_create_again_and_to_remove_again_is_nothing(firewall: Firewall):
    firewall.apply([Create(NAT_SECTION), Create(ISOLATED)])
    once = listing()
    firewall.apply([Create(NAT_SECTION)])
    assert listing() == once
    firewall.apply([Remove(NAT_SECTION)])
    firewall.apply([Remove(NAT_SECTION)])
    assert observed(ALL) == {ISOLATED}


def test_no_action_is_nothing(firewall: Firewall):
    firewall.apply([])
    assert not table_exists()


def test_after_a_flush_by_somebody_else(firewall: Firewall):
    firewall.apply([Create(one) for one in ALL])
    nft("flush", "ruleset")
    assert firewall.observe(ALL) == set()
    firewall.apply([Change(NAT_SECTION, ISOLATED), Remove(SILENT), Create(ROUTED)])
    assert observed(ALL) == {ISOLATED, ROUTED}


DRIFTS = {
    "a rule deleted": "flush chain {table} nat_virbr0",
    "all rules deleted": "flush chain {table} to_virbr0; flush chain {table} from_virbr0",
    "a rule added": "add rule {table} from_virbr0 counter",
    "a rule inserted": "insert rule {table} to_virbr0 ip saddr 192.0.2.1 return",
    "a link taken off a map": 'delete element {table} forward_to {{ "virbr0" }}',
    "a link's verdict changed": (
        'delete element {table} forward_from {{ "virbr0" }}; '
        'add element {table} forward_from {{ "virbr0" : accept }}'
    ),
    "a link cut off": 'add element {table} cut_off {{ "virbr0" }}',
    "the host's address taken off": "delete element {table} nat_host4 {{ 192.168.122.1 }}",
    "the host's address led astray": (
        "delete element {table} nat_host4 {{ 192.168.122.1 }}; "
        "add element {table} nat_host4 {{ 192.168.122.1 : accept }}"
    ),
    "an address unguarded": "delete element {table} served4 {{ 192.168.122.1 }}",
    "an address guarded from its own link": (
        'delete element {table} served_on4 {{ "virbr0" . 192.168.122.1 }}'
    ),
    "the dispatch deleted": "flush chain {table} forward",
    "the dispatch overtaken": "insert rule {table} forward accept",
    "the guard deleted": "flush chain {table} guard_services",
    "a service unguarded": "delete element {table} services {{ udp . 53 }}",
    "a policy changed": "add chain {table} forward {{ policy drop; }}",
    "the table dormant": "add table {table} {{ flags dormant; }}",
}


@pytest.mark.parametrize("neighbours", [ALL[1:2], ALL[1:], ()], ids=["one", "three", "none"])
@pytest.mark.parametrize("drift", DRIFTS)
def test_what_others_do_is_noticed_and_put_right(
    firewall: Firewall, drift: str, neighbours: tuple[FirewallSection, ...]
):
    everything = {NAT_SECTION, *neighbours}
    firewall.apply([Create(one) for one in everything])
    whole = listing()
    nft(text=DRIFTS[drift].format(table=TABLE).replace("; ", "\n") + "\n")
    (found,) = firewall.observe([NAT_SECTION])
    assert found != NAT_SECTION
    assert found.drift
    firewall.apply([Change(found, NAT_SECTION)])
    assert observed(everything) == everything
    assert listing() == whole


@pytest.mark.parametrize("drift", DRIFTS)
def test_what_others_did_to_a_section_goes_with_it(firewall: Firewall, drift: str):
    firewall.apply([Create(NAT_SECTION), Create(ISOLATED)])
    nft(text=DRIFTS[drift].format(table=TABLE).replace("; ", "\n") + "\n")
    firewall.apply([Remove(found) for found in firewall.observe([NAT_SECTION])])
    assert observed([NAT_SECTION]) == set()
    assert "virbr0" not in nft("list", "ruleset")
    assert "192.168.122.1" not in nft("list", "ruleset")


def test_what_we_made_is_only_looked_at_after_another_change(
    firewall: Firewall, monkeypatch: pytest.MonkeyPatch
):
    def look() -> None:
        assert firewall.observe(ALL) == set(ALL)

    firewall.apply([Create(one) for one in ALL])
    glance = traffic(firewall, look, monkeypatch)
    assert glance < 200
    nft("add", "table", "ip", "other")
    assert traffic(firewall, look, monkeypatch) > 10 * glance
    firewall.apply([Remove(ISOLATED)])
    assert firewall.observe(ALL) == {*ALL} - {ISOLATED}
    firewall.apply([Create(ISOLATED)])
    look()


def test_what_comes_between_two_changes_of_ours_is_noticed(firewall: Firewall):
    firewall.apply([Create(ISOLATED)])
    nft("flush", "chain", *TABLE.split(), "from_virbr1")
    firewall.apply([Create(NAT_SECTION)])
    assert firewall.observe([ISOLATED]) != {ISOLATED}
    assert firewall.observe([NAT_SECTION]) == {NAT_SECTION}


def test_a_replaced_rule_is_noticed(firewall: Firewall):
    firewall.apply([Create(ISOLATED)])
    text = nft("-a", "list", "chain", *TABLE.split(), "from_virbr1")
    handle = next(line.split()[-1] for line in text.splitlines() if "reject" in line)
    nft("replace", "rule", *TABLE.split(), "from_virbr1", "handle", handle, "accept")
    assert firewall.observe([ISOLATED]) != {ISOLATED}


def test_taking_back_the_removal_of_a_drifted_section_makes_it_whole(firewall: Firewall):
    firewall.apply([Create(ISOLATED)])
    nft("flush", "chain", *TABLE.split(), "to_virbr1")
    done = [Remove(found) for found in firewall.observe([ISOLATED])]
    firewall.apply(done)
    firewall.apply(undo(done))
    assert observed([ISOLATED]) == {ISOLATED}


def test_an_address_that_two_networks_serve_stays_with_the_other(firewall: Firewall):
    one, two = (section(network(name, "10.1.1.1/24")) for name in ("one", "two"))
    firewall.apply([Create(one)])
    firewall.apply([Create(two)])
    (drifted,) = (one.drifted("test"),)
    firewall.apply([Remove(drifted)])
    assert observed([one, two]) == {two}


def broken(name: str) -> FirewallSection:
    chain = Chain(f"to_{name}", (rule(RETURN), rule(jump("nowhere"))))
    return FirewallSection.of(section(KINDS["nat"]).bridge, (chain,), ())


def test_a_refusal_names_the_rule_and_nothing_has_changed(firewall: Firewall):
    with pytest.raises(SystemCallFailed) as caught:
        firewall.apply([Create(ISOLATED), Create(broken("virbr0")), Create(SILENT)])
    assert caught.value.errno == errno.ENOENT
    assert "chain to_virbr0: jump nowhere: No such file or directory" in caught.value.message
    assert not table_exists()


@pytest.fixture
def _unprivileged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sockets as an ordinary user's: no more than wmem_max and rmem_max."""
    monkeypatch.setattr("pasarela.host.netlink.socket._SO_SNDBUFFORCE", 7)  # SO_SNDBUF
    monkeypatch.setattr("pasarela.host.netlink.socket._SO_RCVBUFFORCE", 8)  # SO_RCVBUF


def many(count: int) -> list[FirewallSection]:
    addresses = (f"10.{k // 250}.{k % 250}.1/24" for k in range(count))
    return [section(network(f"virbr{k}", a, mode=NAT)) for k, a in enumerate(addresses)]


def check_many(firewall: Firewall) -> None:
    sections = many(300)
    firewall.apply([Create(one) for one in sections])
    assert observed(sections) == set(sections)
    assert observed(sections[7:8]) == set(sections[7:8])
    firewall.apply([Remove(one) for one in sections])
    assert not table_exists()


def test_three_hundred_networks(firewall: Firewall):
    check_many(firewall)


@pytest.mark.usefixtures("_unprivileged")
def test_three_hundred_networks_through_an_ordinary_users_socket(netns: None):
    firewall = Firewall()
    check_many(firewall)
    firewall.close()


def traffic(firewall: Firewall, act: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> int:
    """Bytes that go to the kernel and come back."""
    moved = 0

    def count(data: bytes) -> bytes:
        nonlocal moved
        moved += len(data)
        return data

    send, split = firewall._socket.send, netlink_socket._split
    with monkeypatch.context() as patch:
        patch.setattr(firewall._socket, "send", lambda data: send(count(data)))
        patch.setattr(netlink_socket, "_split", lambda data: split(count(data)))
        act()
    return moved


def test_the_cost_of_one_does_not_grow_with_the_others(
    firewall: Firewall, monkeypatch: pytest.MonkeyPatch
):
    one, *others = many(200)

    def round_trip() -> None:
        firewall.apply([Create(one)])
        assert firewall.observe([one]) == {one}
        firewall.apply([Remove(one)])

    firewall.apply([Create(others[0])])
    with_one = traffic(firewall, round_trip, monkeypatch)
    firewall.apply([Create(other) for other in others[1:]])
    assert traffic(firewall, round_trip, monkeypatch) == with_one


def test_the_shared_part_is_known_by_its_rules():
    tags = [r.tag for chain in BASE_CHAINS for r in chain.rules]
    assert len(set(tags)) == len(tags)
