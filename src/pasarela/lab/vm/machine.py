"""Real guests: a network port, a tap or macvtap device, and QEMU on it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pasarela.client.connection import Connection
from pasarela.errors import PasarelaError
from pasarela.lab import node, plug
from pasarela.lab.faults import LabError, NotPermitted, missing_program, run
from pasarela.lab.guest import Request
from pasarela.lab.plug import Plugged
from pasarela.lab.vm import initramfs, kernel
from pasarela.lab.vm.agent import Agent
from pasarela.model.handles import NetworkRef
from pasarela.model.port import Plug, PlugType, Port
from pasarela.model.values import MacAddress

_QEMU = "qemu-system-x86_64"
_MEMORY = 128  # MiB
_BOOT = 90.0  # seconds; emulated on a busy machine
_DHCP_TRIES = 10


@dataclass(frozen=True, slots=True)
class Card:
    """The host's end of a guest's network card: its link, and a descriptor for a macvtap's."""

    link: str
    descriptor: int | None = None

    @property
    def option(self) -> str:
        if self.descriptor is not None:
            return f"tap,id=net,fd={self.descriptor}"
        return f"tap,id=net,ifname={self.link},script=no,downscript=no"


def exists(name: str) -> bool:
    return agent_path(name).exists()


def agent_path(name: str) -> Path:
    return node.folder(name) / "agent.sock"


def console_path(name: str) -> Path:
    return node.folder(name) / "console.sock"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A guest that has its port and its card, and can be booted."""

    name: str
    mac: MacAddress
    plugged: Plugged
    card: Card


def add(connection: Connection, wanted: Request) -> tuple[Plugged, Agent]:
    """Plug in a guest and boot it; the caller is on the host, and closes the agent.

    Raises:
        PasarelaError: something is missing, or as the network's driver says; nothing is left.
    """
    prepared = prepare(connection, wanted)
    try:
        return prepared.plugged, boot(prepared)
    except (PasarelaError, OSError):
        remove(connection, wanted.name)
        raise


def prepare(connection: Connection, wanted: Request) -> Prepared:
    """Make what a guest needs before it boots; as ``add``."""
    if shutil.which(_QEMU) is None:
        raise missing_program(f"{_QEMU} (package qemu-system-x86)")
    image = initramfs.build(wanted.name)
    network = connection.lookup_by_name(wanted.network)
    node.create_folder(wanted.name)
    try:
        (node.folder(wanted.name) / "initramfs").write_bytes(image)
        return _plug(connection, network, wanted)
    except (PasarelaError, OSError):
        remove(connection, wanted.name)
        raise


def boot(prepared: Prepared) -> Agent:
    """Start QEMU and wait until the guest's agent is there.

    Raises:
        LabError: QEMU ended, or the guest did not boot in time.
    """
    agent = _start(prepared)
    try:
        agent.await_ready(_BOOT)
    except LabError as error:
        said = (node.folder(prepared.name) / "qemu.log").read_text(errors="replace").strip()
        raise LabError(f"{error}: {said}" if said else str(error)) from error
    return agent


def remove(connection: Connection, name: str) -> None:
    """End a guest, give back its port and its link."""
    _kill(name)
    if (node.folder(name) / "guest.json").exists():
        plugged = plug.load(name)
        plug.delete_port(connection, plugged)
        if plugged.link and Path(f"/sys/class/net/{plugged.link}").exists():
            run(["ip", "link", "del", plugged.link])
    shutil.rmtree(node.folder(name))


def configure(agent: Agent, wanted: Request, plugged: Plugged) -> str:
    """Give a booted guest its address; what it has is returned as ip(8) shows it."""
    if plugged.bridge and plugged.link:
        plug.await_forwarding([plugged.link])
    if wanted.address is not None:
        agent.run(f"ip addr add {wanted.address} dev eth0")
    else:
        acquire(agent, wanted.name)
    return agent.run("ip -o addr show dev eth0 scope global | awk '{print $4}'").output.strip()


def acquire(agent: Agent, name: str) -> str:
    """Get a lease in a guest; returns what the client's script printed of it."""
    return agent.run(
        f"udhcpc -i eth0 -s /bin/udhcpc.sh -x hostname:{name} -t {_DHCP_TRIES} -T 1 -n -q",
        timeout=_DHCP_TRIES + 20,
    ).output


def _plug(connection: Connection, network: NetworkRef, wanted: Request) -> Prepared:
    ref, port = plug.create_port(connection, network, wanted.name, wanted.mac)
    where = plug.required_plug(port)
    link = plug.free_links(1)[0] if where.bridge else _free_macvtap()
    plugged = Plugged(
        network.name, str(network.uuid), str(ref.uuid), port.mac,
        where.type.value, where.bridge, link,
    )  # fmt: skip
    plug.save(wanted.name, plugged)
    return Prepared(wanted.name, port.mac, plugged, _card(wanted.name, port, where, link))


def _start(prepared: Prepared) -> Agent:
    name, card = prepared.name, prepared.card
    sockets = [_listen(agent_path(name)), _listen(console_path(name))]
    kept = [each.fileno() for each in sockets]
    passed = kept + ([card.descriptor] if card.descriptor is not None else [])
    agent = Agent(agent_path(name))  # QEMU waits for it, so that nothing it says is lost
    with (node.folder(name) / "qemu.log").open("wb") as log:
        qemu = subprocess.Popen(
            _command(prepared, kept), pass_fds=passed, stdin=subprocess.DEVNULL,
            stdout=log, stderr=log, start_new_session=True, cwd="/",
        )  # fmt: skip
    (node.folder(name) / "qemu.pid").write_text(str(qemu.pid))
    for each in sockets:
        each.close()
    if card.descriptor is not None:
        os.close(card.descriptor)
    return agent


def _command(prepared: Prepared, sockets: Sequence[int]) -> list[str]:
    agent, console = sockets
    name = prepared.name
    folder = node.folder(name)
    return [
        _QEMU, "-name", name, "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none",
        "-machine", "pc", "-accel", "tcg", "-cpu", "max", "-m", str(_MEMORY),
        "-kernel", str(kernel.find() / "vmlinuz"), "-initrd", str(folder / "initramfs"),
        "-append", "console=ttyS0 quiet panic=-1",
        "-chardev", f"socket,id=console,fd={console},server=on,wait=off",
        "-serial", "chardev:console",
        "-chardev", f"socket,id=agent,fd={agent},server=on,wait=on",
        "-serial", "chardev:agent",
        "-netdev", prepared.card.option,
        "-device", f"virtio-net-pci,netdev=net,mac={prepared.mac},romfile=",
    ]  # fmt: skip


def _listen(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    listener.listen(1)
    return listener


def _card(name: str, port: Port, where: Plug, link: str) -> Card:
    if where.type is PlugType.DIRECT:
        plug.add_direct(port, where, link, "macvtap")
        run(["ip", "link", "set", link, "up"])
        return Card(link, _open_macvtap(name, link))
    run(["ip", "tuntap", "add", link, "mode", "tap"])
    run(["ip", "-batch", "-"], text="\n".join(plug.into_bridge(link, where)) + "\n")
    if port.isolated:
        run(["bridge", "link", "set", "dev", link, "isolated", "on"])
    return Card(link)


def _open_macvtap(name: str, link: str) -> int:
    """Open a macvtap's device, which only the machine's own /dev may have a file for."""
    number = next(Path(f"/sys/class/net/{link}/macvtap").glob("tap*/dev")).read_text().strip()
    major, minor = map(int, number.split(":"))
    path = node.folder(name) / "tap"
    try:
        os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(major, minor))
        return os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except PermissionError as error:
        raise NotPermitted(
            "a user namespace may not open macvtap devices",
            remedy="Use 'sudo pasarela lab up' for real guests on macvtap.",
        ) from error


def _free_macvtap() -> str:
    taken = {link.name for link in Path("/sys/class/net").iterdir()}
    return next(name for name in map("macvtap{}".format, range(10000)) if name not in taken)


def _kill(name: str) -> None:
    try:
        pid = int((node.folder(name) / "qemu.pid").read_text())
        descriptor = os.pidfd_open(pid)
    except (FileNotFoundError, ProcessLookupError, ValueError):
        return
    if _QEMU.encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    os.close(descriptor)
