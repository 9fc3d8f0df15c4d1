"""What starting fills in of a physical function's pool."""

from __future__ import annotations

import pytest

from pasarela.engine.live import live_definition
from pasarela.errors import InternalError
from pasarela.model.network import Forward, ForwardInterface, ForwardMode, Network
from pasarela.model.values import PciAddress
from pasarela.plan.checks_start import check_start
from pasarela.plan.facts import Facts, VirtualFunction

FIRST, SECOND = PciAddress(0, 3, 16, 0), PciAddress(0, 3, 16, 1)
LENT = {"eth0": (VirtualFunction(FIRST, "eth0v0"), VirtualFunction(SECOND))}


def network(mode: ForwardMode, pf: str = "eth0") -> Network:
    return Network("n", forward=Forward(mode, pf=pf))


def pool(mode: ForwardMode) -> tuple[ForwardInterface, ...]:
    return live_definition(network(mode), LENT).forward.interfaces


def test_guests_get_whole_functions_by_address() -> None:
    assert pool(ForwardMode.HOSTDEV) == (
        ForwardInterface(address=FIRST),
        ForwardInterface(address=SECOND),
    )


def test_macvtaps_need_functions_that_have_a_name() -> None:
    assert pool(ForwardMode.PASSTHROUGH) == (ForwardInterface("eth0v0"),)


@pytest.mark.parametrize("mode", [ForwardMode.HOSTDEV, ForwardMode.VEPA])
def test_a_card_with_nothing_to_lend_cannot_start(mode: ForwardMode) -> None:
    live = live_definition(network(mode, "eth1"), LENT)
    with pytest.raises(InternalError) as refusal:
        check_start(live, Facts())
    assert refusal.value.detail == "No usable Vf's present on SRIOV PF eth1"
