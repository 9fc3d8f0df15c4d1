"""Filling in one line of the table: who reaches whom, seen as whom, and what is served."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass

from pasarela.errors import PasarelaError
from pasarela.host.nftables.probe import sees_bridged_ipv6
from pasarela.lab import addresses, echo, node, topology, uplink, web
from pasarela.lab.endpoint import Endpoint, Machine
from pasarela.lab.kinds import (
    AS_HOST,
    AS_ITSELF,
    AS_RANGE,
    COLUMNS,
    NAT_PORTS,
    NAT_RANGE,
    NO,
    NONE,
    THE_LANS,
    YES,
    Cells,
    Kind,
)
from pasarela.lab.probe import Address, Caller
from pasarela.lab.subject import Guest, Subject

UNMEASURED = "not measured"
_PATIENCE = 5.0  # seconds for an answer that is promised
_IMPATIENCE = 1.0  # seconds for one that must not come
_UNSEEN = (
    "this host's firewall does not see packets within a bridge (its kernel lacks "
    "CONFIG_NFT_BRIDGE_META, and br_netfilter is not active), so that guests of a very isolated "
    "network reach each other over IPv6, as under libvirt; 'sudo modprobe br_netfilter' ends that."
)
_INTERNET = Machine("internet", "wan0")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table: what a kind promises for an IP version, and what was measured."""

    kind: Kind
    title: str
    version: int
    promised: Cells
    measured: Cells
    note: str = ""

    @property
    def kept(self) -> bool:
        return dict(self.promised) == dict(self.measured)


def unmeasured(kind: Kind, error: PasarelaError) -> list[Line]:
    """The lines of a kind that could not be built, or whose guests could not be set up."""
    note = ": ".join(filter(None, [kind.title.strip(), str(error), error.remedy]))
    nothing = dict.fromkeys(COLUMNS, UNMEASURED)
    promised = {version: kind.promise(version) for version in (4, 6)}
    return [
        Line(kind, kind.title, version, cells, nothing, note)
        for version, cells in promised.items()
        if cells
    ]


def measure(subject: Subject, version: int, executor: Executor, title: str = "") -> Line:
    """Measure one IP version of a network whose guests have their addresses."""
    promised, note = promise_here(subject.kind, version)
    ways = {
        "guests": guests_reach,
        "host": host_reach,
        "outside": outside_seen_as,
        "inside": inside_reach,
        "dhcp": served,
    }
    cells: dict[str, Future[str]] = {
        column: executor.submit(way, subject, version, patience(promised[column]))
        for column, way in ways.items()
    }
    measured = {column: cells[column].result() for column in COLUMNS}
    return Line(subject.kind, title or subject.kind.title, version, promised, measured, note)


def promise_here(kind: Kind, version: int) -> tuple[Cells, str]:
    """What a kind promises on this host, and why that is less than elsewhere, if it is."""
    promised = kind.promise(version)
    assert promised is not None
    if version == 6 and kind.filters_bridged and not sees_bridged_ipv6():
        return {**promised, "guests": YES}, _UNSEEN
    return promised, ""


def patience(promised: str) -> float:
    return _IMPATIENCE if promised in (NO, NONE) else _PATIENCE


def guests_reach(subject: Subject, version: int, timeout: float) -> str:
    first, second = subject.guests
    return _both(
        lambda: _reach(first.endpoint, second.address(version), timeout),
        lambda: _reach(second.endpoint, first.address(version), timeout),
    )


def host_reach(subject: Subject, version: int, timeout: float) -> str:
    one = subject.guests[1]
    host = Machine(node.HOST, subject.host_link)
    return _both(
        lambda: _reach(one.endpoint, subject.host(version), timeout),
        lambda: _reach(host, one.address(version), timeout),
    )


def outside_seen_as(subject: Subject, version: int, timeout: float) -> str:
    """Whether a guest reaches the internet, and as whom the web server there saw it."""
    one = subject.guests[1]
    if one.address(version) is None:
        return "no address"
    target = web_address(version)
    pinged = one.endpoint.ping(target, timeout)
    caller = one.endpoint.connect(target, web.PORT, timeout)
    reached = _verdict(pinged, caller is not None)
    return seen_as(caller, one.address(version), version) if caller and pinged else reached


def inside_reach(subject: Subject, version: int, timeout: float) -> str:
    return _reach(_INTERNET, subject.guests[1].address(version), timeout)


def served(subject: Subject, version: int, timeout: float) -> str:
    """What the network's own services gave, in the table's words."""
    other, one = subject.guests
    if version == 4:
        offer = one.offer
        if offer is None:
            return NONE
        servers: list[Address] = list(offer.name_servers)
        routed, lans = bool(offer.routers), offer.server == topology.ROUTER
    else:
        if one.ipv6 is None or subject.kind.statics:
            return NONE
        servers = list(one.servers6)
        routed, lans = bool(one.gateways6), one.ipv6 in topology.LAN6
    known = topology.KNOWN_NAME if routed else other.name
    asked = version if routed else 4  # a guest's name has the address that it sent it with
    named = any(one.endpoint.resolve(server, known, asked, timeout) for server in servers)
    whose = THE_LANS if lans else YES
    return whose + ("" if routed else ", no default route") + ("" if named else ", no names")


def seen_as(caller: Caller, own: Address | None, version: int) -> str:
    if caller.address == own:
        return AS_ITSELF
    if caller.address in _host_addresses(version):
        return AS_HOST
    if version == 4 and caller.address in NAT_RANGE and caller.port in NAT_PORTS:
        return AS_RANGE
    return f"yes, as {caller.address} port {caller.port}"


def web_address(version: int) -> Address:
    return topology.WEB if version == 4 else topology.WEB6


def _host_addresses(version: int) -> list[Address]:
    if version == 4:
        return [topology.HOST_ADDRESS]
    links = (uplink.BRIDGE,) if uplink.is_bridged() else (uplink.NIC,)
    return [found.ip for link in links for found in addresses.usable_ipv6(node.HOST, link)]


def _reach(who: Endpoint, target: Address | None, timeout: float) -> str:
    if target is None:
        return "no address"
    pinged = who.ping(target, timeout)
    return _verdict(pinged, who.connect(target, echo.PORT, timeout) is not None)


def _verdict(pinged: bool, connected: bool) -> str:
    words = {(True, True): YES, (False, False): NO, (True, False): "ping only"}
    return words.get((pinged, connected), "TCP only")


def _both(there: Callable[[], str], back: Callable[[], str]) -> str:
    first, second = there(), back()
    return first if first == second else f"{first} there, {second} back"


def describe(one: Guest) -> str:
    has = [str(address) for address in (one.ipv4, one.ipv6) if address]
    return ", ".join(has) or "no address"
