"""Which hardware addresses are told to whom."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hostnet.goldens import bridge
from pasarela.hostnet.hardware import with_hardware
from pasarela.hostnet.manager import Bridging
from pasarela.model.values import MacAddress

CARD, OWN = MacAddress("52:54:00:aa:bb:01"), MacAddress("52:54:00:aa:bb:02")
KNOWN = {"enp3s0": CARD, "lo": MacAddress("00:00:00:00:00:00")}


def macs(change: Bridging) -> list[str | None]:
    return [change.bridge.mac, *(port.mac for port in change.bridge.details.ports)]  # type: ignore[union-attr]


@pytest.mark.parametrize("manager", ["netplan", "networkd", "networkmanager"])
def test_the_bridge_has_its_first_ports_address(manager: str) -> None:
    made = with_hardware(manager, bridge("br0", "enp3s0", "enp4s0"), KNOWN)
    assert macs(made) == [CARD, CARD, None]


def test_an_address_that_is_asked_for_stays() -> None:
    asked = bridge("br0", "enp3s0")
    asked = replace(asked, bridge=replace(asked.bridge, mac=OWN))
    assert macs(with_hardware("netplan", asked, KNOWN)) == [OWN, CARD]


def test_ifupdown_is_told_none() -> None:
    asked = bridge("br0", "enp3s0")
    assert with_hardware("ifupdown", asked, KNOWN) is asked
