"""Other programs of the host that are told of a network: firewalld, and systemd-resolved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from pasarela.model.network import ForwardMode, Network
from pasarela.model.values import IpAddress
from pasarela.plan.dnsmasq import dns_enabled
from pasarela.plan.facts import Facts
from pasarela.plan.resources import Key, Rank, Resource

_ZONE, _ROUTED_ZONE = "libvirt", "libvirt-routed"  # in files of libvirt's package


@dataclass(frozen=True, slots=True)
class ZonedBridge:
    """A bridge in one of firewalld's zones; what is in none gets the default zone's refusals."""

    rank: ClassVar[Rank] = Rank.SERVICE
    link: str
    zone: str

    @property
    def key(self) -> Key:
        return ("zone", self.link)

    def describe(self) -> str:
        return f"{self.link} in firewalld's zone {self.zone}"


@dataclass(frozen=True, slots=True)
class RegisteredDomain:
    """A domain whose names systemd-resolved asks the network's dnsmasq for."""

    rank: ClassVar[Rank] = Rank.SERVICE
    link: str
    domain: str
    server: IpAddress

    @property
    def key(self) -> Key:
        return ("domain", self.link)

    def describe(self) -> str:
        return f"names in {self.domain} asked of {self.server} by systemd-resolved"


def service_resources(network: Network, facts: Facts) -> Iterator[Resource]:
    """What others are told of a network with a bridge of its own, as far as they run."""
    bridge = network.bridge.name
    assert bridge is not None
    zone = zone_of(network, facts)
    if zone is not None:
        yield ZonedBridge(bridge, zone)
    if _registers(network) and facts.services.resolved:
        yield _registered(network, bridge)


def service_warnings(network: Network, facts: Facts) -> Iterator[str]:
    """What they would have to be told, and cannot."""
    if network.domain is not None and _registers(network) and not facts.services.resolved:
        yield (
            f"network '{network.name}': the host's resolver is not told about domain "
            f"{network.domain.name} (register='yes'), for systemd-resolved does not run; "
            "libnss-libvirt resolves guests' names"
        )


def zone_of(network: Network, facts: Facts) -> str | None:
    """Firewalld's zone for the bridge: the one asked for, else libvirt's own if there is one.

    An open network's owner has asked to be left alone with the firewall.
    """
    if network.bridge.zone is None and network.forward.mode is ForwardMode.OPEN:
        return None
    zones = facts.services.zones
    if zones is None or network.bridge.zone is not None:
        return None if zones is None else network.bridge.zone
    routed = network.forward.mode is ForwardMode.ROUTE and _ROUTED_ZONE in zones
    wanted = _ROUTED_ZONE if routed else _ZONE
    return wanted if wanted in zones else None


def _registers(network: Network) -> bool:
    asked = network.domain is not None and bool(network.domain.register)
    return asked and bool(network.ips) and dns_enabled(network)


def _registered(network: Network, bridge: str) -> RegisteredDomain:
    assert network.domain is not None
    addresses = sorted((ip.address for ip in network.ips), key=lambda one: one.version)
    return RegisteredDomain(bridge, network.domain.name, addresses[0])
