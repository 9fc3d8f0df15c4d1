"""The real dhcpcd and dhclient -6 beside a bridge that takes their NIC's place, and goes again."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from hostnet.live.lan import (
    CONTROL,
    HOST,
    ROUTER,
    ROUTER6,
    Lan,
    await_true,
    has,
    sh,
    streams,
)
from hostnet.programs import is_root
from pasarela.host import processes
from pasarela.hostnet.live.dhcp import clients, dhcpcd
from pasarela.hostnet.live.dhcp.clients import Client
from pasarela.hostnet.live.snapshot import snapshot

pytestmark = pytest.mark.netns

KINDS = (
    ("tcp", ROUTER, 7001),
    ("tcp", ROUTER6, 7002),
    ("udp", ROUTER, 7003),
    ("udp", ROUTER6, 7004),
    ("udp", CONTROL, 7005),
)
LONGEST = 50.0  # milliseconds that no packet may be missing for
NOISE, FLOOR = 6, 60.0  # as in test_live_traffic
# No udev tells dhcpcd of devices here, and the machine's resolv.conf is not its business.
CONFIGURATION = (
    "duid\npersistent\nslaac private\nnodev\nnohook resolv.conf\ndenyinterfaces control\n"
)
ARGUMENTS = {"dhcpcd": ("enp3s0",), "dhcpcd -4": ("-4", "enp3s0"), "manager": ()}


@contextmanager
def over(path: Path, *mount: str) -> Iterator[None]:
    sh("mount", *mount, str(path))
    try:
        yield
    finally:
        sh("umount", str(path))


@pytest.fixture
def served(host: Lan) -> Iterator[Lan]:
    """The host on a LAN with DHCP, DHCPv6 and router advertisements."""
    host.serve()
    host.interfaces(
        "auto lo\niface lo inet loopback\n\nauto enp3s0\niface enp3s0 inet dhcp\n"
        "iface enp3s0 inet6 dhcp\n"
    )
    yield host


@pytest.fixture
def configured(served: Lan) -> Iterator[Lan]:
    """With dhcpcd's folders of its own; the kernel's addresses are left to dhcpcd."""
    if not has("dhcpcd"):
        pytest.skip("dhcpcd is not installed")
    if not is_root():
        pytest.skip("dhcpcd becomes another user")
    configuration = served.folder / "dhcpcd.conf"
    configuration.write_text(CONFIGURATION)
    Path("/proc/sys/net/ipv6/conf/enp3s0/accept_ra").write_text("0")
    sh("ip", "-6", "address", "flush", "dev", "enp3s0", "scope", "global")
    with (
        over(dhcpcd.LEASES, "-t", "tmpfs", "tmpfs"),
        over(dhcpcd.CONFIGURATION, "--bind", str(configuration)),
        ExitStack() as stack,
    ):
        stack.callback(end_dhcpcd)
        yield served


def end_dhcpcd() -> None:
    found = clients.find(["enp3s0", "br0"])
    manager = dhcpcd.manager()
    pids = [one.pid for one in found] + ([manager] if manager else [])
    processes.terminate({kin for pid in pids for kin in dhcpcd.family(pid)})
    sh("rm", "-rf", str(dhcpcd.RUN))


def start_dhcpcd(host: Lan, how: str) -> None:
    sh("dhcpcd", "-b", *ARGUMENTS[how])
    awaited = [HOST] if how == "dhcpcd -4" else [HOST, "2001:db8:26::1", "2001:db8:26:0:"]
    await_true(lambda: all(one in addresses("enp3s0") for one in awaited))


def start_dhclient6(host: Lan) -> None:
    """As ifup would: with the DUID of the other family's leases."""
    stem = host.folder / "dhclient6.enp3s0"
    sh(
        "dhclient", "-1", "-6", "-pf", f"{stem}.pid", "-lf", f"{stem}.leases",
        "-I", "-df", f"{host.folder}/dhclient.enp3s0.leases", "enp3s0",
    )  # fmt: skip
    assert "2001:db8:26::1" in addresses("enp3s0")


def addresses(link: str) -> str:
    return sh("ip", "address", "show", "dev", link)


def who_serves(*links: str) -> list[Client]:
    return list(snapshot(links).clients)


def leases(host: Lan) -> dict[str, int]:
    """What the LAN's server has: the end of the lease by address and client."""
    rows = [line.split(" ", 1) for line in (host.folder / "leases").read_text().splitlines()]
    return {rest: int(end) for end, rest in rows if end != "duid"}


def renewed(host: Lan, before: dict[str, int], version: int = 4) -> bool:
    """Whether the server has renewed the one lease of this IP version, and has no other."""
    mine = [one for one in before if (HOST in one) == (version == 4)]
    now = leases(host)  # which may just be written anew
    return len(mine) == 1 and set(now) == set(before) and now[mine[0]] > before[mine[0]]


def live_through(
    host: Lan,
    moved: Callable[[str], bool],
    renew: Callable[[str], object] | None = None,
    *,
    ipv6: bool = True,
) -> None:
    """Connections live while the bridge comes and goes, and the server sees one client."""
    before, read = leases(host), int(time.time())
    await_true(lambda: time.time() >= read + 1)  # a lease's end is told in whole seconds
    with streams(host, [one for one in KINDS if ipv6 or ":" not in one[1]]) as seen:
        host.pasarela("host-bridge", "create", "br0", "--port", "enp3s0")
        assert HOST in addresses("br0") and "inet" not in addresses("enp3s0")
        await_true(lambda: moved("br0") and not moved("enp3s0"))
        await_true(lambda: renewed(host, before))
        if renew is not None:
            await_true(lambda: renew("br0") is not None and renewed(host, before, 6))
        assert "inet" not in addresses("enp3s0")
        host.pasarela("host-bridge", "delete", "br0")
        await_true(lambda: moved("enp3s0"))
    assert HOST in addresses("enp3s0")
    noise = max(FLOOR, *(one.gap for name, one in seen.items() if name.startswith("control")))
    for name, one in seen.items():
        assert not one.error, f"{name}: {one.error}"
        assert one.gap < LONGEST + NOISE * noise, name
        assert one.lost == 0 or name.startswith("udp"), name
    print(", ".join(f"{name} {one.gap:.1f} ms" for name, one in seen.items()))


@pytest.mark.parametrize("how", ["dhcpcd", "dhcpcd -4"])
def test_dhcpcd_of_one_link_moves_and_renews(configured: Lan, how: str) -> None:
    start_dhcpcd(configured, how)
    live_through(
        configured,
        lambda link: [one.name for one in clients.find([link])] == ["dhcpcd"],
        (lambda link: sh("dhcpcd", "-N", link)) if how == "dhcpcd" else None,
        ipv6=how == "dhcpcd",
    )
    (client,) = clients.find(["enp3s0"])
    assert client.argv[1:] == ("-b", *ARGUMENTS[how])
    assert not list(dhcpcd.RUN.glob("br0*"))


def test_dhcpcd_of_all_links_serves_the_bridge_and_not_its_port(configured: Lan) -> None:
    start_dhcpcd(configured, "manager")
    live_through(
        configured,
        lambda link: [one.link for one in who_serves(link)] == [link],
        lambda link: sh("dhcpcd", "-N"),
    )
    (client,) = who_serves("enp3s0")
    assert client.argv[1:] == ("-b",)


@pytest.mark.parametrize("how", ["dhcpcd", "manager"])
def test_a_trial_that_is_taken_back(configured: Lan, how: str) -> None:
    start_dhcpcd(configured, how)
    before = [one.argv for one in who_serves("enp3s0")]
    said = configured.pasarela("host-bridge", "create", "br0", "--port", "enp3s0", "--try", "60")
    assert ("denyinterfaces enp3s0, and a line interface br0" in said) == (how == "manager")
    configured.pasarela("host-bridge", "revert")
    assert HOST in addresses("enp3s0")
    assert [one.argv[1:] for one in who_serves("enp3s0")] == [("-b", *argv[2:]) for argv in before]
    assert all(
        "T" not in state(pid)
        for one in who_serves("enp3s0")
        for pid in dhcpcd.family(one.pid)
    )  # fmt: skip


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_one_of_all_links_leaves_a_bridge_with_a_fixed_address_alone(configured: Lan) -> None:
    start_dhcpcd(configured, "manager")
    configured.pasarela(
        "host-bridge", "create", "br0", "--port", "enp3s0", "--address", "172.26.0.101/16"
    )
    (argv,) = {one.argv for one in who_serves("br0")}
    text = Path(argv[-1]).read_text()
    assert "denyinterfaces enp3s0" in text and "interface br0" not in text
    configured.pasarela("host-bridge", "delete", "br0")


def test_dhclient_of_ipv6_moves_and_renews(served: Lan) -> None:
    if not has("dhclient"):
        pytest.skip("dhclient is not installed")
    start_dhclient6(served)
    served.dhclient()
    sh("ip", "-6", "address", "add", "2001:db8:77::5/64", "dev", "enp3s0", "nodad")

    def moved(link: str) -> bool:
        found = [one.argv for one in clients.find([link])]
        return sorted("-6" in argv for argv in found) == [False, True]

    live_through(served, moved)
    assert "2001:db8:77::5" in addresses("enp3s0")  # dhclient's script takes what lasts at a start
    text = (served.folder / "dhclient6.enp3s0.leases").read_text()
    assert 'interface "br0"' not in text


def test_a_client_that_was_frozen_runs_again_after_a_failure(served: Lan) -> None:
    if not has("dhclient"):
        pytest.skip("dhclient is not installed")
    served.dhclient()
    found = snapshot(["enp3s0"])
    clients.freeze(found.clients)
    await_true(lambda: [state(one.pid) for one in found.clients] == ["T"])  # once it is scheduled
    clients.restore(found.clients, ["br0"], served.folder)
    (again,) = clients.find(["enp3s0"])
    assert again.pid == found.clients[0].pid and state(again.pid) != "T"
    subprocess.run(["kill", "-9", str(again.pid)], check=True)
