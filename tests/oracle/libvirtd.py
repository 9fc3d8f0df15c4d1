"""The real libvirtd as an oracle, in namespaces and with directories of its own.

``libvirtd`` is a running daemon that a test module shares; it starts each module with no network.
Other folders' tests use it too: the fixture is registered by tests/conftest.py, and its classes
are imported as ``from oracle.libvirtd import Libvirtd`` and ``from oracle.rpc import OracleError``.
"""

from __future__ import annotations

import os
import select
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from oracle.rpc import (
    Handle,
    Interface,
    OracleError,
    Procedure,
    Reader,
    RpcClient,
    pack_numbers,
    pack_string,
)

STOP_SECONDS = 10.0
SOCKET = "run/libvirt/libvirt-sock"

_UNSHARE = ("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")

# What the daemon's own namespaces look like: none of its directories is this machine's. The shell
# stays as the first process: the daemon would not reap the dnsmasqs whose end it waits for.
_SET_UP = """
set -e
mount -t sysfs sysfs /sys
if [ -n "$ORACLE_ETC" ]; then
    mount --bind "$ORACLE_ETC" /etc/libvirt
else
    mount -t tmpfs tmpfs /etc/libvirt
fi
mount -t tmpfs tmpfs /run
if [ -n "$ORACLE_VAR" ]; then
    mount --bind "$ORACLE_VAR" /var/lib/libvirt
else
    mount -t tmpfs tmpfs /var/lib/libvirt
fi
mount -t tmpfs tmpfs /var/cache/libvirt
mkdir -p /var/lib/libvirt/dnsmasq
ip link set lo up
eval "$ORACLE_PREPARE"
$ORACLE_PROGRAM &
wait $!
"""


def missing_programs() -> list[str]:
    """What the oracle needs and this machine lacks; iptables is for starting networks."""
    programs = ("libvirtd", "virsh", "dnsmasq", "iptables", "ip", "unshare", "nsenter")
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    return [program for program in programs if not shutil.which(program, path=path)]


def why_not() -> str | None:
    """Why the real libvirt cannot be asked here."""
    if absent := missing_programs():
        return f"no {', '.join(absent)}: scripts/install --dev installs them"
    ids = sum(int(line.split()[2]) for line in Path("/proc/self/uid_map").read_text().splitlines())
    if ids < 65536:
        return "this user namespace has too few user ids for the daemon's children: run as root"
    return None


class Libvirtd:
    """A running libvirtd of its own, and the ways to talk to it.

    ``etc`` and ``var`` are the folders that it has for /etc/libvirt and /var/lib/libvirt; without
    one, an empty one in memory.

    Attributes:
        prepare: a line of shell that its namespaces need beside what all of them have.
    """

    program = "libvirtd"
    prepare = ""
    uri = "qemu:///system"

    def __init__(
        self,
        directory: Path,
        *,
        etc: Path | None = None,
        var: Path | None = None,
        patience: float = 30.0,
    ) -> None:
        self.log = directory / "log"
        self._etc = etc
        self._var = var
        self._patience = patience
        self._process = self._spawn(directory)
        self.pid = self._child()
        self.socket = f"/proc/{self.pid}/root/{SOCKET}"
        self.rpc = RpcClient(self.socket, self.uri)

    def _spawn(self, directory: Path) -> subprocess.Popen[bytes]:
        notify = directory / "ready"
        with (
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready,
            self.log.open("wb") as log,
        ):
            ready.bind(str(notify))
            process = subprocess.Popen(
                [*_UNSHARE, "sh", "-c", _SET_UP],
                env=os.environ
                | {
                    "NOTIFY_SOCKET": str(notify),
                    "LC_ALL": "C",
                    "ORACLE_PROGRAM": self.program,
                    "ORACLE_PREPARE": self.prepare,
                    "ORACLE_ETC": str(self._etc or ""),
                    "ORACLE_VAR": str(self._var or ""),
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
            if not _is_ready(ready, process, self._patience):
                process.kill()
                process.wait()
                raise RuntimeError(f"libvirtd did not start:\n{self.log.read_text()}")
        return process

    def _child(self) -> int:
        pid = self._process.pid
        return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])

    def stop(self) -> None:
        """End the daemon and, with its PID namespace, whatever it has started."""
        self.rpc.close()
        self._process.kill()
        self._process.wait(STOP_SECONDS)

    # from inside

    def run(
        self, *arguments: str, stdin: str | None = None, timeout: float = 60.0
    ) -> subprocess.CompletedProcess[str]:
        """Run a program in the daemon's namespaces."""
        return subprocess.run(
            ["nsenter", f"--target={self.pid}", "--net", "--mount", "--pid", *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            env=os.environ | {"LC_ALL": "C"},
        )

    def virsh(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        return self.run("virsh", "-c", self.uri, *arguments, stdin=stdin)

    def read(self, path: str) -> str:
        """The text of a file as the daemon sees it."""
        return Path(f"/proc/{self.pid}/root{path}").read_text()

    # the wire: each of these raises OracleError where the daemon refuses

    def connect(self, uri: str = "") -> RpcClient:
        return RpcClient(self.socket, uri or self.uri)

    def call(self, procedure: int, arguments: bytes = b"") -> Reader:
        return self.rpc.call(procedure, arguments)

    def define(self, xml: str | bytes, *, validate: bool = False) -> Handle:
        if validate:
            arguments = pack_string(xml) + pack_numbers(1)
            return self.call(Procedure.NETWORK_DEFINE_XML_FLAGS, arguments).handle()
        return self.call(Procedure.NETWORK_DEFINE_XML, pack_string(xml)).handle()

    def create(self, xml: str | bytes) -> Handle:
        """Start a transient network."""
        return self.call(Procedure.NETWORK_CREATE_XML, pack_string(xml)).handle()

    def lookup(self, name: str) -> Handle:
        return self.call(Procedure.NETWORK_LOOKUP_BY_NAME, pack_string(name)).handle()

    def start(self, network: Handle) -> None:
        self.call(Procedure.NETWORK_CREATE, network.pack())

    def destroy(self, network: Handle) -> None:
        self.call(Procedure.NETWORK_DESTROY, network.pack())

    def undefine(self, network: Handle) -> None:
        self.call(Procedure.NETWORK_UNDEFINE, network.pack())

    def is_active(self, network: Handle) -> bool:
        return bool(self.call(Procedure.NETWORK_IS_ACTIVE, network.pack()).number())

    def is_persistent(self, network: Handle) -> bool:
        return bool(self.call(Procedure.NETWORK_IS_PERSISTENT, network.pack()).number())

    def dumpxml(self, network: Handle, *, inactive: bool = False) -> str:
        arguments = network.pack() + pack_numbers(inactive)
        return self.call(Procedure.NETWORK_GET_XML_DESC, arguments).string()

    def normalised(self, xml: str | bytes, *, validate: bool = False) -> str:
        """What the daemon makes of a definition: define, dump, undefine."""
        network = self.define(xml, validate=validate)
        try:
            return self.dumpxml(network, inactive=True)
        finally:
            self.undefine(network)

    def update(
        self,
        network: Handle,
        command: int,
        section: int,
        xml: str,
        *,
        parent_index: int = -1,
        flags: int = 0,
    ) -> None:
        numbers = pack_numbers(command, section, parent_index)
        arguments = network.pack() + numbers + pack_string(xml) + pack_numbers(flags)
        self.call(Procedure.NETWORK_UPDATE, arguments)

    def networks(self) -> list[Handle]:
        reader = self.call(Procedure.CONNECT_LIST_ALL_NETWORKS, pack_numbers(1, 0))
        return [reader.handle() for _ in range(reader.number())]

    def reset(self) -> None:
        """Stop and forget all networks."""
        for network in self.networks():
            if self.is_active(network):
                persistent = self.is_persistent(network)
                self.destroy(network)
                if not persistent:
                    continue
            self.undefine(network)

    # ports

    def port_create(self, network: Handle, xml: str, *, flags: int = 0) -> UUID:
        arguments = network.pack() + pack_string(xml) + pack_numbers(flags)
        reader = self.call(Procedure.NETWORK_PORT_CREATE_XML, arguments)
        reader.handle()
        return reader.uuid()

    def port_dumpxml(self, network: Handle, port: UUID) -> str:
        arguments = network.pack() + port.bytes + pack_numbers(0)
        return self.call(Procedure.NETWORK_PORT_GET_XML_DESC, arguments).string()

    def port_delete(self, network: Handle, port: UUID) -> None:
        arguments = network.pack() + port.bytes + pack_numbers(0)
        self.call(Procedure.NETWORK_PORT_DELETE, arguments)

    def port_list(self, network: Handle) -> list[UUID]:
        reader = self.call(Procedure.NETWORK_LIST_ALL_PORTS, network.pack() + pack_numbers(1, 0))
        ports = []
        for _ in range(reader.number()):
            reader.handle()
            ports.append(reader.uuid())
        return ports

    # the host's interfaces

    def interfaces(self, flags: int = 0) -> list[Interface]:
        reader = self.call(Procedure.CONNECT_LIST_ALL_INTERFACES, pack_numbers(1, flags))
        return [reader.interface() for _ in range(reader.number())]

    def interface_by_name(self, name: str) -> Interface:
        return self.call(Procedure.INTERFACE_LOOKUP_BY_NAME, pack_string(name)).interface()

    def interface_by_mac(self, mac: str) -> Interface:
        return self.call(Procedure.INTERFACE_LOOKUP_BY_MAC_STRING, pack_string(mac)).interface()

    def interface_dumpxml(self, interface: Interface) -> str:
        arguments = interface.pack() + pack_numbers(0)
        return self.call(Procedure.INTERFACE_GET_XML_DESC, arguments).string()


def _is_ready(ready: socket.socket, process: subprocess.Popen[bytes], patience: float) -> bool:
    """Whether READY=1 comes, as systemd would be told, before the process ends or time is up."""
    ended = os.pidfd_open(process.pid)
    try:
        return ready in select.select([ready, ended], [], [], patience)[0]
    finally:
        os.close(ended)


@pytest.fixture(scope="session")
def _libvirtd_of_the_session() -> Iterator[Libvirtd]:
    if reason := why_not():
        pytest.skip(f"the real libvirt cannot be asked: {reason}")
    # A short path: a Unix socket's name holds 108 bytes.
    with tempfile.TemporaryDirectory(prefix="oracle-") as directory:
        daemon = Libvirtd(Path(directory))
        try:
            yield daemon
        finally:
            daemon.stop()


@pytest.fixture(scope="module")
def libvirtd(_libvirtd_of_the_session: Libvirtd) -> Libvirtd:
    """The real libvirtd, without any network."""
    _libvirtd_of_the_session.reset()
    return _libvirtd_of_the_session


__all__ = ["Handle", "Interface", "Libvirtd", "OracleError", "libvirtd"]
