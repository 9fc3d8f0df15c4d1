"""Bandwidth limits of a network's bridge, as the kernel's traffic control has them.

What goes to the guests leaves the bridge device and is shaped there (HTB). What comes from them
enters it, where a queue cannot be; so it takes a detour through an IFB device that has one. A
limit of libvirt's polices here instead, which drops what it could have delayed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar
from zlib import crc32

from pasarela.model.network import Network
from pasarela.model.values import Rate
from pasarela.plan.facts import Capabilities, Facts
from pasarela.plan.resources import Key, Rank, Resource

_MAX_NAME = 15
_KILOBYTE = 1000  # of a rate, as tc's kbps
_KIBIBYTE = 1024  # of a burst, as tc's kb
_TICKS = 100  # parts of a second in which a rate is kept, if the definition gives no burst
_FRAME = 1600


@dataclass(frozen=True, slots=True)
class Limit:
    """Bytes a second, and bytes that may go at once; ``peak`` is what a burst may reach."""

    rate: int
    peak: int
    burst: int

    def describe(self) -> str:
        return f"{self.rate // _KILOBYTE} kB/s"


@dataclass(frozen=True, slots=True)
class BridgeShaping:
    """The limits of a bridge; ``fair`` shares each among its flows (SFQ)."""

    rank: ClassVar[Rank] = Rank.SHAPING
    link: str
    to_guests: Limit | None = None
    from_guests: Limit | None = None
    fair: bool = True

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
        return f"bandwidth on {self.link}: {', '.join(parts)}"


def shaping_resources(network: Network, facts: Facts) -> Iterator[Resource]:
    """What limits the network as a whole; nothing where the kernel cannot."""
    bandwidth = network.bandwidth
    if bandwidth is None or network.bridge.name is None or not facts.capabilities.shaping_htb:
        return
    to_guests = _limit(bandwidth.inbound)
    from_guests = _limit(bandwidth.outbound) if facts.capabilities.shaping_ifb else None
    if to_guests or from_guests:
        yield BridgeShaping(
            link=network.bridge.name,
            to_guests=to_guests,
            from_guests=from_guests,
            fair=facts.capabilities.shaping_sfq,
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
        burst=rate.burst * _KIBIBYTE or average // _TICKS + _FRAME,
    )
