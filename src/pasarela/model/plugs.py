"""Which of the host's devices a guest's port gets.

Order and texts are libvirt's (networkAllocatePort, networkNotifyPort).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pasarela.errors import ConfigUnsupported, InternalError
from pasarela.model import virtualport
from pasarela.model.network import ForwardInterface, ForwardMode, Network
from pasarela.model.port import Plug, PlugType, Port
from pasarela.model.values import VirtualPortType

Connections = Mapping[str, int]
"""How many ports use a device, by :func:`device_key`."""

_SR_IOV = (VirtualPortType.IEEE_802_1QBG, VirtualPortType.IEEE_802_1QBH)


def device_key(device: Plug | ForwardInterface) -> str | None:
    """What a device is counted under: its name or its PCI address; None for a bridge's port."""
    if device.dev is not None:
        return device.dev
    return str(device.address) if device.address is not None else None


def choose_plug(
    network: Network, port: Port, pool: Sequence[ForwardInterface], connections: Connections
) -> Plug:
    """The plug of a new port, by the network's kind."""
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


def check_reclaimed(
    network: Network,
    port: Port,
    plug: Plug,
    pool: Sequence[ForwardInterface],
    connections: Connections,
) -> None:
    """Refuse to take back a device that is not of the pool, or is another port's by now."""
    key = device_key(plug)
    if key is None or key not in map(device_key, pool):
        raise InternalError(_no_such_device(network, port, plug))
    exclusive = network.forward.mode is ForwardMode.HOSTDEV or _is_exclusive(network, port)
    if exclusive and connections.get(key, 0) > 0:
        raise InternalError(_device_taken(network, plug))


def _no_such_device(network: Network, port: Port, plug: Plug) -> str:
    if plug.address is not None:
        device = f"PCI device {plug.address} in use by network port"
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
