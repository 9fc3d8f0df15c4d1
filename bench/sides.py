"""The two that are compared, behind one face: the real libvirtd, and Pasarela's engine.

libvirtd is reached over its socket by the tests' small client (0.1 ms a call, which it pays);
Pasarela's engine runs in the bench's own process, warm. Both have their definitions on the same
disk, as well as what lies below /var/lib, and their own network namespaces. What a side leaves on
the disk stays there until the bench ends: ext4 without a journal passes over each inode that was
removed in the last minutes, so the next one's files would take longer to make.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import documents
from oracle.libvirtd import Libvirtd
from pasarela.client.embedded import open_embedded
from pasarela.engine.engine import Engine
from pasarela.model.handles import Affect, UpdateCommand, UpdateSection

BOTH = Affect.LIVE | Affect.CONFIG


class Side(Protocol):
    name: str

    def define(self, number: int, *, stp: bool = False) -> None: ...
    def start(self, number: int) -> None: ...
    def add_host(self, number: int, host: int) -> None: ...
    def delete_host(self, number: int, host: int) -> None: ...
    def port_create(self, number: int, port: int) -> None: ...
    def port_delete(self, number: int, port: int) -> None: ...
    def destroy(self, number: int) -> None: ...
    def undefine(self, number: int) -> None: ...
    def destroy_all(self, numbers: Sequence[int]) -> None: ...
    def cold_boot(self, numbers: Sequence[int]) -> float: ...
    def close(self) -> None: ...


class _Manager:
    """What the two have in common: networks and ports that are known by their numbers."""

    def __init__(self) -> None:
        self._handles: dict[int, Any] = {}
        self._ports: dict[int, Any] = {}

    def _manager(self) -> Any:
        """Whoever is asked: the daemon's client, or the engine."""
        raise NotImplementedError

    def start(self, number: int) -> None:
        self._manager().start(self._handles[number])

    def add_host(self, number: int, host: int) -> None:
        self._update(number, UpdateCommand.ADD_LAST, host)

    def delete_host(self, number: int, host: int) -> None:
        self._update(number, UpdateCommand.DELETE, host)

    def _update(self, number: int, command: UpdateCommand, host: int) -> None:
        document = documents.dhcp_host(number, host)
        section = UpdateSection.IP_DHCP_HOST
        self._manager().update(self._handles[number], command, section, document, flags=BOTH)

    def destroy(self, number: int) -> None:
        self._manager().destroy(self._handles[number])

    def undefine(self, number: int) -> None:
        self._manager().undefine(self._handles.pop(number))


class LibvirtSide(_Manager):
    name = "libvirt"

    def __init__(self, disk: Path) -> None:
        super().__init__()
        self._disk = Path(tempfile.mkdtemp(prefix="libvirt-", dir=disk))
        self._daemon = self._start_daemon(networks=())

    @property
    def pid(self) -> int:
        return self._daemon.pid

    def _manager(self) -> Libvirtd:
        return self._daemon

    def _start_daemon(self, networks: Sequence[int]) -> Libvirtd:
        etc = Path(tempfile.mkdtemp(prefix="etc-", dir=self._disk))
        shutil.copytree("/etc/libvirt", etc, dirs_exist_ok=True)
        definitions = etc / "qemu/networks"
        shutil.rmtree(definitions, ignore_errors=True)
        _write_autostarted(definitions, networks, Path("/etc/libvirt/qemu/networks"))
        var = Path(tempfile.mkdtemp(prefix="var-", dir=self._disk))
        var.chmod(0o755)  # its dnsmasqs read it as another user
        directory = Path(tempfile.mkdtemp(prefix="run-", dir=self._disk))
        return Libvirtd(directory, etc=etc, var=var, patience=600.0)

    def define(self, number: int, *, stp: bool = False) -> None:
        self._handles[number] = self._daemon.define(documents.network(number, stp=stp))

    def port_create(self, number: int, port: int) -> None:
        document = documents.port(port)
        self._ports[port] = self._daemon.port_create(self._handles[number], document)

    def port_delete(self, number: int, port: int) -> None:
        self._daemon.port_delete(self._handles[number], self._ports.pop(port))

    def destroy_all(self, numbers: Sequence[int]) -> None:
        for number in numbers:  # libvirt has no call for many
            self.destroy(number)

    def cold_boot(self, numbers: Sequence[int]) -> float:
        """Seconds from starting the daemon until it answers, which is when all are active."""
        self._daemon.stop()
        begin = time.perf_counter()
        self._daemon = self._start_daemon(numbers)
        seconds = time.perf_counter() - begin
        active = sum(self._daemon.is_active(network) for network in self._daemon.networks())
        _expect(active == len(numbers), f"libvirt started {active} of {len(numbers)}")
        return seconds

    def close(self) -> None:
        self._daemon.stop()


class PasarelaSide(_Manager):
    name = "pasarela"

    def __init__(self, disk: Path) -> None:
        super().__init__()
        self._disk = disk
        self._root = self._new_root()
        self._engine = open_embedded(self._root)

    def _manager(self) -> Engine:
        return self._engine

    def _new_root(self) -> Path:
        root = Path(tempfile.mkdtemp(prefix="pasarela-", dir=self._disk))
        run = root / "run"
        run.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(run)], check=True)
        return root

    def define(self, number: int, *, stp: bool = False) -> None:
        self._handles[number] = self._engine.define_xml(documents.network(number, stp=stp))

    def port_create(self, number: int, port: int) -> None:
        document = documents.port(port)
        self._ports[port] = self._engine.port_create_xml(self._handles[number], document)

    def port_delete(self, number: int, port: int) -> None:
        self._engine.port_delete(self._ports.pop(port))

    def destroy_all(self, numbers: Sequence[int]) -> None:
        self._engine.destroy_many([self._handles[number] for number in numbers])

    def cold_boot(self, numbers: Sequence[int]) -> float:
        """Seconds of a whole new process that starts what is marked as autostarted."""
        self._engine.close()
        subprocess.run(["umount", str(self._root / "run")], check=True)
        self._root = self._new_root()
        definitions = self._root / "etc/libvirt/qemu/networks"
        _write_autostarted(definitions, numbers, definitions)
        code = (
            "import sys; from pasarela.client.embedded import open_embedded;"
            "open_embedded(sys.argv[1]).autostart_all()"
        )
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-c", code, str(self._root)], check=True)
        seconds = time.perf_counter() - begin
        self._engine = open_embedded(self._root)
        refs = self._engine.list_networks()
        self._handles = {documents.number_of(ref.name): ref for ref in refs}
        active = sum(self._engine.is_active(ref) for ref in refs)
        _expect(active == len(numbers), f"Pasarela started {active} of {len(numbers)}")
        return seconds

    def close(self) -> None:
        active = [ref for ref in self._engine.list_networks() if self._engine.is_active(ref)]
        self._engine.destroy_many(active)
        self._engine.close()
        subprocess.run(["umount", str(self._root / "run")], check=True)


def _write_autostarted(definitions: Path, numbers: Sequence[int], seen_as: Path) -> None:
    (definitions / "autostart").mkdir(parents=True)
    for number in numbers:
        file = f"{documents.name(number)}.xml"
        (definitions / file).write_text(documents.network(number))
        (definitions / "autostart" / file).symlink_to(seen_as / file)


def _expect(true: bool, otherwise: str) -> None:
    if not true:
        raise RuntimeError(otherwise)
