"""Plugging a guest's port into a network: what it inherits, and which device it gets.

Pure: the ports that are there, the floors and a fresh id come as values, and what the network is
like afterwards comes back as values. Order and texts are libvirt's (networkAllocatePort,
networkNotifyPort).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar
from uuid import UUID

from pasarela.errors import InternalError, InvalidArgument, PortExists, PortNotFound
from pasarela.model import floors as floor_rules
from pasarela.model import virtualport
from pasarela.model.floors import Floors
from pasarela.model.network import ForwardInterface, Network, PortGroup
from pasarela.model.plugs import Connections, check_reclaimed, choose_plug, device_key
from pasarela.model.port import Plug, PlugType, Port
from pasarela.model.values import Vlan

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Plugged:
    """A port as it is stored, and the network's floors with it."""

    port: Port
    floors: Floors


def plug_port(
    network: Network,
    port: Port,
    connections: Connections,
    floors: Floors,
    fresh: UUID,
    *,
    pool: Sequence[ForwardInterface] | None = None,
) -> Plugged:
    """A new port with all that it inherits, and its plug chosen.

    Args:
        connections: how many ports each device of the pool has already.
        fresh: an id to use where the switch wants one and nobody gave it.
        pool: the devices to choose from; those of the definition unless given (a <pf> has its
            virtual functions instead).

    Raises:
        ConfigUnsupported: this kind of network has no such virtual ports.
        InternalError: no device is there, or none is free.
        OperationInvalid: the floor is more than the network has left.
        OperationUnsupported: this network cannot give floors.
        XmlContentError: the levels contradict each other, or something is missing.
    """
    inherited = inherit(network, port)
    devices = network.forward.interfaces if pool is None else pool
    plugged = inherited.plugged(choose_plug(network, inherited, devices, connections))
    taken, floors = floor_rules.take(network, plugged, floors)
    complete = replace(taken, virtual_port=virtualport.complete(taken.virtual_port, fresh))
    return Plugged(complete, floors)


def unplug_port(port: Port, floors: Floors) -> Floors:
    """The floors once the port is gone."""
    return floor_rules.give_back(port, floors)


def reclaim_port(
    network: Network,
    port: Port,
    connections: Connections,
    *,
    pool: Sequence[ForwardInterface] | None = None,
) -> Port:
    """A port of a guest that ran before we did, taken back as it was.

    Raises:
        InternalError: its bridge or device is not there, or is another port's by now.
    """
    plug = port.plug or Plug(PlugType.NONE)
    if plug.type in (PlugType.NETWORK, PlugType.BRIDGE) and network.bridge.name is None:
        raise InternalError("Unexpectedly got a network port without a network bridge")
    if plug.type in (PlugType.DIRECT, PlugType.HOSTDEV_PCI):
        devices = network.forward.interfaces if pool is None else pool
        check_reclaimed(network, port, plug, devices, connections)
    return port


def check_request(port: Port, *, reclaim: bool) -> None:
    """Refuse a new port that has a plug already, and a reclaimed one that has none.

    Raises:
        InvalidArgument: the flag and the document do not go together.
    """
    has_plug = port.plug is not None and port.plug.type is not PlugType.NONE
    if reclaim and not has_plug:
        raise InvalidArgument("Port reclaim requested but plug type is none")
    if not reclaim and has_plug:
        raise InvalidArgument("Port reclaim not requested but plug type is not none")


def count_connections(ports: Iterable[Port]) -> Connections:
    """How many ports use each device."""
    return Counter(key for port in ports if port.plug and (key := device_key(port.plug)))


def with_connections(network: Network, ports: Iterable[Port]) -> Network:
    """The live network with the counters of its pool as they are."""
    counts = count_connections(ports)
    interfaces = tuple(
        replace(interface, connections=counts.get(device_key(interface) or "", 0))
        for interface in network.forward.interfaces
    )
    return replace(network, forward=replace(network.forward, interfaces=interfaces))


# what is inherited


def portgroup_of(network: Network, group: str | None) -> PortGroup | None:
    """The named portgroup, or the default one; a name that fits none is no error."""
    if group is None:
        return next((each for each in network.portgroups if each.default), None)
    return next((each for each in network.portgroups if each.name == group), None)


def inherit(network: Network, port: Port) -> Port:
    """The port with what its portgroup and its network have and it has not.

    Raises:
        XmlContentError: two virtual port profiles contradict each other.
    """
    group = portgroup_of(network, port.group) or PortGroup("")
    merged = virtualport.merge(port.virtual_port, network.virtual_port, group.virtual_port)
    return replace(
        port,
        bandwidth=_first(port.bandwidth, group.bandwidth),
        vlan=_first(_tagged(port.vlan), _tagged(group.vlan), _tagged(network.vlan)),
        trust_guest_rx_filters=_first(
            port.trust_guest_rx_filters,
            group.trust_guest_rx_filters,
            network.trust_guest_rx_filters,
        ),
        isolated=_first(port.isolated, network.isolated_ports),
        virtual_port=merged or port.virtual_port,
    )


def _first(*levels: T | None) -> T | None:
    return next((level for level in levels if level is not None), None)


def _tagged(vlan: Vlan | None) -> Vlan | None:
    return vlan if vlan is not None and vlan.tags else None


# what the engine says of ports that are there, or not


def port_exists(uuid: UUID) -> PortExists:
    return PortExists(f"Network port with UUID {uuid} already exists")


def no_such_port(uuid: UUID) -> PortNotFound:
    return PortNotFound(f"Network port with UUID {uuid} does not exist")
