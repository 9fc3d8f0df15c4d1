"""Interfaces that files mean by a pattern or an address."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from hostnet.goldens import Files
from pasarela.hostnet.covering import Matching, covers
from pasarela.hostnet.ifupdown import Ifupdown
from pasarela.hostnet.netplan import Netplan
from pasarela.hostnet.networkd import Networkd
from pasarela.hostnet.networkmanager import NetworkManager

CARD = "52:54:00:aa:bb:01"
NETPLAN = "network:\n  ethernets:\n    lan: {match: {macaddress: '52:54:00:AA:BB:01'}}\n"
PROFILE = (
    "[connection]\nid=lan\nuuid=1\ntype=ethernet\n\n[ethernet]\nmac-address=52:54:00:AA:BB:01\n"
)
BY_ADDRESS: list[tuple[Matching, Files]] = [
    (Netplan(), {PurePosixPath("/etc/netplan/01.yaml"): NETPLAN}),
    (
        Networkd(),
        {PurePosixPath("/etc/systemd/network/a.network"): f"[Match]\nMACAddress={CARD}\n"},
    ),
    (
        NetworkManager(),
        {PurePosixPath("/etc/NetworkManager/system-connections/lan.nmconnection"): PROFILE},
    ),
]


@pytest.mark.parametrize(("manager", "files"), BY_ADDRESS)
def test_a_card_that_is_meant_by_its_address(manager: Matching, files: Files) -> None:
    assert manager.covers(files, "enp3s0", CARD)
    assert not manager.covers(files, "enp3s0", "52:54:00:aa:bb:02")
    assert not manager.covers({}, "enp3s0", CARD)


def test_a_card_that_a_pattern_fits() -> None:
    network = {PurePosixPath("/etc/systemd/network/a.network"): "[Match]\nName=en* !enp9s0\n"}
    assert Networkd().covers(network, "enp3s0", None)
    assert not Networkd().covers(network, "eth0", None)
    netplan = {PurePosixPath("/etc/netplan/a.yaml"): NETPLAN.replace("macaddress", "name")}
    pattern = {path: text.replace("52:54:00:AA:BB:01", "en*") for path, text in netplan.items()}
    assert Netplan().covers(pattern, "enp3s0", None)
    assert not Netplan().covers(pattern, "eth0", None)


def test_ifupdown_names_what_it_means() -> None:
    files = {PurePosixPath("/etc/network/interfaces"): "auto enp3s0\niface enp3s0 inet dhcp\n"}
    assert not covers(Ifupdown(), files, "enp3s0")
