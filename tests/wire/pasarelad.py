"""A running pasarelad in namespaces of its own, as the real libvirtd of tests/oracle has them."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from signal import SIGCONT, SIGSTOP, SIGTERM, Signals

from oracle.rpc import RpcClient

PYTHON = str(Path(__file__).parents[2] / ".venv/bin/python")
PATIENCE = 30.0

_UNSHARE = ("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")


class Pasarelad:
    """A daemon, and the ways to talk to it.

    ``stop`` ends the namespaces; ``terminate`` only the daemon, and ``start`` brings another one.
    """

    def __init__(self) -> None:
        # A short path: a Unix socket's name holds 108 bytes.
        self.folder = Path(tempfile.mkdtemp(prefix="wire-"))
        self.root = self.folder / "root"
        self.root.mkdir()
        self.log = self.folder / "log"
        self.sockets = self.root / "run/libvirt"
        self.socket = str(self.sockets / "virtnetworkd-sock")
        self.readonly_socket = f"{self.socket}-ro"
        self.uri = f"network+unix:///system?socket={self.socket}"
        self._holder = self._hold()
        self.pid = _child_of(self._holder.pid)
        self._daemon: subprocess.Popen[bytes] | None = None
        self.start()

    def _hold(self) -> subprocess.Popen[bytes]:
        """The namespaces, held open by a shell that also reaps what others leave behind."""
        script = (
            "mount -t sysfs sysfs /sys; mount -t tmpfs tmpfs /run; ip link set lo up;"
            "echo; sleep infinity & wait"
        )
        holder = subprocess.Popen([*_UNSHARE, "sh", "-c", script], stdout=subprocess.PIPE)
        assert holder.stdout is not None
        holder.stdout.readline()
        return holder

    def start(self, command: Sequence[str] = ()) -> None:
        """Start the daemon; it has adopted what runs when this returns."""
        words = command or (PYTHON, "-m", "pasarela.daemon.main", f"--root={self.root}")
        notify = self.folder / "ready"
        notify.unlink(missing_ok=True)
        with (
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready,
            self.log.open("ab") as log,
        ):
            ready.bind(str(notify))
            ready.settimeout(0.2)
            self._daemon = subprocess.Popen(
                self._inside(*words),
                env=os.environ | {"NOTIFY_SOCKET": str(notify), "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
            self._await(ready)

    def _await(self, ready: socket.socket) -> None:
        """Wait for READY=1, as systemd would be told."""
        assert self._daemon is not None
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self._daemon.poll() is None:
            with contextlib.suppress(TimeoutError):
                if ready.recv(4096).startswith(b"READY=1"):
                    return
        log = self.log_text()
        self.stop()
        raise RuntimeError(f"pasarelad did not start:\n{log}")

    def _inside(self, *arguments: str) -> list[str]:
        return ["nsenter", f"--target={self.pid}", "--net", "--mount", "--pid", *arguments]

    def log_text(self) -> str:
        return self.log.read_text()

    @property
    def daemon_pid(self) -> int:
        """The daemon itself: nsenter forks it into the PID namespace."""
        assert self._daemon is not None
        return _child_of(self._daemon.pid)

    def send(self, number: Signals) -> None:
        os.kill(self.daemon_pid, number)

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """The daemon answers nobody meanwhile. nsenter stops with it, and goes on with it."""
        assert self._daemon is not None
        self.send(SIGSTOP)
        try:
            yield
        finally:
            self.send(SIGCONT)
            self._daemon.send_signal(SIGCONT)

    def terminate(self, number: Signals = SIGTERM) -> int:
        """End the daemon alone; the networks stay. Its exit code."""
        self.send(number)
        return self.wait(PATIENCE)

    def wait(self, seconds: float) -> int:
        """Wait for the daemon's own end; its exit code."""
        assert self._daemon is not None
        return self._daemon.wait(seconds)

    def stop(self) -> None:
        """End everything and leave nothing."""
        self._holder.kill()
        self._holder.wait(PATIENCE)
        if self._daemon is not None:
            self._daemon.wait(PATIENCE)
        shutil.rmtree(self.folder)

    def run(
        self, *arguments: str, stdin: str | None = None, timeout: float = 60.0
    ) -> subprocess.CompletedProcess[str]:
        """Run a program in the daemon's namespaces."""
        return subprocess.run(
            self._inside(*arguments),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            env=os.environ | {"LC_ALL": "C"},
        )

    def virsh(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        return self.run("virsh", "-c", self.uri, *arguments, stdin=stdin)

    def connect(self, *, readonly: bool = False) -> RpcClient:
        """A raw client, opened; it is reached by its path, whatever the namespace."""
        path = self.readonly_socket if readonly else self.socket
        return RpcClient(path, "network:///system")

    def reset(self) -> None:
        """Stop and forget all networks."""
        for name in self.virsh("net-list", "--name").stdout.split():
            self.virsh("net-destroy", name)
        for name in self.virsh("net-list", "--all", "--name").stdout.split():
            self.virsh("net-undefine", name)


def _child_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])
