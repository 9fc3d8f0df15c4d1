"""Waiting for the kernel to say that something about links or addresses has changed."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable

from pasarela.lab import netns

_NETLINK_ROUTE = 0
_RTMGRP_LINK = 0x1
_RTMGRP_IPV4_IFADDR = 0x10
_RTMGRP_IPV6_IFADDR = 0x100
_RTMGRP_IPV6_ROUTE = 0x400
_GROUPS = _RTMGRP_LINK | _RTMGRP_IPV4_IFADDR | _RTMGRP_IPV6_IFADDR | _RTMGRP_IPV6_ROUTE


def wait_until(name: str, holds: Callable[[], bool], timeout: float) -> bool:
    """Ask ``holds`` now and at each change of a node's links, addresses and IPv6 routes.

    Returns whether it came to hold within ``timeout`` seconds.
    """
    deadline = time.monotonic() + timeout
    with netns.open_socket(
        name, socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, _NETLINK_ROUTE
    ) as events:
        events.bind((0, _GROUPS))
        while not holds():
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([events], [], [], left)[0]:
                return holds()
            _drain(events)
    return True


def _drain(events: socket.socket) -> None:
    try:
        while True:
            events.recv(65536)
    except BlockingIOError:
        return
    except OSError:
        return  # more changes than the socket could hold: ask again anyway
