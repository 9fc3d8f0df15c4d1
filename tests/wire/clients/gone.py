"""Waits for the end of a connection, as libvirt-python tells it, and prints the reason.

Run with a URI; prints ``ready`` when the callback is registered and keepalive is on.
"""

from __future__ import annotations

import sys
import threading
from typing import Any

import libvirt  # type: ignore[import-not-found,unused-ignore]

gone = threading.Event()


def turn() -> None:
    while True:
        libvirt.virEventRunDefaultImpl()


def closed(_: Any, reason: int, opaque: str) -> None:
    print("closed", reason, opaque, flush=True)
    gone.set()


libvirt.virEventRegisterDefaultImpl()
threading.Thread(target=turn, daemon=True).start()
connection = libvirt.open(sys.argv[1])
connection.registerCloseCallback(closed, "was open")
connection.setKeepAlive(1, 2)
print("ready", connection.isAlive(), flush=True)
assert gone.wait(30), "nobody said that the daemon has gone"
print("alive", connection.isAlive(), flush=True)
