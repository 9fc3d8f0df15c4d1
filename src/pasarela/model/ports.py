"""Plugging a guest's port into a network: what it inherits, and which device it gets.

Pure: the ports that are there, the floors and a fresh id come as values, and what the network is
like afterwards comes back as values. Order and texts are libvirt's (networkAllocatePort,
networkNotifyPort).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar
from uuid import UUID

from pasarela.errors import (
    ConfigUnsupported,
    InternalError,
    InvalidArgument,
    OperationInvalid,
    PortExists,
    PortNotFound,
)
from pasarela.model import floors as floor_rules
from pasarela.model import virtualport
from pasarela.model.floors import Floors
from pasarela.model.network import ForwardInterface, ForwardMode, Network, PortGroup
from pasarela.model.port import Plug, PlugType, Port
from pasarela.model.values import PciAddress, VirtualPortType, Vlan

T = TypeVar("T")

Connections = Mapping[str, int]
"""How many ports use a device, by :func:`device_key`."""

_SR_IOV = (VirtualPortType.IEEE_802_1QBG, VirtualPortType.IEEE_802_1QBH)


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
    plugged = inherited.plugged(_choose_plug(network, inherited, devices, connections))
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
        _check_reclaimed_device(network, port, plug, devices, connections)
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


def device_key(device: Plug | ForwardInterface) -> str | None:
    """What a device is counted under: its name or its PCI address; None for a bridge's port."""
    if device.dev is not None:
        return device.dev
    return format_pci(device.address) if device.address is not None else None


def format_pci(address: PciAddress) -> str:
    return f"{address.domain:04x}:{address.bus:02x}:{address.slot:02x}.{address.function:x}"


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


# which device


def _choose_plug(
    network: Network, port: Port, pool: Sequence[ForwardInterface], connections: Connections
) -> Plug:
    forward, bridge = network.forward, network.bridge
    if forward.mode.owns_bridge:
        _check_virtual_port(network, port, (), "uses IP forwarding")
        return Plug(PlugType.NETWORK, bridge.name, bridge.mac_table_manager)
    if forward.mode is ForwardMode.HOSTDEV:
        return _hostdev_plug(network, port, pool, connections)
    if forward.mode is ForwardMode.BRIDGE and bridge.name is not None:
        _check_virtual_port(network, port, (VirtualPortType.OPENVSWITCH,), "uses a bridge device")
        return Plug(PlugType.BRIDGE, bridge.name, bridge.mac_table_manager)
    return _direct_plug(network, port, pool, connections)


def _hostdev_plug(
    network: Network, port: Port, pool: Sequence[ForwardInterface], connections: Connections
) -> Plug:
    device = _free_device(network, pool, connections)
    _check_virtual_port(
        network, port, _SR_IOV, "uses an SR-IOV Virtual Function via PCI passthrough"
    )
    forward = network.forward
    return Plug(
        PlugType.HOSTDEV_PCI,
        managed=bool(forward.managed),
        driver_name=forward.driver_name,
        driver_model=forward.driver_model,
        address=device.address,
    )


def _direct_plug(
    network: Network, port: Port, pool: Sequence[ForwardInterface], connections: Connections
) -> Plug:
    _check_virtual_port(network, port, _SR_IOV, "uses a macvtap device")
    if not pool and network.forward.pf is None:
        raise InternalError(
            f"network '{network.name}' uses a direct mode, but has no forward dev and no interface "
            "pool",
            remedy="name a host interface in the network: <forward mode='…' dev='…'/>",
        )
    if _is_exclusive(network, port) or not pool:
        device = _free_device(network, pool, connections)
    else:
        device = min(pool, key=lambda each: connections.get(device_key(each) or "", 0))
    return Plug(PlugType.DIRECT, dev=device.dev, mode=network.forward.mode.value)


def _is_exclusive(network: Network, port: Port) -> bool:
    """Whether a device can be one guest's only: passthrough, and private mode with 802.1Qbh."""
    if network.forward.mode is ForwardMode.PRIVATE:
        kind = port.virtual_port.type if port.virtual_port else None
        return kind is VirtualPortType.IEEE_802_1QBH
    return network.forward.mode is ForwardMode.PASSTHROUGH


def _free_device(
    network: Network, pool: Sequence[ForwardInterface], connections: Connections
) -> ForwardInterface:
    for device in pool:
        if not connections.get(device_key(device) or "", 0):
            return device
    raise InternalError(
        f"network '{network.name}' requires exclusive access to interfaces, but none are available",
        remedy="add an interface to the network's pool (net-update add-last forward-interface)",
    )


def _check_virtual_port(
    network: Network, port: Port, allowed: tuple[VirtualPortType, ...], reason: str
) -> None:
    profile = port.virtual_port
    if profile is not None and profile.type not in allowed:
        raise ConfigUnsupported(
            f"<virtualport type='{virtualport.type_word(profile)}'> not supported for network "
            f"'{network.name}' which {reason}"
        )


def _check_reclaimed_device(
    network: Network,
    port: Port,
    plug: Plug,
    pool: Sequence[ForwardInterface],
    connections: Connections,
) -> None:
    key = device_key(plug)
    if key is None or key not in map(device_key, pool):
        raise InternalError(_no_such_device(network, port, plug))
    exclusive = network.forward.mode is ForwardMode.HOSTDEV or _is_exclusive(network, port)
    if exclusive and connections.get(key, 0) > 0:
        raise InternalError(_device_taken(network, plug))


def _no_such_device(network: Network, port: Port, plug: Plug) -> str:
    if plug.address is not None:
        device = f"PCI device {format_pci(plug.address)} in use by network port"
    else:
        device = f"dev='{plug.dev}' in use by network port '{port.uuid}'"
    return f"network '{network.name}' doesn't have {device}"


def _device_taken(network: Network, plug: Plug) -> str:
    if plug.address is None:
        claim = f"dev='{plug.dev}' is already in use by a different port"
    else:
        at = plug.address
        claim = (
            f"the PCI device at domain={at.domain} bus={at.bus} slot={at.slot} "
            f"function={at.function} is already in use by a different network port"
        )
    return f"network '{network.name}' claims {claim}"


# what the engine says of ports that are there, or not


def port_exists(uuid: UUID) -> PortExists:
    return PortExists(f"Network port with UUID {uuid} already exists")


def no_such_port(uuid: UUID) -> PortNotFound:
    return PortNotFound(f"Network port with UUID {uuid} does not exist")


def not_active(network: Network) -> OperationInvalid:
    return OperationInvalid(
        f"network '{network.name}' is not active",
        remedy=f"start it first: pasarela net-start {network.name}",
    )
