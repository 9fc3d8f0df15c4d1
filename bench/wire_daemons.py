"""The two daemons, each in namespaces of its own that outlive it, so that it can be restarted.

Both have their definitions, and what lies below /var/lib, on the same disk.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import documents
import wire_calls as calls

PATIENCE = 900.0
VENV = Path(sys.executable).parent
DEFINITIONS = "qemu/networks"

_UNSHARE = ("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
_SET_UP = """
set -e
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /run
mkdir -p /etc/libvirt /var/lib/libvirt
mount --bind "$BENCH_DISK/etc" /etc/libvirt
mount --bind "$BENCH_DISK/var" /var/lib/libvirt
mkdir -p /var/lib/libvirt/dnsmasq
ip link set lo up
echo
sleep infinity &
wait
"""


class Kind(NamedTuple):
    """Which of the two: its program, where it listens, how it and its command line are asked."""

    name: str
    daemon: tuple[str, ...]
    socket: str
    uri: str
    net_list: tuple[str, ...]


LIBVIRT = Kind(
    "libvirt",
    ("libvirtd",),
    "run/libvirt/libvirt-sock",
    "qemu:///system",
    ("virsh", "-c", "qemu:///system", "net-list", "--all"),
)
PASARELA = Kind(
    "pasarela",
    (str(VENV / "pasarelad"),),
    "run/libvirt/virtnetworkd-sock",
    "network:///system",
    (str(VENV / "pasarela"), "net-list", "--all"),
)


class Started(NamedTuple):
    """Seconds from starting a daemon until it answers, and until it says that it is ready."""

    answered: float
    ready: float


class Daemon:
    """A daemon without any network; ``host`` is a process in its namespaces."""

    def __init__(self, kind: Kind, disk: Path) -> None:
        self.kind = kind
        self.name = kind.name
        self._disk = Path(tempfile.mkdtemp(prefix=f"{kind.name}-", dir=disk))
        for folder in ("etc", "var"):
            (self._disk / folder).mkdir(mode=0o755)
        self._disk.chmod(0o755)  # the dnsmasqs read there as another user
        self._hold()
        self.start()

    def _hold(self) -> None:
        self._holder = subprocess.Popen(
            [*_UNSHARE, "sh", "-c", _SET_UP],
            env=os.environ | {"BENCH_DISK": str(self._disk)},
            stdout=subprocess.PIPE,
        )
        assert self._holder.stdout is not None
        self._holder.stdout.readline()
        self.host = _child_of(self._holder.pid)
        self.socket = f"/proc/{self.host}/root/{self.kind.socket}"

    def start(self, active: int = 0, *, answering: Callable[[], object] = object) -> Started:
        """Start it; it says that it is ready when this returns.

        Args:
            active: it counts as answering once it tells of so many active networks.
            answering: called then.
        """
        notify = self._disk / "ready"
        notify.unlink(missing_ok=True)
        with (
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready,
            (self._disk / "log").open("ab") as log,
        ):
            ready.bind(str(notify))
            begin = time.perf_counter()
            self._daemon = subprocess.Popen(
                self.inside(*self.kind.daemon, pid=True),
                env=os.environ | {"NOTIFY_SOCKET": str(notify), "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
            answered = self._await_answer(active) - begin
            answering()
            self._await_ready(ready)
            return Started(answered, time.perf_counter() - begin)

    def _await_ready(self, ready: socket.socket) -> None:
        ready.settimeout(0.2)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self._daemon.poll() is None:
            with contextlib.suppress(TimeoutError):
                if ready.recv(4096).startswith(b"READY=1"):
                    return
        raise RuntimeError(f"{self.name} never got ready:\n{self.log()}")

    def _await_answer(self, active: int) -> float:
        """When it first told of so many active networks."""
        asking = calls.opening(self.kind.uri) + calls.list_all(calls.ACTIVE)
        while True:
            with self._connected() as wire:
                wire.sendall(asking)
                answers = [_answer(wire) for _ in range(3)]
            answered = time.perf_counter()
            if int.from_bytes(answers[-1][28:32], "big") >= active:
                return answered

    def _connected(self) -> socket.socket:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self._daemon.poll() is None:
            wire = socket.socket(socket.AF_UNIX)
            wire.settimeout(PATIENCE)
            try:
                wire.connect(self.socket)
            except OSError:
                wire.close()
                time.sleep(0.001)  # nothing tells that a socket has come to be
            else:
                return wire
        raise RuntimeError(f"{self.name} did not start:\n{self.log()}")

    def log(self) -> str:
        return (self._disk / "log").read_text(errors="replace")

    @property
    def pid(self) -> int:
        """The daemon itself: nsenter forks it into the PID namespace."""
        return _child_of(self._daemon.pid)

    def resident(self) -> float:
        """Megabytes of memory."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        (line,) = (line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) / 1024

    def terminate(self) -> None:
        """End the daemon alone; its networks stay."""
        os.kill(self.pid, 15)
        self._daemon.wait(PATIENCE)

    def reboot(self, autostarted: Sequence[int]) -> None:
        """Everything anew, with definitions that are marked as autostarted; the daemon is not up.

        The namespaces take networks, processes and /run with them, as a reboot does.
        """
        self._end()
        definitions = self._disk / "etc" / DEFINITIONS
        shutil.rmtree(definitions, ignore_errors=True)
        (definitions / "autostart").mkdir(parents=True)
        for number in autostarted:
            file = f"{documents.name(number)}.xml"
            (definitions / file).write_text(documents.network(number))
            (definitions / "autostart" / file).symlink_to(f"/etc/libvirt/{DEFINITIONS}/{file}")
        self._hold()

    def close(self) -> None:
        self._end()
        shutil.rmtree(self._disk)

    def _end(self) -> None:
        self._holder.kill()
        self._holder.wait()
        with contextlib.suppress(ChildProcessError):
            self._daemon.wait()

    def on_host(self, *command: str) -> None:
        subprocess.run(self.inside(*command), check=True)

    def inside(self, *command: str, pid: bool = False) -> list[str]:
        spaces = ["--net", "--mount", *(["--pid"] if pid else [])]
        return ["nsenter", f"--target={self.host}", *spaces, *command]


def _answer(wire: socket.socket) -> bytes:
    head = _receive(wire, 28)
    return head + _receive(wire, int.from_bytes(head[:4], "big") - 28)


def _receive(wire: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = wire.recv(count - len(data))
        if not piece:
            raise ConnectionError("the daemon hung up")
        data += piece
    return data


def _child_of(pid: int) -> int:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        if children:
            return int(children[0])
        time.sleep(0.001)  # a process that has been started forks at once
    raise RuntimeError(f"process {pid} never had a child")


class Client:
    """The small client for both, compiled where there is a compiler."""

    def __init__(self, folder: Path) -> None:
        source = Path(__file__).with_name("wire_client.c")
        compiler = shutil.which("gcc") or shutil.which("cc")
        self._command = [sys.executable, str(source.with_suffix(".py"))]
        if compiler:
            program = folder / "wire_client"
            build = [compiler, "-O2", "-o", str(program), str(source), "-lpthread"]
            subprocess.run(build, check=True)
            self._command = [str(program)]

    def begin(
        self, daemon: Daemon, mode: Iterable[str], messages: bytes
    ) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [*self._command, daemon.socket, *mode], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert process.stdin is not None
        process.stdin.write(calls.opening(daemon.kind.uri) + messages)
        process.stdin.close()
        return process

    def run(self, daemon: Daemon, mode: Iterable[str], messages: bytes) -> list[list[float]]:
        """The numbers that it prints, line by line."""
        return finish(self.begin(daemon, mode, messages))

    def once(self, daemon: Daemon, messages: Iterable[bytes]) -> list[float]:
        """Milliseconds of each of these calls, one after the other."""
        lines = self.run(daemon, ("once",), b"".join(messages))
        return [taken / 1000 for (taken,) in lines]


def finish(process: subprocess.Popen[bytes]) -> list[list[float]]:
    assert process.stdout is not None
    lines = process.stdout.read().decode().splitlines()
    if process.wait() != 0:
        raise RuntimeError("the client failed")
    return [[float(word) for word in line.split()] for line in lines]
