"""What our encoder makes is what nft(8) makes of the rendered text: two ways, one result."""

from __future__ import annotations

import pytest

from host.nftables.kinds import KINDS, NAT, network, section
from host.nftables.listing import listing, nft
from pasarela.host.nftables import Firewall
from pasarela.model.network import AddressRange, Nat
from pasarela.plan.actions import Create
from pasarela.plan.ruleset import FirewallSection, render, render_base

pytestmark = pytest.mark.netns


def check_same(firewall: Firewall, *sections: FirewallSection) -> None:
    firewall.apply([Create(one) for one in sections])
    ours = listing()
    nft("flush", "ruleset")
    nft(text=render_base() + "".join(map(render, sections)))
    assert ours == listing()


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind(firewall: Firewall, kind: str):
    check_same(firewall, section(KINDS[kind]))


def test_several_networks(firewall: Firewall):
    kinds = ("nat-v6", "isolated", "very-isolated", "routed", "odd-name")
    check_same(firewall, *(section(KINDS[kind]) for kind in kinds))


@pytest.mark.parametrize("prefix", [0, 1, 7, 8, 9, 15, 16, 17, 23, 24, 25, 31, 32])
def test_every_kind_of_prefix(firewall: Firewall, prefix: int):
    check_same(firewall, section(network("b", f"192.168.77.1/{prefix}", mode=NAT)))


@pytest.mark.parametrize("prefix", [0, 1, 8, 9, 48, 63, 64, 65, 127, 128])
def test_every_kind_of_v6_prefix(firewall: Firewall, prefix: int):
    check_same(firewall, section(network("b", f"fd00:1::1/{prefix}", mode=NAT)))


def test_an_address_pool_of_one(firewall: Firewall):
    start = KINDS["nat-pool"].forward.nat.addresses.start  # type: ignore[union-attr]
    nat = Nat(AddressRange(start, start))
    check_same(firewall, section(network("b", "10.1.1.1/24", mode=NAT, nat=nat)))
