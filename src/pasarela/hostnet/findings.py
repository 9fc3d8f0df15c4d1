"""What the checks of several managers say in the same words."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from ipaddress import (
    IPv4Interface,
    IPv4Network,
    IPv6Interface,
    IPv6Network,
    ip_address,
    ip_interface,
)
from pathlib import PurePosixPath

from pasarela.hostnet.manager import Surroundings
from pasarela.model.values import IpAddress

Addresses = list[IPv4Interface | IPv6Interface]
Network = IPv4Network | IPv6Network


def near(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant."""
    by_lower = {each.lower(): each for each in known}
    close = get_close_matches(word.lower(), by_lower, 1, 0.75)
    return by_lower[close[0]] if close else None


def instead(word: str, known: Iterable[str]) -> str:
    """The way out for an unknown word."""
    meant = near(word, known)
    return f"did you mean {meant}?" if meant else f"take {word} away, or look up what it is called"


def outside(
    gateway: IpAddress, addresses: Addresses, on_link: Iterable[Network] = ()
) -> str | None:
    """Why a gateway cannot be reached; None where it can, or where nothing is known.

    Args:
        on_link: networks that routes without a gateway lead to, or peers; where a host has an
            address alone (/32), as clouds give them, its router is one.
    """
    same = [each for each in addresses if each.version == gateway.version]
    reached = [*(each.network for each in same), *on_link]
    if not same or gateway.is_link_local or any(gateway in each for each in reached):
        return None
    networks = ", ".join(str(each.network) for each in same)
    return f"the gateway {gateway} is outside the network {networks}, so no packet finds it"


def meant_gateway(gateway: IpAddress, addresses: Addresses) -> str:
    """A gateway in the network that differs least from the one that is written."""
    for each in addresses:
        if each.version == gateway.version == 4:
            parts, own = str(gateway).split("."), str(each.network.network_address).split(".")
            kept = each.network.prefixlen // 8
            guess = ip_address(".".join([*own[:kept], *parts[kept:]]))
            if guess in each.network and guess != each.ip:
                return f"write an address of the network, perhaps {guess}"
    return "write the router's address in that network"


def parsed_addresses(texts: Iterable[str]) -> Addresses:
    found = []
    for text in texts:
        try:
            found.append(ip_interface(text))
        except ValueError:
            continue
    return found


def parsed_networks(texts: Iterable[str | None]) -> list[Network]:
    return [each.network for each in parsed_addresses(text for text in texts if text)]


def parsed_ip(text: str | None) -> IpAddress | None:
    try:
        return ip_address(text or "")
    except ValueError:
        return None


def open_to_others(files: Iterable[PurePosixPath], around: Surroundings) -> list[PurePosixPath]:
    """The files that others than root may read or write."""
    modes = around.modes or {}
    return [path for path in files if modes.get(path, 0) & 0o077]


DEFAULT_DELAY = 15.0  # seconds, the forward delay of the kernel's and of all managers
PATIENCE = 10.0
"""Seconds for which a port may be silent: DHCP clients ask after 2, 4, 8 s…, and boots that wait
for the network go on waiting."""
DELAYED = "a port of {bridge} forwards nothing for {delay:g} s after it comes up (twice the forward"
DELAYED += " delay): DHCP clients give up before"
