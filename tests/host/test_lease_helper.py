"""The lease helper against libvirt's own, call by call, and what reads its files."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pasarela.errors import InternalError
from pasarela.host.leases import read_leases, seed_lease_file
from pasarela.host.linux import LEASE_HELPER
from pasarela.model.handles import Lease, LeaseType

THEIRS = Path("/usr/lib/libvirt/libvirt_leaseshelper")
MAC = "52:54:00:11:22:33"
DUID = "00:01:00:01:2d:1c:52:54:00:11:22:33"

Call = tuple[list[str], dict[str, str]]

V4 = {"DNSMASQ_INTERFACE": "virbr7", "DNSMASQ_LEASE_EXPIRES": "4102444800"}
V6 = {**V4, "DNSMASQ_IAID": "1122867", "DNSMASQ_MAC": MAC, "DNSMASQ_SERVER_DUID": "00:03:00:01"}

CALLS: dict[str, list[Call]] = {
    "a lease": [(["add", MAC, "10.0.0.5"], V4)],
    "a named lease": [(["add", MAC, "10.0.0.5", "web"], V4)],
    "a client id": [(["add", MAC, "10.0.0.5"], {**V4, "DNSMASQ_CLIENT_ID": "ff:00:01"})],
    "a name supplied": [(["add", MAC, "10.0.0.5"], {**V4, "DNSMASQ_SUPPLIED_HOSTNAME": "db"})],
    "a name from before": [(["old", MAC, "10.0.0.5"], {**V4, "DNSMASQ_OLD_HOSTNAME": "old"})],
    "renewed": [
        (["add", MAC, "10.0.0.5", "web"], V4),
        (["add", "52:54:00:00:00:01", "10.0.0.6"], V4),
        (["old", MAC, "10.0.0.5", "web"], {**V4, "DNSMASQ_LEASE_EXPIRES": "4102444900"}),
    ],
    "given back": [
        (["add", MAC, "10.0.0.5"], V4),
        (["add", MAC, "10.0.0.6"], V4),
        (["del", MAC, "10.0.0.5"], V4),
    ],
    "the last given back": [(["add", MAC, "10.0.0.5"], V4), (["del", MAC, "10.0.0.5"], V4)],
    "given back before any": [(["del", MAC, "10.0.0.5"], V4)],
    "expired ones stay": [
        (["add", MAC, "10.0.0.5"], {**V4, "DNSMASQ_LEASE_EXPIRES": "1"}),
        (["add", MAC, "10.0.0.6"], V4),
    ],
    "for ever": [(["add", MAC, "10.0.0.5"], {**V4, "DNSMASQ_LEASE_EXPIRES": "0"})],
    "IPv6": [(["add", DUID, "fd00::5", "six"], V6)],
    "IPv6 without a MAC": [
        (["add", DUID, "fd00::5"], {key: v for key, v in V6.items() if key != "DNSMASQ_MAC"})
    ],
    "both families": [(["add", MAC, "10.0.0.5"], V4), (["add", DUID, "fd00::5"], V6)],
    "quotes and accents": [(["add", MAC, "10.0.0.5", 'a"b\\c\tñ'], V4)],
    "only the bridge's name": [
        (["add", MAC, "10.0.0.5"], {"VIR_BRIDGE_NAME": "virbr7", "DNSMASQ_LEASE_EXPIRES": "9"})
    ],
    "no interface": [(["add", MAC, "10.0.0.5"], {"DNSMASQ_LEASE_EXPIRES": "9"})],
    "another action": [(["arp-add", MAC, "10.0.0.5"], V4)],
    "a space behind the time": [
        (["add", MAC, "10.0.0.5"], {**V4, "DNSMASQ_LEASE_EXPIRES": "4102444800 "})
    ],
}


@pytest.mark.oracle
@pytest.mark.skipif(not THEIRS.exists(), reason="libvirt is not installed")
@pytest.mark.parametrize("calls", CALLS.values(), ids=list(CALLS))
def test_ours_writes_what_libvirts_writes(calls: list[Call], tmp_path: Path):
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    assert outcome(calls, ours, call_ours) == outcome(calls, theirs, call_theirs)


def outcome(
    calls: list[Call], folder: Path, call: Callable[[Call, Path], int]
) -> tuple[list[int], dict[str, str]]:
    """The exit status of each call, and the files afterwards."""
    folder.mkdir()
    statuses = [call(one, folder) for one in calls]
    return statuses, {file.name: file.read_text() for file in folder.glob("*.status")}


def call_ours(one: Call, folder: Path) -> int:
    arguments, variables = one
    environment = {"PATH": os.environ["PATH"], "PASARELA_STATUS_FOLDER": str(folder), **variables}
    return subprocess.run(
        [LEASE_HELPER, *arguments], env=environment, check=False, capture_output=True
    ).returncode


def call_theirs(one: Call, folder: Path) -> int:
    """libvirt's helper has its folder built in, so it sees ours there, in a namespace."""
    arguments, variables = one
    script = (
        "mount -t tmpfs tmpfs /var/lib/libvirt; mkdir /var/lib/libvirt/dnsmasq; "
        'mount --bind "$0" /var/lib/libvirt/dnsmasq; exec "$@"'
    )
    command = ["unshare", "--mount", "sh", "-c", script, str(folder), str(THEIRS), *arguments]
    environment = {"PATH": os.environ["PATH"], **variables}
    return subprocess.run(command, env=environment, check=False, capture_output=True).returncode


def written(folder: Path, *calls: str) -> Path:
    """The status file after all calls of these names."""
    folder.mkdir(exist_ok=True)
    for name in calls:
        for one in CALLS[name]:
            assert call_ours(one, folder) == 0
    return folder / "virbr7.status"


def test_what_is_written_is_read(tmp_path: Path):
    status = written(tmp_path, "a named lease", "IPv6")
    assert read_leases(status) == (
        Lease(
            interface="virbr7",
            expiry=4102444800,
            type=LeaseType.IPV4,
            mac=MAC,
            iaid=None,
            address="10.0.0.5",
            prefix=0,
            hostname="web",
            client_id=None,
        ),
        Lease(
            interface="virbr7",
            expiry=4102444800,
            type=LeaseType.IPV6,
            mac=MAC,
            iaid="1122867",
            address="fd00::5",
            prefix=0,
            hostname="six",
            client_id=DUID,
        ),
    )


def test_expired_leases_are_skipped_and_endless_ones_are_not(tmp_path: Path):
    assert [lease.address for lease in read_leases(written(tmp_path, "expired ones stay"))] == [
        "10.0.0.6"
    ]
    assert len(read_leases(written(tmp_path, "for ever"))) == 2
    assert read_leases(tmp_path / "virbr7.status", now=2**40)[0].expiry == 0


def test_no_file_and_an_empty_file_are_no_leases(tmp_path: Path):
    assert read_leases(tmp_path / "virbr9.status") == ()
    empty = tmp_path / "virbr8.status"
    empty.touch()
    assert read_leases(empty) == ()


@pytest.mark.parametrize("content", ["{}", "nonsense", "[1]", '[{"expiry-time": "x"}]'])
def test_a_broken_file_is_named(tmp_path: Path, content: str):
    broken = tmp_path / "virbr7.status"
    broken.write_text(content)
    with pytest.raises(InternalError):
        read_leases(broken)


def test_a_broken_file_is_begun_anew_by_the_next_lease(tmp_path: Path):
    (tmp_path / "virbr7.status").write_text("nonsense")
    assert len(read_leases(written(tmp_path, "a lease"))) == 1


def test_writers_wait_for_each_other(tmp_path: Path):
    calls = [(["add", MAC, f"10.0.0.{number}"], V4) for number in range(8)]
    environment = {"PATH": os.environ["PATH"], "PASARELA_STATUS_FOLDER": str(tmp_path), **V4}
    running = [subprocess.Popen([LEASE_HELPER, *one], env=environment) for one, _ in calls]
    assert [process.wait(timeout=20) for process in running] == [0] * 8
    assert len(json.loads((tmp_path / "virbr7.status").read_text())) == 8


@pytest.mark.oracle
@pytest.mark.skipif(not THEIRS.exists(), reason="libvirt is not installed")
def test_dnsmasqs_table_is_what_libvirts_helper_would_have_told_it(tmp_path: Path):
    status = written(tmp_path, "a named lease", "a client id", "both families", "IPv6")
    seed_lease_file(tmp_path / "n.leases", status)
    script = (
        "mount -t tmpfs tmpfs /var/lib/libvirt; mkdir /var/lib/libvirt/dnsmasq; "
        'mount --bind "$0" /var/lib/libvirt/dnsmasq; exec "$@"'
    )
    told = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script, str(tmp_path), str(THEIRS), "init"],
        env={"PATH": os.environ["PATH"], "VIR_BRIDGE_NAME": "virbr7"},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert (tmp_path / "n.leases").read_text() == told


def test_a_broken_file_does_not_keep_a_network_from_starting(tmp_path: Path):
    broken = tmp_path / "virbr7.status"
    broken.write_text("nonsense")
    seed_lease_file(tmp_path / "n.leases", broken)
    assert not (tmp_path / "n.leases").exists()


def test_a_newer_table_of_dnsmasqs_own_is_kept(tmp_path: Path):
    status = written(tmp_path, "a lease")
    leases = tmp_path / "n.leases"
    leases.write_text("its own\n")
    os.utime(status, (1, 1))
    seed_lease_file(leases, status)
    assert leases.read_text() == "its own\n"
    seed_lease_file(leases, tmp_path / "none.status")
    assert leases.read_text() == "its own\n"


@pytest.mark.oracle
@pytest.mark.skipif(not shutil.which("getent"), reason="no getent")
def test_libvirt_nss_resolves_a_guests_name(tmp_path: Path):
    if not list(Path("/lib").glob("*-linux-gnu/libnss_libvirt.so.2")):
        pytest.skip("libnss-libvirt is not installed")
    written(tmp_path, "a named lease")
    script = (
        "mount -t tmpfs tmpfs /var/lib/libvirt; mkdir /var/lib/libvirt/dnsmasq; "
        'mount --bind "$0" /var/lib/libvirt/dnsmasq; exec getent -s libvirt hosts web'
    )
    told = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script, str(tmp_path)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert told.split() == ["10.0.0.5", "web"]
