"""Taking a dnsmasq's netlink socket out of multicast groups.

dnsmasq (2.90, netlink.c) subscribes to all new addresses and routes of the host, whether it has a
use for them or not. With hundreds of them, each bridge that comes up wakes hundreds of processes
to do nothing, which costs more than all the rest of a start. There is no option against it, but
whoever may trace a process may also duplicate its socket, and change the one that both then have.
"""

from __future__ import annotations

import socket
from collections.abc import Collection

_ADDRESS_GROUPS = {4: 5, 6: 9}  # by IP version (linux/rtnetlink.h, RTNLGRP_IPV4_IFADDR, …)
_ROUTE_GROUPS = (7, 11)
_SOL_NETLINK, _NETLINK_DROP_MEMBERSHIP = 270, 2


def leave_news(one: socket.socket, *, except_addresses: Collection[int]) -> bool:
    """Have a dnsmasq told of no new route any more, and of new addresses only where they matter.

    At a new route it asks again what it could not ask over a dial-up link, and reads resolv.conf,
    which it does at each change of that file anyway.

    Args:
        one: a socket of that dnsmasq's.
        except_addresses: the IP versions of which it must hear.

    Returns:
        Whether it was the socket that hears of them. Without this the process just goes on being
        woken.
    """
    if (one.family, one.proto) != (socket.AF_NETLINK, socket.NETLINK_ROUTE):
        return False
    idle = (group for ip, group in _ADDRESS_GROUPS.items() if ip not in except_addresses)
    for group in (*_ROUTE_GROUPS, *idle):
        one.setsockopt(_SOL_NETLINK, _NETLINK_DROP_MEMBERSHIP, group)
    return True
