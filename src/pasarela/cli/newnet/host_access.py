"""The host's own macvlan beside its guests' macvtaps: what net-new chooses of it."""

from __future__ import annotations

from ipaddress import IPv4Interface

from pasarela.cli.newnet.request import Request, Surroundings
from pasarela.errors import InvalidArgument
from pasarela.model.host_access import HostAccess, host_access
from pasarela.model.network import Network

MAX_NAME = 15


def host_access_of(network: Network, request: Request, around: Surroundings) -> HostAccess | None:
    """What was asked for, with a name, a MAC and a routing table of its own; None if nothing was.

    Raises:
        InvalidArgument: the address is taken, or is none of the LAN's.
    """
    address, dev = request.host_access, network.forward.dev
    if dev is None or (address is None and not request.host_access_dhcp):
        if request.host_access_guests is not None:
            raise InvalidArgument(
                "--host-access-guests is a part of --host-access",
                remedy="add --host-access dhcp, or --host-access ADDRESS/PREFIX",
            )
        return None
    if address is not None:
        _check(address, dev, around)
    return HostAccess(
        link=_free_name(dev, around),
        mac=around.new_mac(),
        table=256 + int.from_bytes(around.random(3), "big"),
        address=address,
        guests=request.host_access_guests,
    )


def _check(address: IPv4Interface, dev: str, around: Surroundings) -> None:
    held = around.facts.addresses
    taken = [link for link, own in held.items() if address.ip in (one.ip for one in own)]
    if taken:
        raise InvalidArgument(
            f"the host has {address.ip} already, on {taken[0]}",
            remedy="its address beside the guests must be another: a free one of the LAN",
        )
    lans = [one.network for one in held.get(dev, ()) if one.version == 4]
    if lans and address.network not in lans:
        raise InvalidArgument(
            f"{address} is not of the LAN that {dev} is on",
            remedy=f"give a free address with the LAN's prefix: one of {lans[0]}",
        )


def _free_name(dev: str, around: Surroundings) -> str:
    """Of the NIC, so that people see where it belongs; 15 characters are the kernel's limit."""
    known = (host_access(one) for one in around.networks)
    taken = around.facts.links | {one.link for one in known if one is not None}
    for suffix in ("-host", *(f"-host{number}" for number in range(2, 100))):
        name = dev[: MAX_NAME - len(suffix)] + suffix
        if name not in taken:
            return name
    raise InvalidArgument(
        f"all names for a macvlan on {dev} are taken", remedy="remove one: ip link del NAME"
    )
