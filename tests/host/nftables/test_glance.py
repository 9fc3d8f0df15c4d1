"""The glance before each command: what it notices, and when it need not be taken at all."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from host.nftables.kinds import KINDS, section
from host.nftables.listing import nft
from pasarela.host.nftables import Firewall
from pasarela.host.nftables import firewall as adapter
from pasarela.plan.actions import Action, Create, Remove
from pasarela.plan.ruleset import FirewallSection

pytestmark = pytest.mark.netns

NAT = section(KINDS["nat"])
ISOLATED = section(KINDS["isolated"])
ROUTED = section(KINDS["routed"])


def bridges(*sections: FirewallSection) -> set[str]:
    return {one.bridge for one in sections}


@pytest.fixture
def looked_at(firewall: Firewall) -> Firewall:
    """One that has taken a glance at what is there of two networks."""
    firewall.apply([Create(NAT), Create(ISOLATED)])
    assert firewall.dispatches(bridges(NAT, ISOLATED))
    return firewall


@pytest.fixture
def looks(looked_at: Firewall, monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """The glances that are taken from here on."""
    taken: list[set[str]] = []
    glance = adapter.dispatches

    def counted(socket: object, wanted: Iterable[str]) -> bool:
        taken.append(set(wanted))
        return glance(socket, wanted)  # type: ignore[arg-type]

    monkeypatch.setattr(adapter, "dispatches", counted)
    return taken


@pytest.mark.parametrize(
    ("actions", "after"),
    [
        ([Create(ROUTED)], (NAT, ISOLATED, ROUTED)),
        ([Remove(ISOLATED)], (NAT,)),
        ([Remove(NAT), Create(ROUTED)], (ISOLATED, ROUTED)),
    ],
)
def test_our_own_change_needs_no_other_look(
    looked_at: Firewall,
    looks: list[set[str]],
    actions: list[Action],
    after: tuple[FirewallSection, ...],
):
    looked_at.apply(actions)
    assert looked_at.dispatches(bridges(*after))
    assert not looks


@pytest.mark.parametrize("before_ours", [True, False])
def test_anybody_elses_change_does(looked_at: Firewall, looks: list[set[str]], before_ours: bool):
    if before_ours:
        nft("add", "table", "ip", "other")
    looked_at.apply([Create(ROUTED)])
    if not before_ours:
        nft("add", "table", "ip", "other")
    assert looked_at.dispatches(bridges(NAT, ISOLATED, ROUTED))
    assert looks == [bridges(NAT, ISOLATED, ROUTED)]


def test_a_flushed_table_is_noticed_behind_our_own_change(looked_at: Firewall):
    nft("flush", "ruleset")
    looked_at.apply([Create(ROUTED)])
    assert not looked_at.dispatches(bridges(NAT, ISOLATED, ROUTED))


def test_another_set_of_bridges_is_looked_at(looked_at: Firewall):
    looked_at.apply([Remove(ISOLATED)])
    assert not looked_at.dispatches(bridges(NAT, ISOLATED))
