"""Connections through the NIC live while a bridge takes its place, and while it goes again."""

from __future__ import annotations

import pytest

from hostnet.live.lan import (
    CONTROL,
    MAC,
    ROUTER,
    ROUTER6,
    Lan,
    await_true,
    has,
    lifetimes,
    sh,
    streams,
)
from pasarela.hostnet.live.dhcp import clients

pytestmark = pytest.mark.netns

KINDS = (
    ("tcp", ROUTER, 7001),
    ("tcp", ROUTER6, 7002),
    ("udp", ROUTER, 7003),
    ("udp", ROUTER6, 7004),
    ("udp", CONTROL, 7005),
)
LONGEST = 50.0  # milliseconds that no packet may be missing for
NOISE = 6  # times what the cable that nothing happened to saw: these share two processors
FLOOR = 60.0  # milliseconds that one of them may be kept from running while the others are not


def prepare(host: Lan, how: str) -> list[str]:
    """The host's addresses, and what create is told of them."""
    if how in ("dhclient", "udhcpc"):
        if not has(how):
            pytest.skip(f"{how} is not installed")
        host.serve()
        getattr(host, how)()
        return ["--dhcp"]
    host.static()
    told = ["--address", "172.26.0.100/16", "--gateway", ROUTER]
    told += ["--address", "2001:db8:26::100/64", "--gateway", ROUTER6]
    return told if how == "static" else []


@pytest.mark.parametrize("how", ["keep", "static", "dhclient", "udhcpc"])
def test_connections_live_through_create_and_delete(
    host: Lan, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = prepare(host, how)
    files = host.files()
    with streams(host, KINDS) as seen:
        host.pasarela("host-bridge", "create", "br0", "--port", "enp3s0", *told)
        assert MAC in sh("ip", "link", "show", "br0") and MAC in sh("ip", "link", "show", "enp3s0")
        assert "172.26.0.100" in sh("ip", "addr", "show", "br0")
        assert "inet" not in sh("ip", "addr", "show", "enp3s0")
        if how in ("dhclient", "udhcpc"):
            await_true(lambda: [one.name for one in clients.find(["br0"])] == [how])
            assert not clients.find(["enp3s0"])
        host.pasarela("host-bridge", "delete", "br0")
        assert "172.26.0.100" in sh("ip", "addr", "show", "enp3s0")
    with capsys.disabled():
        print(f"\n{how}: " + ", ".join(f"{n} {s.gap:.1f} ms" for n, s in seen.items()))
    controls = [one.gap for name, one in seen.items() if name.startswith("control")]
    noise = max(FLOOR, *controls)
    for name, one in seen.items():
        assert not one.error, f"{name}: {one.error}"
        assert one.gap < LONGEST + NOISE * noise, name
        assert one.lost == 0 or name.startswith("udp"), name
    if how != "static":
        assert host.files() == files


def test_a_lease_runs_on_and_is_renewed_as_the_same_client(host: Lan) -> None:
    if not has("dhclient"):
        pytest.skip("dhclient is not installed")
    prepare(host, "dhclient")
    before = lifetimes("enp3s0")["172.26.0.100/16"]
    host.pasarela("host-bridge", "create", "br0", "--port", "enp3s0", "--dhcp")
    after = lifetimes("br0")["172.26.0.100/16"]
    assert before[1] - 10 <= after[1] <= before[1]
    leases = host.folder / "dhclient.br0.leases"
    await_true(lambda: leases.read_text().count("fixed-address 172.26.0.100") >= 2)
    assert 'interface "enp3s0"' not in leases.read_text()
