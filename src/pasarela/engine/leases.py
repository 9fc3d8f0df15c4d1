"""The DHCP leases of a network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from pasarela.errors import InvalidMac
from pasarela.model.handles import Lease, LeaseType
from pasarela.model.network import Network
from pasarela.model.paths import Paths
from pasarela.model.values import MacAddress

LeaseReader = Callable[[Path], Sequence[Lease]]


def leases_of(
    mac: str | None, network: Callable[[], Network], paths: Paths, read: LeaseReader
) -> list[Lease]:
    """The leases that have not expired, those of one guest if a MAC is given.

    Raises:
        InvalidMac: that is no MAC; it is looked at before the network is.
    """
    wanted = None if mac is None else _mac(mac)
    found = network()
    if found.bridge.name is None or not found.forward.mode.owns_bridge:
        return []
    leases = read(paths.lease_status(found.bridge.name))
    return [
        replace(lease, prefix=_prefix(found, lease.type), interface=found.bridge.name)
        for lease in leases
        if wanted is None or _same_mac(lease.mac, wanted)
    ]


def _mac(text: str) -> MacAddress:
    try:
        return MacAddress(text)
    except ValueError as error:
        raise InvalidMac(text, remedy="six pairs of hex digits, as 52:54:00:12:34:56") from error


def _same_mac(text: str | None, wanted: MacAddress) -> bool:
    return text is not None and text.lower() == wanted


def _prefix(network: Network, kind: LeaseType) -> int:
    """That of the network's first address of the family; 0 if there is none."""
    version = 4 if kind is LeaseType.IPV4 else 6
    return next((ip.prefix_length for ip in network.ips if ip.address.version == version), 0)
