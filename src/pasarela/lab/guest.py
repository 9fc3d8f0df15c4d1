"""Guests in namespaces: plugged in, given their addresses, unplugged."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv6Interface, ip_interface

from pasarela.client.connection import Connection
from pasarela.errors import PasarelaError
from pasarela.lab import addresses, dhcp, dhcp6, node, plug, topology
from pasarela.lab.faults import LabError, run
from pasarela.model.handles import NetworkRef
from pasarela.model.network import Network
from pasarela.model.values import MacAddress
from pasarela.xml.network import parse_network

_ADVERTISEMENT = 10.0  # seconds in which a router would have answered
_DHCP6 = 3.0
_REPAIR = " ('pasarela net-repair' finds what is wrong)"


@dataclass(frozen=True, slots=True)
class Request:
    """A guest that somebody wants."""

    name: str
    network: str
    mac: MacAddress
    address: IPv4Interface | IPv6Interface | None = None


def request(name: str, network: str, mac: str | None, address: str | None) -> Request:
    """Read what a user typed.

    Raises:
        LabError: the MAC or the address is none.
    """
    try:
        chosen = MacAddress(mac) if mac else plug.random_mac()
        static = ip_interface(address) if address else None
    except ValueError as error:
        raise LabError(
            str(error), remedy="Write 52:54:00:xx:xx:xx, or 192.168.7.2/24 for an address."
        ) from error
    if chosen.is_multicast:
        raise LabError(
            f"{chosen} is an address of a group, not of one guest",
            remedy="The first two digits of a guest's MAC are an even number, as in 52:54:00:….",
        )
    if address and "/" not in address:
        raise LabError(
            f"{address} alone does not say which addresses are its neighbours",
            remedy=f"Write it with its network's prefix, as {address}/24.",
        )
    return Request(name, network, chosen, static)


def add(connection: Connection, wanted: Request) -> plug.Plugged:
    """Make a guest and plug it in; it has no address yet. The caller is on the host.

    Raises:
        PasarelaError: as the network's driver says; the guest is gone again.
    """
    network = connection.lookup_by_name(wanted.network)
    node.create(wanted.name, sysctls=topology.QUICK_IPV6)
    try:
        plugged = _plug(connection, wanted, network)
        plug.save(wanted.name, plugged)
    except PasarelaError:
        node.remove(wanted.name)
        raise
    return plugged


def remove(connection: Connection, name: str) -> None:
    """Unplug a guest and end all that runs in it."""
    if name in node.OWN:
        raise LabError(f"'{name}' is a machine of the lab, not a guest")
    plugged = plug.load(name)
    plug.delete_port(connection, plugged)
    # Not left to the namespace's end, which the kernel puts off: the NIC is to be free at once.
    run(node.inside(name, ["ip", "link", "del", plug.INTERFACE]))
    node.remove(name)


def configure(connection: Connection, wanted: Request, plugged: plug.Plugged) -> list[str]:
    """Give a plugged guest its addresses; returns what there is to tell about it."""
    up(wanted.name)
    if plugged.link and not plug.await_forwarding([plugged.link]):
        return [f"its bridge {plugged.bridge} does not forward packets{_REPAIR}"]
    if wanted.address is not None:
        run(node.inside(wanted.name, _static(wanted.address)))
        return []
    told = []
    network = _network(connection, wanted.network)
    if _offers_dhcp(network):
        lease = dhcp.acquire(wanted.name, plug.INTERFACE, wanted.name, stay=True)
        repair = _REPAIR if network.forward.mode.owns_bridge else ""
        told += [] if lease else [f"nobody answered its DHCP requests{repair}"]
    else:
        told.append(
            "its network has no DHCP: give it an address with --address, or with "
            f"'pasarela lab shell {wanted.name} -- ip addr add …'"
        )
    if _serves(network, 6):
        configure_ipv6(wanted)
    return told


def up(name: str) -> None:
    run(node.inside(name, ["ip", "link", "set", plug.INTERFACE, "up"]))


def _plug(connection: Connection, wanted: Request, network: NetworkRef) -> plug.Plugged:
    ref, port = plug.create_port(connection, network, wanted.name, wanted.mac)
    try:
        link = plug.attach(wanted.name, port, plug.free_links(1)[0])
    except PasarelaError:
        connection.port_delete(ref)
        raise
    where = plug.required_plug(port)
    return plug.Plugged(
        network.name,
        str(network.uuid),
        str(ref.uuid),
        port.mac,
        where.type.value,
        where.bridge,
        link,
    )


def _network(connection: Connection, name: str) -> Network:
    return parse_network(connection.xml_desc(connection.lookup_by_name(name)))


def _serves(network: Network, version: int) -> bool:
    """Whether somebody answers here: the LAN where it is bridged, else as the network says."""
    if not network.forward.mode.owns_bridge:
        return True
    return any(ip.address.version == version for ip in network.ips)


def _offers_dhcp(network: Network) -> bool:
    ranges = (ip for ip in network.ips if ip.ranges or ip.hosts)
    return not network.forward.mode.owns_bridge or any(ip.address.version == 4 for ip in ranges)


def configure_ipv6(wanted: Request) -> dhcp6.Lease6 | None:
    """Take what a router advertises, and what a DHCPv6 server gives, if they are there."""
    if not addresses.await_router(wanted.name, _ADVERTISEMENT):
        return None
    lease = dhcp6.acquire(wanted.name, plug.INTERFACE, wanted.mac, _DHCP6)
    if lease is not None:
        run(node.inside(wanted.name, _static(IPv6Interface(f"{lease.address}/128"))))
    return lease


def _static(address: IPv4Interface | IPv6Interface) -> list[str]:
    return ["ip", "addr", "replace", str(address), "dev", plug.INTERFACE]
