"""A network under measurement, with two guests on it and the addresses that they got."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Interface, IPv6Address, IPv6Interface, ip_interface

from pasarela.client.connection import Connection
from pasarela.lab import addresses, dhcp, guest, node, plug, topology, uplink
from pasarela.lab.dhcp import Offer
from pasarela.lab.endpoint import Endpoint, Machine, RealGuest
from pasarela.lab.faults import LabError, run
from pasarela.lab.kinds import Kind
from pasarela.lab.probe import Address
from pasarela.lab.vm import machine
from pasarela.lab.vm.machine import Prepared
from pasarela.model.host_access import host_access
from pasarela.model.network import Network
from pasarela.model.values import MacAddress
from pasarela.xml.network import parse_network

_DHCP_TRIES = 10  # a second apart
_LEASE_TIMEOUT = 10.0
_LINK_LOCAL_TIMEOUT = 5.0


@dataclass(slots=True)
class Guest:
    """A guest and what it was given; filled in as it gets it."""

    name: str
    mac: MacAddress
    link: str | None
    endpoint: Endpoint
    offer: Offer | None = None
    ipv4: Address | None = None
    ipv6: Address | None = None
    gateways6: Sequence[str] = ()
    servers6: Sequence[Address] = ()

    def address(self, version: int) -> Address | None:
        return self.ipv4 if version == 4 else self.ipv6


@dataclass(slots=True)
class Subject:
    """A kind's network, its guests, and the host's address that they see."""

    kind: Kind
    network: Network
    guests: list[Guest] = field(default_factory=list)

    def host(self, version: int) -> Address:
        """The host's address on this network, else the one on the LAN."""
        for ip in self.network.ips:
            if ip.address.version == version:
                return ip.address
        beside = self._beside_guests(version)
        if beside is not None:
            return beside
        if version == 4:
            return topology.HOST_ADDRESS
        if self.network.forward.mode.owns_bridge and self.network.mac:
            return _link_local(self.network.mac)
        return addresses.usable_ipv6(node.HOST, self.network.bridge.name or uplink.NIC)[0].ip

    def _beside_guests(self, version: int) -> Address | None:
        """The host's address on a macvlan of its own, once the LAN has given it one."""
        access = host_access(self.network)
        if access is None:
            return None
        if version == 6:
            addresses.await_ipv6(node.HOST, access.link, _LEASE_TIMEOUT)
            usable = addresses.usable_ipv6(node.HOST, access.link)
            return usable[0].ip if usable else None
        addresses.await_ipv4(node.HOST, access.link, _LEASE_TIMEOUT)
        found = [one for one in addresses.of(node.HOST, access.link) if "." in one]
        return ip_interface(found[0]).ip if found else None

    @property
    def host_link(self) -> str:
        """The host's device on this network."""
        access = host_access(self.network)
        if access is not None:
            return access.link
        return self.network.bridge.name or uplink.NIC


def build(connection: Connection, kind: Kind) -> Subject:
    """Create the kind's network with Pasarela, and two guests with ports on it.

    Not for several threads at once: it uses the connection.
    """
    if kind.document is None:
        ref = connection.lookup_by_name(kind.network)
        connection.start(ref)
    else:
        ref = connection.create_xml(kind.document)
    network = parse_network(connection.xml_desc(ref))
    subject = Subject(kind, network)
    for letter in "ab":
        wanted = guest.Request(f"{kind.name}-{letter}", ref.name, plug.random_mac())
        plugged = guest.add(connection, wanted)
        subject.guests.append(Guest(wanted.name, wanted.mac, plugged.link, Machine(wanted.name)))
    return subject


def remove(connection: Connection, subject: Subject) -> None:
    """Remove the guests and stop the network."""
    for one in subject.guests:
        guest.remove(connection, one.name)
    if machine.exists(f"{subject.kind.name}-vm"):
        machine.remove(connection, f"{subject.kind.name}-vm")
    connection.destroy(connection.lookup_by_name(subject.network.name))


def plug_real(connection: Connection, subject: Subject) -> Prepared:
    """Give a real guest a port on the network; it has to be booted yet."""
    wanted = guest.Request(f"{subject.kind.name}-vm", subject.network.name, plug.random_mac())
    return machine.prepare(connection, wanted)


def with_real(subject: Subject, prepared: Prepared) -> Subject:
    """Boot a real guest: the network again, with it in the second guest's place."""
    agent = machine.boot(prepared)
    link = prepared.plugged.link
    if prepared.plugged.bridge and link and not plug.await_forwarding([link]):
        raise LabError(f"the bridge of {subject.network.name} does not forward packets")
    real = Guest(prepared.name, prepared.mac, link, RealGuest(agent))
    real.offer = dhcp.parse(machine.acquire(agent, prepared.name))
    real.ipv4 = real.offer.address.ip if real.offer else None
    return Subject(subject.kind, subject.network, [subject.guests[0], real])


def configure(subject: Subject) -> None:
    """Bring the guests up and let them take every address that they are given."""
    for one in subject.guests:
        guest.up(one.name)
    links = [one.link for one in subject.guests if one.link]
    if not plug.await_forwarding(links):
        raise LabError(f"the bridge of {subject.network.name} does not forward packets")
    for position, one in enumerate(subject.guests):
        _configure_ipv4(subject, one, position)
        if subject.kind.ipv6:
            _configure_ipv6(subject, one)
        _seek_ways_out(subject, one)


def _configure_ipv4(subject: Subject, one: Guest, position: int) -> None:
    if subject.kind.statics:
        # Somebody might serve a network that promises to have no DHCP.
        one.offer = dhcp.acquire(one.name, plug.INTERFACE, one.name, tries=1)
        address = subject.kind.statics[position]
        _add_address(one.name, address)
        one.ipv4 = address.ip
        return
    one.offer = dhcp.acquire(one.name, plug.INTERFACE, one.name, tries=_DHCP_TRIES)
    one.ipv4 = one.offer.address.ip if one.offer else None


def _configure_ipv6(subject: Subject, one: Guest) -> None:
    if subject.kind.statics:
        addresses.await_ipv6(one.name, plug.INTERFACE, _LINK_LOCAL_TIMEOUT, scope="link")
        one.ipv6 = _link_local(one.mac)
        return
    lease = guest.configure_ipv6(guest.Request(one.name, subject.network.name, one.mac))
    one.gateways6 = addresses.ipv6_gateways(one.name)
    one.ipv6 = lease.address if lease else None
    one.servers6 = lease.name_servers if lease else ()


def _seek_ways_out(subject: Subject, one: Guest) -> None:
    """Try the host as a gateway where none was offered: it is for the firewall to say no."""
    if one.offer is None:
        _route(one.name, "-4", "default", "dev", plug.INTERFACE)
    elif not one.offer.routers:
        _route(one.name, "-4", "default", "via", str(subject.host(4)))
    if subject.kind.ipv6 and not subject.kind.statics and not one.gateways6:
        _route(one.name, "-6", "default", "via", str(subject.host(6)))


def _route(name: str, *arguments: str) -> None:
    run(node.inside(name, ["ip", arguments[0], "route", "replace", *arguments[1:]]))


def _add_address(name: str, address: IPv4Interface | IPv6Interface) -> None:
    run(node.inside(name, ["ip", "addr", "replace", str(address), "dev", plug.INTERFACE]))


def _link_local(mac: MacAddress) -> Address:
    """The address that the kernel makes from a MAC (RFC 4291, appendix A)."""
    octets = mac.octets
    identifier = bytes([octets[0] ^ 2]) + octets[1:3] + b"\xff\xfe" + octets[3:]
    return IPv6Address(b"\xfe\x80" + bytes(6) + identifier)
