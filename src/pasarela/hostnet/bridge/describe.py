"""A change in words, for whoever wants to know before it is done, and bridges as they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct

from pasarela.hostnet.live import plan
from pasarela.hostnet.live.carry import open_socket
from pasarela.hostnet.live.dump import observe
from pasarela.hostnet.live.items import FOREVER, Address, Neighbour, Route, describe
from pasarela.hostnet.live.moves import Change, leased_address
from pasarela.hostnet.live.state import all_links, parse
from pasarela.model.values import MacAddress

_STP = 5
_U32 = Struct("=I")


@dataclass(frozen=True, slots=True)
class Bridge:
    """A bridge as the kernel has it; ``addresses`` with what is left of each, None for ever."""

    name: str
    mac: str
    up: bool
    mtu: int
    stp: bool
    ports: tuple[tuple[str, str], ...]  # name, MAC
    addresses: tuple[tuple[str, int | None], ...]
    gateways: tuple[str, ...]


def bridges() -> list[Bridge]:
    """All bridges of the host, by name."""
    with open_socket() as socket:
        names = [n for n, link in all_links(observe(socket, ())).items() if link.kind == "bridge"]
        dump = observe(socket, names)
    links, state = all_links(dump), parse(dump)
    return [
        Bridge(
            name=name,
            mac=str(MacAddress.from_bytes(links[name].mac)),
            up=links[name].up,
            mtu=links[name].mtu,
            stp=_U32.unpack(dict(links[name].options).get(_STP, bytes(4)))[0] != 0,
            ports=tuple(
                (port.name, str(MacAddress.from_bytes(port.mac)))
                for port in links.values()
                if port.master == name
            ),
            addresses=tuple(
                (str(one.interface), None if one.valid == FOREVER else one.valid)
                for one in state.addresses
                if one.link == name
            ),
            gateways=tuple(
                str(route.gateway)
                for route in state.routes
                if route.link == name and not route.length and route.gateway
            ),
        )
        for name in sorted(names)
    ]


def steps(change: Change) -> list[str]:
    """What is done in the kernel, a line each, in order."""
    return [*_in_kernel(change), *_clients(change)]


def _in_kernel(change: Change) -> Iterator[str]:
    before = change.before.state
    for link in plan.missing_links(before, change.wanted):
        yield f"make bridge {link.name}, MAC {MacAddress.from_bytes(link.mac)}, MTU {link.mtu}"
    move = plan.move(before, change.wanted)
    for joining in move.join:
        yield f"put {joining.name} into {joining.master}"
    for name in (link.name for link in plan.missing_links(before, change.wanted)):
        yield f"set {name} up"
    gone = {_without_link(describe(item)) for item in move.remove}
    for item in move.add:
        if isinstance(item, Neighbour) and not item.lasts:
            continue
        verb = "move" if _without_link(describe(item)) in gone else "add"
        yield f"{verb} {describe(item).replace(' on ', ' to ', 1)}"
    kept = {_without_link(describe(item)) for item in move.add}
    for item in move.remove:
        if isinstance(item, Address | Route) and _without_link(describe(item)) not in kept:
            yield f"remove {describe(item)}"
    for name in move.leave:
        yield f"take {name} out of its bridge"
    for name in move.delete:
        yield f"delete bridge {name}"


def _without_link(text: str) -> str:
    return text.partition(" on ")[0]


def _clients(change: Change) -> Iterator[str]:
    mine = [client for client in change.before.clients if client.link in change.sources]
    if change.dhcp is False:
        yield from (f"end {one.name} of {one.link}, and leave its lease" for one in mine)
    elif mine:
        yield from (
            f"start {one.name} on {change.target} with the lease of {one.link}, and end the old one"
            for one in mine
        )
    elif change.dhcp:
        known = leased_address(change.before.state, change.sources)
        asks = f", asking for {known}" if known else ""
        yield f"start a DHCP client on {change.target}{asks}"
