"""Which port gets what when a bridge ends: each what it brought, and one of them all else."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from pasarela.hostnet.live.items import (
    FOREVER,
    RTA_PREFSRC,
    RTA_PRIORITY,
    Address,
    Item,
    Neighbour,
    Route,
    Rule,
)
from pasarela.hostnet.live.state import State
from pasarela.model.values import IpAddress

Share = Callable[[Item], str]


@dataclass(frozen=True, slots=True)
class Had:
    """What a port had, in words that are the same on whatever link it is.

    ``dhcp``: whether a client that runs beside it served it.
    """

    addresses: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    dhcp: bool = False


def had(now: State, link: str, *, dhcp: bool) -> Had:
    """What hangs on a link; its link-local addresses are the kernel's to make again."""
    return Had(
        tuple(_word(one) for one in now.addresses if one.link == link and not one.is_link_local),
        tuple(_word(one) for one in now.routes if link in one.links),
        tuple(_word(one) for one in now.rules if link in one.links),
        dhcp,
    )


def shares(now: State, bridge: str, heir: str, known: Mapping[str, Had]) -> Share:
    """Who gets each item of a bridge.

    Args:
        heir: who gets what nobody is known to have brought.
        known: what the ports had.
    """
    addresses = {
        one.key: _brought_by(_word(one), known, "addresses") or _leased(one, heir, known) or heir
        for one in now.addresses
        if one.link == bridge
    }
    mine = [one for one in now.addresses if one.link == bridge]

    def near(address: IpAddress | None) -> str:
        """By whose network an address is reached."""
        found = {addresses[one.key] for one in mine if _reaches(one, address)}
        return found.pop() if len(found) == 1 else heir

    def share(item: Item) -> str:
        match item:
            case Address():
                return addresses.get(item.key, heir)
            case Route():
                return _brought_by(_word(item), known, "routes") or near(_next(item))
            case Rule():
                return _brought_by(_word(item), known, "rules") or heir
            case Neighbour():
                return near(ip_address(item.attributes[0][1]))

    return share


def client_targets(heir: str, ports: Sequence[str], known: Mapping[str, Had]) -> tuple[str, ...]:
    """The ports that DHCP clients go back to, in turn; all that are left go to the heir."""
    served = [port for port in ports if port in known and known[port].dhcp]
    return tuple(sorted(served, key=lambda port: port != heir))


def _brought_by(word: str, known: Mapping[str, Had], kind: str) -> str | None:
    return next((port for port, one in known.items() if word in getattr(one, kind)), None)


def _leased(address: Address, heir: str, known: Mapping[str, Had]) -> str | None:
    """A lease may have become another one since: it is whose client asked for it."""
    if address.interface.version == 6 or address.valid == FOREVER:
        return None
    return next(iter(client_targets(heir, list(known), known)), None)


def _reaches(address: Address, other: IpAddress | None) -> bool:
    if other is None or other.version != address.interface.version or address.is_link_local:
        return False
    return other in address.interface.network


def _next(route: Route) -> IpAddress | None:
    source = dict(route.attributes).get(RTA_PREFSRC)
    return route.gateway or (ip_address(source) if source else None)


def _word(item: Address | Route | Rule) -> str:
    match item:
        case Address():
            return str(item.interface)
        case Route():
            metric = int.from_bytes(dict(item.attributes).get(RTA_PRIORITY, b""), sys.byteorder)
            way = f" via {item.gateway}" if item.gateway else ""
            return f"{item.destination.network}{way} table {item.table} metric {metric}"
        case Rule():
            more = ",".join(f"{kind}={value.hex()}" for kind, value in item.attributes)
            incoming = "in" if item.incoming else "out"
            return f"{incoming} {item.header.hex()} {more}"
