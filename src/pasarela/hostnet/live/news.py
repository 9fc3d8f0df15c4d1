"""What the kernel tells of neighbours, addresses and routes that come and go."""

from __future__ import annotations

import select
import socket
from struct import Struct

from pasarela.hostnet.live import wire
from pasarela.hostnet.live.dump import NETLINK_ROUTE

# Of rtnetlink's multicast groups those that tell of neighbours, addresses and routes.
_NEIGHBOURS, _IPV4_ADDRESSES, _IPV4_ROUTES = 0x4, 0x10, 0x40
_IPV6_ADDRESSES, _IPV6_ROUTES = 0x100, 0x400
_GROUPS = _NEIGHBOURS | _IPV4_ADDRESSES | _IPV4_ROUTES | _IPV6_ADDRESSES | _IPV6_ROUTES
_GOES = frozenset({wire.RTM_DELNEIGH, wire.RTM_DELADDR, wire.RTM_DELROUTE})
_HEADER = Struct("=IH")
_BUFFER = 1 << 20


class News:
    """Told from the moment that it is made until it is closed."""

    def __init__(self) -> None:
        self._socket = socket.socket(
            socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, NETLINK_ROUTE
        )
        self._socket.bind((0, _GROUPS))

    def close(self) -> None:
        self._socket.close()

    def fileno(self) -> int:
        return self._socket.fileno()

    def come_within(self, seconds: float) -> bool:
        """Wait for news, whatever they are of; whether there were any in time."""
        return seconds > 0 and bool(select.select([self], [], [], seconds)[0])

    def something_goes(self) -> bool:
        """Take in all that has been told so far; whether anything of it went, or may have gone."""
        found = False
        while True:
            try:
                kind = _HEADER.unpack_from(self._socket.recv(_BUFFER))[1]
            except BlockingIOError:
                return found
            except OSError:  # ENOBUFS: more news than room for them
                found = True
            else:
                found = found or kind in _GOES
