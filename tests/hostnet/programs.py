"""The real programs that read the files, started in a host of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from hostnet.ifupdown.machine import run

UNPACKED = Path(__file__).parents[2] / ".cache" / "managers"
LOG = Path("/run/program.log")
NETWORKD = Path("/lib/systemd/systemd-networkd")
_LIBRARIES = ":".join(str(path) for path in UNPACKED.glob("usr/lib/*-linux-gnu"))

# A read-only /sys is how both know that no udev will tell them of devices.
_OWN_SYS = "mount -o remount,bind,ro /sys && mount -t tmpfs tmpfs /var/lib && exec "

_BUS = """<busconfig>
  <type>system</type>
  <listen>unix:path=/run/dbus/system_bus_socket</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/><allow receive_sender="*"/><allow own="*"/>
  </policy>
</busconfig>
"""
_NETWORKMANAGER = """[main]
plugins=keyfile
dhcp=internal
no-auto-default=*
dns=none
"""


def is_root() -> bool:
    """Whether this is root outside user namespaces too, who may become any other user."""
    identifiers = Path("/proc/self/uid_map").read_text().split()
    return os.geteuid() == 0 and int(identifiers[2]) > 65536


def unpacked(program: str) -> Path | None:
    """A program that scripts/managers has brought, or an installed one."""
    places = (UNPACKED / program, Path("/") / program)
    return next((place for place in places if place.exists()), None)


def environment() -> dict[str, str]:
    return {**os.environ, "LD_LIBRARY_PATH": _LIBRARIES}


def write(files: Mapping[PurePosixPath, str], folders: Sequence[str]) -> None:
    """Makes these folders of /etc and /run hold these files alone; nothing runs yet."""
    LOG.unlink(missing_ok=True)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
        Path(folder).mkdir(parents=True)
    for path, text in files.items():
        place = Path(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.encode())
        place.chmod(0o644 if "systemd" in str(path) else 0o600)


@contextmanager
def own_etc() -> Iterator[None]:
    """An /etc of one's own, with what the machine's has."""
    copied = Path("/run/etc")
    run("cp", "-a", "/etc", str(copied), check=False)  # some of it may be nobody's to read
    run("mount", "--bind", str(copied), "/etc")
    (copied / "NetworkManager").mkdir(exist_ok=True)
    try:
        yield
    finally:
        run("umount", "/etc")
        for folder in (copied, "/run/pasarela", "/run/NetworkManager", "/run/systemd/netif"):
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def networkd() -> Iterator[None]:
    """systemd-networkd, with the files of /etc/systemd/network and /run/systemd/network."""
    for folder in ("links", "leases", "lldp"):
        Path("/run/systemd/netif", folder).mkdir(parents=True, exist_ok=True)
    run("chown", "-R", "systemd-network:", "/run/systemd/netif")
    machine_id = Path("/etc/machine-id")
    if not machine_id.exists() or not machine_id.read_text().strip():
        machine_id.write_text("0123456789abcdef0123456789abcdef\n")
    with running(["sh", "-c", _OWN_SYS + str(NETWORKD)]):
        yield
    shutil.rmtree("/run/systemd/netif")


@contextmanager
def networkmanager(configuration: str = _NETWORKMANAGER) -> Iterator[None]:
    """NetworkManager on a D-Bus of its own, with /etc/NetworkManager's files."""
    program = unpacked("usr/sbin/NetworkManager")
    config = Path("/etc/NetworkManager/NetworkManager.conf")
    config.write_text(configuration)
    Path("/run/dbus").mkdir(exist_ok=True)
    Path("/run/bus.conf").write_text(_BUS)
    with running(["dbus-daemon", "--config-file=/run/bus.conf", "--nofork", "--nopidfile"]):
        eventually(lambda: Path("/run/dbus/system_bus_socket").exists())
        with running(["sh", "-c", f"{_OWN_SYS}{program} --no-daemon --pid-file=/run/nm.pid"]):
            eventually(lambda: _nmcli("general").returncode == 0)
            yield
    for folder in ("/run/dbus", "/run/NetworkManager"):  # what it would take up again
        shutil.rmtree(folder)


def nmcli(*arguments: str) -> str:
    done = _nmcli(*arguments)
    assert done.returncode == 0, (arguments, done.stderr)
    return done.stdout


def _nmcli(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(unpacked("usr/bin/nmcli")), *arguments],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


@contextmanager
def running(command: Sequence[str]) -> Iterator[None]:
    """A program in a mount namespace of its own, until the block ends."""
    with LOG.open("ab") as log:
        process = subprocess.Popen(
            ["unshare", "-m", *command], stdout=log, stderr=log, env=environment()
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)


def eventually(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    """Waits for what another program will have done, which it tells nobody."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, LOG.read_text()
        time.sleep(0.05)
