"""Whether this kernel's nftables can do what our second table needs, tried without effect."""

from __future__ import annotations

import errno

from pasarela.host.netlink.socket import NLM_F_ACK, NetlinkSocket, pack
from pasarela.host.nftables import messages, transaction
from pasarela.plan.nftables import Table

_NETLINK_NETFILTER = 12
_UNSUPPORTED = {
    errno.EOPNOTSUPP,  # the family, or the expression's key
    errno.ENOENT,  # a module that is not there
    errno.EAFNOSUPPORT,
    errno.EPROTONOSUPPORT,
    errno.EINVAL,
}


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
