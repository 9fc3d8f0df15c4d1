"""What a network has promised to its ports: inbound floors, and the tc classes that keep them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pasarela.errors import ErrorDomain, OperationInvalid, OperationUnsupported
from pasarela.model.network import Network
from pasarela.model.port import Port
from pasarela.model.values import Bandwidth, Rate

RESERVED_CLASS_IDS = frozenset({0, 1, 2})  # none, the root class, and the class of everyone else


@dataclass(frozen=True, slots=True)
class Floors:
    """The class ids in use, and the sum of the floors in kilobytes a second."""

    class_ids: frozenset[int] = RESERVED_CLASS_IDS
    sum: int = 0

    def next_class_id(self) -> int:
        return next(number for number in range(len(self.class_ids) + 1) if number not in self)

    def __contains__(self, class_id: int) -> bool:
        return class_id in self.class_ids


def capacity(network: Network) -> int:
    """The inbound rate that floors are taken from: the peak, or the average without one."""
    inbound = network.bandwidth.inbound if network.bandwidth else None
    return (inbound.peak or inbound.average) if inbound else 0


def take(network: Network, port: Port, floors: Floors) -> tuple[Port, Floors]:
    """The port with a class of its own if it wants a floor, and the floors with it.

    Raises:
        OperationUnsupported: this network cannot give floors.
        OperationInvalid: the floors together would be more than the network has.
    """
    bandwidth, floor = port.bandwidth, _floor(port.bandwidth)
    if not floor or bandwidth is None:
        return port, floors
    _check_supported(network, port)
    total = floors.sum + floor
    _check_capacity(network, port, total)
    class_id = floors.next_class_id()
    taken = Floors(floors.class_ids | {class_id}, total)
    return replace(port, bandwidth=replace(bandwidth, class_id=class_id)), taken


def give_back(port: Port, floors: Floors) -> Floors:
    """The floors without what the port had."""
    class_id = port.bandwidth.class_id if port.bandwidth else None
    if class_id is None or class_id not in floors:
        return floors
    return Floors(
        floors.class_ids - {class_id} | RESERVED_CLASS_IDS,
        max(floors.sum - _floor(port.bandwidth), 0),
    )


def retake(
    network: Network, port: Port, bandwidth: Bandwidth | None, floors: Floors
) -> tuple[Port, Floors]:
    """The port with another bandwidth, its class kept as long as it has a floor.

    Raises:
        OperationUnsupported: as for :func:`take`.
        OperationInvalid: as for :func:`take`.
    """
    class_id = port.bandwidth.class_id if port.bandwidth else None
    changed = replace(port, bandwidth=bandwidth)
    if class_id is None or not _floor(bandwidth) or bandwidth is None:
        return take(network, changed, give_back(port, floors))
    _check_supported(network, changed)
    total = floors.sum - _floor(port.bandwidth) + _floor(bandwidth)
    _check_capacity(network, changed, total)
    kept = replace(changed, bandwidth=replace(bandwidth, class_id=class_id))
    return kept, replace(floors, sum=total)


def _floor(bandwidth: Bandwidth | None) -> int:
    return bandwidth.inbound.floor if bandwidth and bandwidth.inbound else 0


def _check_supported(network: Network, port: Port) -> None:
    if not network.forward.mode.owns_bridge:
        raise OperationUnsupported(
            f"Invalid use of 'floor' on interface with MAC address {port.mac} - 'floor' is only "
            "supported for interface type 'network' with forward type 'nat', 'route', 'open' or "
            "none"
        )
    if _inbound(network) is None:
        raise OperationUnsupported(
            f"Invalid use of 'floor' on interface with MAC address {port.mac} - network "
            f"'{network.name}' has no inbound QoS set",
            remedy="give the network <bandwidth><inbound average='…'/></bandwidth>",
        )


def _check_capacity(network: Network, port: Port, total: int) -> None:
    inbound = _inbound(network)
    if inbound is None or total <= capacity(network):
        return
    limit = f"peak={inbound.peak}" if inbound.peak else f"average={inbound.average}"
    raise OperationInvalid(
        f"Cannot plug '{port.mac}' interface into '{network.bridge.name}' because new combined "
        f"inbound floor={total} would overcommit {limit} on network '{network.name}'",
        domain=ErrorDomain.NETWORK,
        remedy="ask for a smaller floor, or raise the network's inbound bandwidth",
    )


def _inbound(network: Network) -> Rate | None:
    return network.bandwidth.inbound if network.bandwidth else None
