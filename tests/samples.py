"""Networks for tests, as short as what they are about."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from typing import Any
from uuid import UUID

from pasarela.model.network import Bridge, DhcpRange, Forward, ForwardMode, Ip, Network
from pasarela.model.values import MacAddress


def network(
    number: int = 0, mode: ForwardMode = ForwardMode.NAT, *, stp: bool = False, **fields: Any
) -> Network:
    """Network ``n<number>`` on bridge ``virbr<number>`` with 10.0.<number>.0/24 and DHCP."""
    plain = Network(
        name=f"n{number}",
        uuid=UUID(int=number + 1),
        mac=MacAddress(f"52:54:00:00:00:{number:02x}"),
        bridge=Bridge(name=f"virbr{number}", stp=stp),
        forward=Forward(mode=mode),
        ips=(subnet(f"10.0.{number}.1"),),
    )
    return replace(plain, **fields)


def subnet(address: str, prefix: int = 24, *, dhcp: bool = True, **fields: Any) -> Ip:
    """The host's address, and a range of 100 addresses behind it."""
    first = ip_address(address)
    ranges = (DhcpRange(first + 1, first + 100),) if dhcp else ()
    return replace(Ip(address=first, prefix=prefix, ranges=ranges), **fields)
