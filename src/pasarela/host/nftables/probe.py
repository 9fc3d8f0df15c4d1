"""Whether this kernel's firewall sees what passes within a bridge, tried without effect."""

from __future__ import annotations

import errno

from pasarela.host import sysctl
from pasarela.host.netlink.socket import NLM_F_ACK, NetlinkSocket, pack
from pasarela.host.nftables import messages, transaction
from pasarela.plan.nftables import Table

_NETLINK_NETFILTER = 12
_BRIDGED_IPV6 = "net/bridge/bridge-nf-call-ip6tables"
_UNSUPPORTED = {
    errno.EOPNOTSUPP,  # the family, or the expression's key
    errno.ENOENT,  # a module that is not there
    errno.EAFNOSUPPORT,
    errno.EPROTONOSUPPORT,
    errno.EINVAL,
}


def sees_bridged_ipv6() -> bool:
    """Whether one of the two ways is there."""
    return shows_bridged_ipv6() or has_bridge_meta()


def shows_bridged_ipv6() -> bool:
    """Whether br_netfilter shows bridged IPv6 packets to the inet family."""
    return sysctl.read(_BRIDGED_IPV6) not in (None, "0")


def has_bridge_meta() -> bool:
    """Whether nftables' bridge family knows the bridge that a packet came in by.

    The kernel may load modules for the answer. Who may not ask (an ordinary user who looks at a
    plan) is told that it can.
    """
    try:
        socket = NetlinkSocket(_NETLINK_NETFILTER)
    except OSError:
        return False
    try:
        return not _refusals(socket) & _UNSUPPORTED
    finally:
        socket.close()


def _refusals(socket: NetlinkSocket) -> set[int]:
    """What the kernel says to our table in a transaction without an end, which it takes back."""
    requests = (messages.batch_begin(), *transaction.base(Table.BRIDGE))
    first = socket.reserve(len(requests))
    packed = (pack(request, first + i, NLM_F_ACK) for i, request in enumerate(requests))
    socket.send(b"".join(packed))
    return {number for _, number, _ in socket.pending_errors()}
