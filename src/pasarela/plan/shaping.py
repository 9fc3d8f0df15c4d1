"""Bandwidth limits of a network's bridge, as the kernel's traffic control has them.

What goes to the guests leaves the bridge device and is shaped there (HTB). What comes from them
enters it, where a queue cannot be; so it takes a detour through an IFB device that has one. A
limit of libvirt's polices here instead, which drops what it could have delayed.

A guest with a floor has an HTB class of its own, which sends at that rate whatever the others do,
and may borrow up to the network's peak. The class of everyone else has what is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import ClassVar
from zlib import crc32

from pasarela.model.network import Network
from pasarela.model.port import Port
from pasarela.model.values import MacAddress, Rate
from pasarela.plan.facts import Capabilities, Facts
from pasarela.plan.resources import Key, Rank, Resource

_MAX_NAME = 15
_KILOBYTE = 1000  # of a rate, as tc's kbps
_KIBIBYTE = 1024  # of a burst, as tc's kb
_TICKS = 100  # parts of a second in which a rate is kept, if the definition gives no burst
_FRAME = 1600
_LEAST = _KILOBYTE  # HTB knows no rate of 0; one that has less may still borrow


@dataclass(frozen=True, slots=True)
class Limit:
    """Bytes a second, and bytes that may go at once; ``peak`` is what a burst may reach."""

    rate: int
    peak: int
    burst: int

    def describe(self) -> str:
        return f"{self.rate // _KILOBYTE} kB/s"


@dataclass(frozen=True, slots=True)
class Floor:
    """What one guest is promised of all that goes to the guests; its MAC tells what is its."""

    class_id: int
    mac: MacAddress
    limit: Limit

    def describe(self) -> str:
        return f"{self.limit.describe()} kept for {self.mac}"


@dataclass(frozen=True, slots=True)
class BridgeShaping:
    """The limits of a bridge; ``fair`` shares each among its flows (SFQ).

    ``floors`` are parts of ``to_guests``, by class id; ``others`` is the limit of all guests
    without one, where it is another than the whole.
    """

    rank: ClassVar[Rank] = Rank.SHAPING
    link: str
    to_guests: Limit | None = None
    from_guests: Limit | None = None
    fair: bool = True
    floors: tuple[Floor, ...] = ()
    others: Limit | None = None

    @property
    def key(self) -> Key:
        return ("shaping", self.link)

    @property
    def detour(self) -> str:
        """The IFB device through which the guests' traffic goes."""
        name = f"{self.link}-out"
        return name if len(name) <= _MAX_NAME else f"ifb{crc32(self.link.encode()):08x}"

    def describe(self) -> str:
        limits = (("to guests", self.to_guests), ("from guests", self.from_guests))
        parts = [f"{where} {limit.describe()}" for where, limit in limits if limit]
        parts += [floor.describe() for floor in self.floors]
        return f"bandwidth on {self.link}: {', '.join(parts)}"


def shaping_resources(
    network: Network, facts: Facts, ports: Iterable[Port] = ()
) -> Iterator[Resource]:
    """What limits the network as a whole, and what its ports are promised of that.

    Nothing where the kernel cannot.
    """
    bandwidth = network.bandwidth
    if bandwidth is None or network.bridge.name is None or not facts.capabilities.shaping_htb:
        return
    to_guests = _limit(bandwidth.inbound)
    from_guests = _limit(bandwidth.outbound) if facts.capabilities.shaping_ifb else None
    if to_guests or from_guests:
        floors = tuple(_floors(to_guests, ports)) if to_guests else ()
        yield BridgeShaping(
            link=network.bridge.name,
            to_guests=to_guests,
            from_guests=from_guests,
            fair=facts.capabilities.shaping_sfq,
            floors=floors,
            others=_others(to_guests, floors) if to_guests and floors else None,
        )


def shaping_warnings(network: Network, facts: Facts) -> Iterator[str]:
    """What the kernel lacks for the limits that the definition asks for."""
    if network.bandwidth is None:
        return
    for missing in _missing(network, facts.capabilities):
        yield f"network '{network.name}': {missing}"


def _missing(network: Network, capabilities: Capabilities) -> Iterator[str]:
    assert network.bandwidth is not None
    if not capabilities.shaping_htb:
        yield "this kernel cannot limit bandwidth (CONFIG_NET_SCH_HTB); the network has no limit"
        return
    if network.bandwidth.outbound and not capabilities.shaping_ifb:
        yield (
            "this kernel cannot limit what guests send (CONFIG_IFB, CONFIG_NET_ACT_MIRRED); "
            "the outbound limit has no effect"
        )
    if not capabilities.shaping_sfq:
        yield (
            "this kernel cannot share a limit fairly among flows (CONFIG_NET_SCH_SFQ); "
            "the limit itself holds"
        )


def _limit(rate: Rate | None) -> Limit | None:
    if rate is None or not rate.average:
        return None
    average = rate.average * _KILOBYTE
    return Limit(
        rate=average,
        peak=max(average, rate.peak * _KILOBYTE),
        burst=rate.burst * _KIBIBYTE or _usual_burst(average),
    )


def _floors(whole: Limit, ports: Iterable[Port]) -> Iterator[Floor]:
    """What the ports are promised, in the order of their classes."""
    promised = ((port.mac, port.bandwidth) for port in ports if port.bandwidth is not None)
    taken = [
        (one.class_id, mac, one.inbound.floor * _KILOBYTE)
        for mac, one in promised
        if one.class_id is not None and one.inbound is not None and one.inbound.floor
    ]
    for class_id, mac, floor in sorted(taken):
        yield Floor(class_id, mac, Limit(floor, max(floor, whole.peak), _usual_burst(floor)))


def _others(whole: Limit, floors: tuple[Floor, ...]) -> Limit:
    """What is left of the average.

    libvirt takes what is left of the peak here. A class sends at its own rate without asking the
    class above it, so that from the first floor on the average there means nothing any more.
    """
    left = whole.rate - sum(floor.limit.rate for floor in floors)
    return replace(whole, rate=max(left, _LEAST))


def _usual_burst(rate: int) -> int:
    return rate // _TICKS + _FRAME
