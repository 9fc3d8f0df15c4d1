"""The host's own macvlan beside its guests' macvtaps: what net-new chooses of it."""

from __future__ import annotations

from pasarela.cli.newnet.request import Request, Subnet, Surroundings
from pasarela.errors import InvalidArgument
from pasarela.model.host_access import HostAccess, host_access
from pasarela.model.network import Network

MAX_NAME = 15


def host_access_of(network: Network, request: Request, around: Surroundings) -> HostAccess | None:
    """What was asked for, with a name, a MAC and a routing table of its own; None if nothing was.

    Raises:
        InvalidArgument: an address is taken, or is none of the LAN's.
    """
    dev = network.forward.dev
    if dev is None or not (request.host_access or request.host_access_dhcp):
        if request.host_access_guests:
            raise InvalidArgument(
                "--host-access-guests is a part of --host-access",
                remedy="add --host-access dhcp, or --host-access ADDRESS/PREFIX",
            )
        return None
    for address in request.host_access:
        _check(address, dev, around)
    access = HostAccess(
        link=_free_name(dev, around),
        mac=around.new_mac(),
        table=256 + int.from_bytes(around.random(3), "big"),
        addresses=tuple(dict.fromkeys(request.host_access)),
        dhcp=request.host_access_dhcp,
        guests=tuple(dict.fromkeys(request.host_access_guests)),
    )
    _check_guests(access)
    return access


def _check_guests(access: HostAccess) -> None:
    """The host looks for guests from an address of the same IP version."""
    versions = {*access.asked, *(one.version for one in access.addresses)}
    for guests in access.guests:
        if guests.version not in versions:
            raise InvalidArgument(
                f"--host-access-guests {guests}: the host has no IPv{guests.version} address there",
                remedy=f"add --host-access dhcp, or an IPv{guests.version} address of the LAN",
            )


def _check(address: Subnet, dev: str, around: Surroundings) -> None:
    held = around.facts.addresses
    taken = [link for link, own in held.items() if address.ip in (one.ip for one in own)]
    if taken:
        raise InvalidArgument(
            f"the host has {address.ip} already, on {taken[0]}",
            remedy="its address beside the guests must be another: a free one of the LAN",
        )
    lans = [one.network for one in held.get(dev, ()) if one.version == 4]
    if address.version == 4 and lans and address.network not in lans:  # IPv6 has many on a LAN
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
