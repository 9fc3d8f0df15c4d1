"""A NIC that a running NetworkManager holds: it takes the bridge over, and gives it back."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

from hostnet.live.lan import (
    CONTROL,
    HOST,
    HOST6,
    MAC,
    ROUTER,
    ROUTER6,
    Lan,
    Seen,
    await_true,
    kernel,
    sh,
    streams,
)
from hostnet.live.test_networkd_running import pasarela
from hostnet.programs import is_root, networkmanager, nmcli, own_etc, unpacked, write
from pasarela.hostnet.bridge import pending as pendings

pytestmark = [
    pytest.mark.netns,
    pytest.mark.skipif(
        unpacked("usr/sbin/NetworkManager") is None or unpacked("usr/bin/dbus-daemon") is None,
        reason="NetworkManager is not there: scripts/managers brings it",
    ),
    pytest.mark.skipif(not is_root(), reason="NetworkManager wants root's files"),
]

ETC = Path("/etc/NetworkManager/system-connections")
RUN = Path("/run/NetworkManager/system-connections")
NIC = ETC / "lan.nmconnection"
HEAD = """[connection]
id=lan
uuid=0e2c0bd8-6a6f-4b6a-8e1f-0a8e5ff7a001
type=ethernet
interface-name=enp3s0

"""
DHCP = HEAD + "[ipv4]\nmethod=auto\n\n[ipv6]\nmethod=disabled\n"
STATIC = HEAD + (
    f"[ipv4]\naddress1={HOST}/16,{ROUTER}\nmethod=manual\n\n"
    f"[ipv6]\naddress1={HOST6}/64,{ROUTER6}\nmethod=manual\n"
)
KILLED = Path(__file__).with_name("killed.py")
CREATE = ("host-bridge", "create", "br0", "--port", "enp3s0")
LONGEST = 50.0  # milliseconds that no packet may be missing for
NOISE = 6  # times what the cable that nothing happened to saw


@pytest.fixture
def etc(netns: None) -> Iterator[None]:
    with own_etc():
        yield


def held(host: Lan, profile: str) -> None:
    """The host as NetworkManager finds it at a boot."""
    host.serve()
    sh("ip", "link", "set", "enp3s0", "down")
    sh("ip", "address", "flush", "dev", "enp3s0")
    write({PurePosixPath(NIC): profile}, [str(ETC)])


def has_come(link: str, address: str = HOST) -> bool:
    return f" {address}/" in sh("ip", "address", "show", link) and f"{link}:connected" in states()


def states() -> list[str]:
    return nmcli("-t", "-f", "DEVICE,STATE", "device").splitlines()


def active() -> dict[str, str]:
    """The file of the profile that is active, by device."""
    lines = nmcli("-t", "-f", "DEVICE,FILENAME", "connection", "show", "--active").splitlines()
    return dict(line.split(":", 1) for line in lines)


def volatile() -> list[str]:
    return sorted(path.name for path in RUN.glob("pasarela-*"))


def without_lifetimes() -> dict[str, object]:
    """The kernel's state but for who made it: NetworkManager makes again what it has given up."""
    found = kernel()
    return {name: found[name] for name in ("rules", "routes")} | {
        "addresses": {one[0] for one in found["addresses"]},  # type: ignore[attr-defined]
        "masters": {name: one[4] for name, one in found["links"].items()},  # type: ignore[attr-defined]
    }


def no_gap(seen: dict[str, Seen]) -> None:
    print({name: (round(one.gap, 1), one.lost) for name, one in seen.items()})
    noise = max(one.gap for name, one in seen.items() if name.startswith("control"))
    for name, one in seen.items():
        assert not one.error, f"{name}: {one.error}"
        assert one.gap < LONGEST + NOISE * noise, name
        assert one.lost == 0 or name.startswith("udp"), name


def test_a_trial_leased_and_taken_back(host: Lan, etc: None) -> None:
    held(host, DHCP)
    with networkmanager():
        await_true(lambda: has_come("enp3s0"))
        before = without_lifetimes()
        with streams(host, [("tcp", ROUTER, 7001), ("udp", CONTROL, 7005)]) as seen:
            said = pasarela(*CREATE, "--try", "60")
            assert "warning" not in said
            assert has_come("br0") and "enp3s0:connected" in states()
            assert volatile() == ["pasarela-br0.nmconnection", "pasarela-lan.nmconnection"]
            assert active()["br0"] == str(RUN / "pasarela-br0.nmconnection")
            assert f"ip_address = {HOST}" in nmcli("-f", "DHCP4", "device", "show", "br0")
            assert NIC.read_text() == DHCP and not (ETC / "br0.nmconnection").exists()
            pasarela("host-bridge", "revert")
            assert pendings.load(Path("/")) is None
            assert has_come("enp3s0") and not volatile()
            assert active()["enp3s0"] == str(NIC)
            assert f"ip_address = {HOST}" in nmcli("-f", "DHCP4", "device", "show", "enp3s0")
        assert without_lifetimes() == before
        no_gap(seen)
        assert "br0" not in nmcli("-t", "-f", "NAME", "connection").splitlines()


def test_static_addresses_kept_and_given_back(host: Lan, etc: None) -> None:
    held(host, STATIC)
    with networkmanager():
        await_true(lambda: has_come("enp3s0") and has_come("enp3s0", HOST6))
        kinds = [("tcp", ROUTER, 7001), ("tcp", ROUTER6, 7002), ("udp", CONTROL, 7005)]
        with streams(host, kinds) as seen:
            assert "warning" not in pasarela(*CREATE)
            assert has_come("br0") and has_come("br0", HOST6) and not volatile()
            assert "enp3s0:connected" in states()
            assert active() | {"lo": ""} == active() | {
                "br0": str(ETC / "br0.nmconnection"),
                "enp3s0": str(NIC),
                "lo": "",
            }
            assert "master br0" in sh("ip", "link", "show", "enp3s0")
            assert MAC in sh("ip", "link", "show", "br0")
            assert "warning" not in pasarela("host-bridge", "delete", "br0")
            assert has_come("enp3s0") and has_come("enp3s0", HOST6) and not volatile()
            assert active()["enp3s0"] == str(NIC)
        no_gap(seen)
        assert NIC.read_text() == STATIC
        assert "metric 100" in sh("ip", "route", "show", "default")


def test_a_profile_for_any_card_stays_and_its_addresses_move(host: Lan, etc: None) -> None:
    any_card = STATIC.replace("interface-name=enp3s0\n", "")
    held(host, any_card)
    with networkmanager():
        await_true(lambda: has_come("enp3s0"))
        with streams(host, [("tcp", ROUTER, 7001), ("udp", CONTROL, 7005)]) as seen:
            assert "warning" not in pasarela(*CREATE)
            assert has_come("br0") and "enp3s0:connected" in states()
            assert active()["enp3s0"] == str(ETC / "enp3s0.nmconnection")
            assert "warning" not in pasarela("host-bridge", "delete", "br0")
            await_true(lambda: has_come("enp3s0"))
        no_gap(seen)
        assert [path.read_text() for path in ETC.iterdir()] == [any_card]


def test_an_end_on_trial_is_taken_back_by_the_watchdog(host: Lan, etc: None) -> None:
    held(host, STATIC)
    with networkmanager():
        await_true(lambda: has_come("enp3s0"))
        pasarela(*CREATE)
        assert "warning" not in pasarela("host-bridge", "delete", "br0", "--try", "4")
        assert has_come("enp3s0")
        await_true(lambda: pendings.load(Path("/")) is None)
        assert has_come("br0") and "enp3s0:connected" in states() and not volatile()
        assert active()["br0"] == str(ETC / "br0.nmconnection")


def test_a_second_port_comes_and_goes(host: Lan, etc: None) -> None:
    held(host, STATIC)
    sh("ip", "link", "add", "enp4s0", "type", "veth", "peer", "name", "far")
    sh("ip", "link", "set", "far", "up")
    with networkmanager():
        await_true(lambda: has_come("enp3s0"))
        pasarela(*CREATE)
        assert "warning" not in pasarela("host-bridge", "add-port", "br0", "enp4s0")
        assert "enp4s0:connected" in states() and not volatile()
        assert active()["enp4s0"] == str(ETC / "enp4s0.nmconnection")
        assert "warning" not in pasarela("host-bridge", "del-port", "br0", "enp4s0")
        await_true(lambda: "enp4s0:connected" not in states())
        assert "master" not in sh("ip", "link", "show", "enp4s0")
        assert has_come("br0") and "enp3s0:connected" in states()


def test_a_card_that_networkmanager_gave_a_profile_itself(host: Lan, etc: None) -> None:
    """It goes back to that when the bridge goes, and the profile that was made for the port."""
    held(host, STATIC)
    NIC.unlink()
    with networkmanager(configuration="[main]\nplugins=keyfile\ndhcp=internal\ndns=none\n"):
        await_true(lambda: has_come("enp3s0"))
        name = nmcli("-g", "GENERAL.CONNECTION", "device", "show", "enp3s0").strip()
        with streams(host, [("tcp", ROUTER, 7001), ("udp", CONTROL, 7005)]) as seen:
            pasarela(*CREATE)
            assert has_come("br0") and "enp3s0:connected" in states()
            pasarela("host-bridge", "delete", "br0")
            await_true(lambda: has_come("enp3s0"))
        no_gap(seen)
        assert nmcli("-g", "GENERAL.CONNECTION", "device", "show", "enp3s0").strip() == name
        assert not list(ETC.iterdir()) and not volatile()


@pytest.mark.parametrize("step", ["manager", "files"])
def test_killed_while_networkmanager_is_told(host: Lan, etc: None, step: str) -> None:
    held(host, DHCP)
    with networkmanager():
        await_true(lambda: has_come("enp3s0"))
        before = without_lifetimes()
        with streams(host, [("tcp", ROUTER, 7001), ("udp", CONTROL, 7005)]) as seen:
            command = [sys.executable, str(KILLED), "/", step, "30", "create"]
            done = subprocess.run(command, timeout=40, check=False, start_new_session=True)
            assert done.returncode == -signal.SIGKILL
            await_true(lambda: pendings.load(Path("/")) is None)
            assert has_come("enp3s0") and not volatile() and active()["enp3s0"] == str(NIC)
        no_gap(seen)
        assert without_lifetimes() == before


def test_one_that_has_ended_is_told_of(host: Lan, etc: None) -> None:
    """What it leaves in /run says that it runs; nobody answers."""
    host.static()
    write({PurePosixPath(NIC): STATIC}, [str(ETC)])
    Path("/run/NetworkManager/devices").mkdir(parents=True, exist_ok=True)
    try:
        said = pasarela(*CREATE, "--manager", "networkmanager")
    finally:
        shutil.rmtree("/run/NetworkManager")
    assert "NetworkManager could not be told" in said and "nmcli connection reload" in said
    assert f" {HOST}/" in sh("ip", "address", "show", "br0")
    assert "type=bridge" in (ETC / "br0.nmconnection").read_text()
