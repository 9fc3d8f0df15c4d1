"""Sends UDP packets, each the first of a new flow, until it is told to end; prints how many.

flood.py TARGET PACKETS_PER_SECOND SECONDS_AT_MOST
"""

from __future__ import annotations

import contextlib
import itertools
import signal
import socket
import sys
import time
from collections.abc import Iterator

SOCKETS = 200
BURST = 20  # packets between two looks at the clock


def main() -> None:
    target, rate, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    told_to_end: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: told_to_end.append(number))
    sent = 0
    try:
        begin = time.monotonic()
        for flows in _bursts():
            for one, port in flows:
                # Refused by a firewall, or no route at this moment: that is what this is about.
                with contextlib.suppress(OSError):
                    one.sendto(b"flood", (target, port))
            sent += BURST
            now = time.monotonic()
            if told_to_end or now > begin + seconds:
                return
            time.sleep(max(0.0, begin + sent / rate - now))
    finally:
        print(sent)


def _bursts() -> Iterator[list[tuple[socket.socket, int]]]:
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(SOCKETS)]
    for port in itertools.cycle(range(20000, 60000)):
        for first in range(0, SOCKETS, BURST):
            yield [(one, port) for one in sockets[first : first + BURST]]


if __name__ == "__main__":
    main()
