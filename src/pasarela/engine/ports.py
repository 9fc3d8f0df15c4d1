"""Guests' ports: plugging them into a running network, and taking them out again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID, uuid4

from pasarela.engine.context import Context
from pasarela.engine.floors import drop_floors, keep_floors, move_floors
from pasarela.engine.hooks import run_hook, tell_hook
from pasarela.engine.journal import Intent, Operation
from pasarela.engine.store import Entry, require_active
from pasarela.engine.wanted import wanted_shaping
from pasarela.model.floors import RESERVED_CLASS_IDS, Floors, retake
from pasarela.model.port import Port
from pasarela.model.ports import (
    check_request,
    count_connections,
    no_such_port,
    plug_port,
    port_exists,
    reclaim_port,
    unplug_port,
)
from pasarela.model.status import Status
from pasarela.model.values import Bandwidth, Rate

PARAMETERS = {
    "inbound": ("average", "peak", "floor", "burst"),
    "outbound": ("average", "peak", "burst"),
}


def create(context: Context, entry: Entry, text: str, *, reclaim: bool, validate: bool) -> Port:
    """Plug a port in; the reply says where.

    Raises:
        PasarelaError: the document is wrong, the network is not active, or has no room for it.
    """
    from pasarela.xml.port import parse_port  # noqa: PLC0415  (lxml: 25 ms)

    request = parse_port(text, validate=validate)
    status = active_status(context, entry)
    check_request(request, reclaim=reclaim)
    ports = context.ports.ports(entry.name)
    port, floors = _plug(status, request, ports, reclaim=reclaim)
    if port.uuid in ports:
        raise port_exists(port.uuid)
    after = run_hook(context.hooks, status, "port-created", port)
    _store(context, status, replace(after, floors=floors), port.uuid, port)
    return port


def delete(context: Context, entry: Entry, uuid: UUID) -> None:
    """Take a port out.

    Raises:
        PortNotFound: it has no such port, as a stopped network never has.
    """
    port = look_up(context, entry, uuid)
    status = active_status(context, entry)
    _store(context, status, replace(status, floors=unplug_port(port, status.floors)), uuid, None)
    tell_hook(context.hooks, status, "port-deleted", "begin", port)


def parameters(port: Port) -> dict[str, int]:
    """The port's bandwidth by libvirt's names; empty where it has none."""
    bandwidth = port.bandwidth or Bandwidth()
    return {
        f"{direction}.{field}": getattr(rate, field)
        for direction, rate in (("inbound", bandwidth.inbound), ("outbound", bandwidth.outbound))
        for field in PARAMETERS[direction]
        if rate is not None
    }


def set_parameters(context: Context, entry: Entry, uuid: UUID, values: Mapping[str, int]) -> None:
    """Replace the port's whole bandwidth: what is not named becomes 0, as in libvirt.

    Raises:
        PortNotFound: there is no such port.
        OperationInvalid: the floors would be more than the network has.
    """
    port = look_up(context, entry, uuid)
    status = active_status(context, entry)
    inbound, outbound = _rate("inbound", values), _rate("outbound", values)
    bandwidth = Bandwidth(inbound, outbound) if inbound or outbound else None
    changed, floors = retake(status.network, port, bandwidth, status.floors)
    _store(context, status, replace(status, floors=floors), uuid, changed)


def _rate(direction: str, values: Mapping[str, int]) -> Rate | None:
    fields = {field: values.get(f"{direction}.{field}", 0) for field in PARAMETERS[direction]}
    rate = Rate(**fields)
    return rate if rate.average or rate.floor else None


def look_up(context: Context, entry: Entry, uuid: UUID) -> Port:
    """One port of a running network.

    Raises:
        PortNotFound: it has no such port, as a stopped network never has.
    """
    port = context.ports.ports(entry.name).get(uuid)
    if port is None:
        raise no_such_port(uuid)
    return port


def all_of(context: Context, entry: Entry) -> Mapping[UUID, Port]:
    """Raises:
    OperationInvalid: the network is not active."""
    require_active(entry)
    return context.ports.ports(entry.name)


def active_status(context: Context, entry: Entry) -> Status:
    """Raises:
    OperationInvalid: the network is not active."""
    require_active(entry)
    return context.store.live(entry.name)


def finish_ports(context: Context, name: str) -> None:
    """Make what is derived from the ports fit them: the guests' MACs, the sum of the floors."""
    status = context.store.live(name)
    context.ports.tidy(status.network)
    floors = floors_of(context.ports.ports(name))
    keep_floors(context, status.network)
    _note(context, status, replace(status, floors=floors))


def floors_of(ports: Mapping[UUID, Port]) -> Floors:
    """What the ports have been promised."""
    held = [port.bandwidth for port in ports.values() if port.bandwidth is not None]
    classes = [bandwidth for bandwidth in held if bandwidth.class_id is not None]
    return Floors(
        RESERVED_CLASS_IDS | {one.class_id for one in classes if one.class_id is not None},
        sum(one.inbound.floor for one in classes if one.inbound is not None),
    )


def _plug(
    status: Status, request: Port, ports: Mapping[UUID, Port], *, reclaim: bool
) -> tuple[Port, Floors]:
    connections = count_connections(ports.values())
    if reclaim:
        return reclaim_port(status.network, request, connections), status.floors
    plugged = plug_port(status.network, request, connections, status.floors, uuid4())
    return plugged.port, plugged.floors


def _store(context: Context, before: Status, after: Status, uuid: UUID, port: Port | None) -> None:
    """Write down a port, or that it is gone, and what follows; or leave everything as it was."""
    name = before.network.name
    old = context.ports.ports(name).get(uuid)
    shaping = wanted_shaping(context, before.network)
    context.journal.begin(Intent(Operation.PORTS, name))
    try:
        context.ports.put(name, uuid, port)
        (move_floors if port else drop_floors)(context, after.network, shaping)
        _note(context, before, after)
        context.journal.end(name)
    except BaseException:
        context.ports.put(name, uuid, old)
        _note(context, after, before)
        keep_floors(context, before.network)
        context.journal.end(name)
        raise


def _note(context: Context, before: Status, after: Status) -> None:
    """Write down what follows from a change of the ports."""
    context.ports.save_macs(after.network)
    if after != before:
        context.store.save_live(after)
