"""A NIC that systemd-networkd holds: it renews the lease on the bridge, as the same client."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import pytest

from hostnet.live.lan import CONTROL, PASARELA, ROUTER, Lan, await_true, sh, streams
from hostnet.programs import NETWORKD, networkd, running, write
from pasarela.hostnet.bridge import pending as pendings

pytestmark = [
    pytest.mark.netns,
    pytest.mark.skipif(not NETWORKD.exists(), reason="systemd-networkd is not installed"),
    pytest.mark.skipif(os.geteuid() != 0, reason="systemd-networkd becomes another user"),
]

FOLDER = Path("/etc/systemd/network")
RUN = Path("/run/systemd/network")
CARD = "[Match]\nName=enp3s0\n\n[Network]\nDHCP=ipv4\nIPv6AcceptRA=no\n"
BUS = """<busconfig>
  <type>system</type>
  <listen>unix:path=/run/dbus/system_bus_socket</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/><allow own="*"/>
    <allow send_destination="*" eavesdrop="true"/><allow receive_sender="*"/>
  </policy>
</busconfig>
"""
BOUND = 1000.0  # milliseconds, on a machine under load


@pytest.fixture
def held(host: Lan) -> Iterator[Lan]:
    """The host with a lease of networkd's, which can be told to reload over D-Bus."""
    host.serve()
    FOLDER.mkdir(parents=True, exist_ok=True)
    sh("mount", "-t", "tmpfs", "tmpfs", str(FOLDER))
    try:
        write({PurePosixPath(FOLDER / "20-card.network"): CARD}, ["/run/systemd/network"])
        with bus(), networkd():
            await_true(lambda: "172.26." in sh("ip", "-4", "addr", "show", "enp3s0"))
            await_true(
                lambda: subprocess.run(["networkctl", "reload"], check=False).returncode == 0
            )
            yield host
    finally:
        sh("umount", str(FOLDER))


@contextmanager
def bus() -> Iterator[None]:
    Path("/run/dbus").mkdir(exist_ok=True)
    socket, file = Path("/run/dbus/system_bus_socket"), Path("/run/bus.conf")
    socket.unlink(missing_ok=True)
    file.write_text(BUS)
    with running(["dbus-daemon", f"--config-file={file}", "--nofork", "--nopidfile"]):
        await_true(socket.exists)
        yield


def pasarela(*words: str) -> str:
    done = subprocess.run(
        [*PASARELA, *words], capture_output=True, text=True, timeout=60, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def lease(link: str) -> dict[str, str]:
    file = Path(
        "/run/systemd/netif/leases", Path(f"/sys/class/net/{link}/ifindex").read_text().strip()
    )
    try:
        text = file.read_text()
    except FileNotFoundError:
        return {}
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def test_networkd_goes_along_and_comes_back(held: Lan) -> None:
    before = lease("enp3s0")
    with streams(held, [("tcp", ROUTER, 7001)]) as seen:
        said = pasarela("host-bridge", "create", "br0", "--port", "enp3s0", "--try", "60")
        assert "warning" not in said
        await_true(lambda: lease("br0").get("ADDRESS") == before["ADDRESS"])
        assert lease("br0")["CLIENTID"] == before["CLIENTID"]
        assert (FOLDER / "20-card.network").read_text() == CARD
        pasarela("host-bridge", "revert")
        assert pendings.load(Path("/")) is None
        await_true(lambda: lease("enp3s0").get("ADDRESS") == before["ADDRESS"])
        assert before["ADDRESS"] in sh("ip", "-4", "addr", "show", "enp3s0")
        assert not list(Path("/run/systemd/network").iterdir())
    print(seen)
    for name, one in seen.items():
        assert not one.error, f"{name}: {one.error}"
        assert one.gap < BOUND, name


def test_what_was_told_for_a_trial_goes_once_it_is_kept(held: Lan) -> None:
    """Files below /run would come before what an administrator writes into those of /etc later."""
    client = lease("enp3s0")["CLIENTID"]
    with streams(held, [("tcp", ROUTER, 7001), ("udp", CONTROL, 7005)]) as seen:
        pasarela("host-bridge", "create", "br0", "--port", "enp3s0", "--try", "60")
        assert list(RUN.glob("00-*"))
        pasarela("confirm")
        assert [str(one.relative_to(RUN)) for one in files(RUN)] == [
            "20-br0.network.d/90-pasarela.conf"
        ]
        await_true(lambda: "ADDRESS" in lease("br0"))
        assert lease("br0")["CLIENTID"] == client
        assert "DHCP=ipv4" in (FOLDER / "20-br0.network").read_text()
        address = sh("ip", "-4", "address", "show", "br0")
        assert f" {lease('br0')['ADDRESS']}/" in address and " dynamic " in address
        pasarela("host-bridge", "delete", "br0")
        await_true(lambda: lease("enp3s0").get("CLIENTID") == client)
        assert [one.name for one in files(FOLDER)] == ["20-card.network"]
    print(seen)
    for name, one in seen.items():
        assert not one.error, f"{name}: {one.error}"
        assert one.gap < BOUND, name
        assert one.lost == 0 or name.startswith("udp"), name


def files(folder: Path) -> list[Path]:
    return sorted(one for one in folder.rglob("*") if one.is_file())
