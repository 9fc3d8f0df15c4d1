"""Joining a guest to a network as the QEMU driver does: a port first, then what the port says."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import UUID, uuid4

from pasarela.client.connection import Connection
from pasarela.errors import NotFound, OperationInvalid
from pasarela.lab import events, node
from pasarela.lab.faults import LabError, run
from pasarela.model.handles import NetworkRef, PortRef
from pasarela.model.port import Plug, PlugType, Port
from pasarela.model.values import MacAddress
from pasarela.xml.port import format_port, parse_port

INTERFACE = "eth0"
_STP_TIMEOUT = 40.0  # seconds; twice libvirt's largest usual delay, and some
_FORWARDING = "3"  # net/bridge/br_private_stp.h


@dataclass(frozen=True, slots=True)
class Plugged:
    """A guest's port and its end on the host, as kept in the guest's folder."""

    network: str
    network_uuid: str
    port_uuid: str
    mac: str
    plug: str  # the plug's type
    bridge: str | None
    link: str | None  # the host's end, where there is one

    @property
    def ref(self) -> PortRef:
        return PortRef(NetworkRef(self.network, UUID(self.network_uuid)), UUID(self.port_uuid))


def save(name: str, plugged: Plugged) -> None:
    (node.folder(name) / "guest.json").write_text(json.dumps(asdict(plugged)))


def load(name: str) -> Plugged:
    """What is known of a guest.

    Raises:
        LabError: there is no such guest.
    """
    try:
        return Plugged(**json.loads((node.folder(name) / "guest.json").read_text()))
    except FileNotFoundError:
        raise LabError(f"there is no guest '{name}' in this lab") from None


def random_mac() -> MacAddress:
    """One of the addresses that QEMU's guests have."""
    return MacAddress.from_bytes(b"\x52\x54\x00" + secrets.token_bytes(3))


def create_port(
    connection: Connection, network: NetworkRef, name: str, mac: MacAddress
) -> tuple[PortRef, Port]:
    """Ask for a port; the answer says where the guest's interface belongs."""
    wanted = Port(uuid=uuid4(), owner_name=name, owner_uuid=uuid4(), mac=mac)
    ref = connection.port_create_xml(network, format_port(wanted))
    return ref, parse_port(connection.port_xml_desc(ref))


def delete_port(connection: Connection, plugged: Plugged) -> None:
    """Give the port back; one that went with its network is no fault."""
    try:
        connection.port_delete(plugged.ref)
    except (NotFound, OperationInvalid):
        return


def attach(name: str, port: Port, link: str) -> str | None:
    """Give a node an ``eth0`` on the port's network; the link's name on the host if it has one.

    The caller is on the host.
    """
    plug = required_plug(port)
    if plug.type is PlugType.DIRECT:
        add_direct(port, plug, INTERFACE, "macvlan", "netns", node.pin(name))
        return None
    if not Path(f"/sys/class/net/{plug.bridge}").exists():
        raise LabError(
            f"there is no bridge {plug.bridge} to plug the guest into",
            remedy="If the network made it, 'pasarela net-repair' makes it again; "
            f"if it is the host's own, see 'pasarela host-bridge create {plug.bridge} --help'.",
        )
    _batch(
        f"link add {link} type veth peer name {INTERFACE} address {port.mac} "
        f"netns {node.pin(name)}",
        *into_bridge(link, plug),
    )
    if port.isolated:
        run(["bridge", "link", "set", "dev", link, "isolated", "on"])
    return link


def add_direct(port: Port, plug: Plug, link: str, kind: str, *where: str) -> None:
    """Make a macvlan or macvtap on the plug's device.

    Raises:
        LabError: the device is a bridge's port, say.
    """
    start = ["ip", "link", "add", "link", str(plug.dev), "name", link, "address", port.mac]
    try:
        run([*start, *where, "type", kind, "mode", plug.mode or "bridge"])
    except LabError as error:
        raise LabError(
            f"no guest can be plugged into {plug.dev} itself: {error}",
            remedy=f"If {plug.dev} is in a bridge: 'pasarela lab bridge --remove' takes it out.",
        ) from error


def required_plug(port: Port) -> Plug:
    if port.plug is None or port.plug.type in (PlugType.NONE, PlugType.HOSTDEV_PCI):
        kind = port.plug.type.value if port.plug else "none"
        raise LabError(f"a lab's guest has no use for a port of type {kind}")
    return port.plug


def into_bridge(link: str, plug: Plug) -> tuple[str, ...]:
    """Commands for ip(8). A bridge's port needs no address of its own."""
    return (
        f"link set {link} addrgenmode none",
        f"link set {link} master {plug.bridge}",
        f"link set {link} up",
    )


def free_links(count: int) -> list[str]:
    """Names for the host's ends, as libvirt gives them: vnet and a number."""
    taken = {link.name for link in Path("/sys/class/net").iterdir()}
    free = (f"vnet{number}" for number in range(10000))
    return [name for name in free if name not in taken][:count]


def await_forwarding(links: Iterable[str], timeout: float = _STP_TIMEOUT) -> bool:
    """Wait until the host's bridges pass these links' packets: with STP that takes seconds."""
    files = [Path(f"/sys/class/net/{link}/brport/state") for link in links]
    return events.wait_until(
        node.HOST, lambda: all(file.read_text().strip() == _FORWARDING for file in files), timeout
    )


def _batch(*commands: str) -> None:
    run(["ip", "-batch", "-"], text="\n".join(commands) + "\n")
