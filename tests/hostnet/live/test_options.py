"""Options of host-bridge create that cannot be are refused before anything is done."""

from __future__ import annotations

import pytest

from hostnet.live.lan import Lan, kernel

pytestmark = pytest.mark.netns


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--mtu", "1000"), "IPv6 needs an MTU of 1280"),
        (("--mtu", "67"), "67 is no MTU"),
        (("--mac", "01:54:00:26:00:01"), "01:54:00:26:00:01 is nobody's own address"),
        (("--mac", "0:0:0:0:0:0"), "00:00:00:00:00:00 is nobody's own address"),
        (("--mac", "52:54:00"), "'52:54:00' is no MAC address"),
        (("--dns", "172.26.0.1"), "--dns goes with --dhcp or --address"),
    ],
)
def test_refused_with_the_reason(host: Lan, options: tuple[str, ...], reason: str) -> None:
    host.static()
    files, before = host.files(), kernel()
    words = ("host-bridge", "create", "br0", "--port", "enp3s0", *options)
    said = host.pasarela(*words, check=False)
    assert reason in said and "hint: " in said
    assert (host.files(), kernel()) == (files, before)
