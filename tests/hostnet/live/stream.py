"""Numbers sent both ways all the time, one each 2 ms, and how long none came.

``stream.py tcp|udp listen|connect ADDRESS PORT`` runs until its standard input ends, and then
prints what it saw as JSON. It says ``ready`` when the first number has come.
"""

from __future__ import annotations

import json
import select
import socket
import struct
import sys
import time

PACE = 0.002
BLOCK = 64
_NUMBER = struct.Struct(">Q")


class Watch:
    """What came: in order, without a hole, and after how long a pause at most."""

    def __init__(self) -> None:
        self.received = 0
        self.lost = 0
        self.gap = 0.0
        self.last: float | None = None

    def saw(self, number: int, *, lossless: bool) -> None:
        now = time.monotonic()
        if self.last is None:
            print("ready", flush=True)
        else:
            self.gap = max(self.gap, now - self.last)
        self.last = now
        if lossless and number != self.received:
            raise SystemExit(f"number {number} came in the place of {self.received}")
        self.lost += max(0, number - self.received)
        self.received = number + 1

    def report(self, error: str = "") -> None:
        since = time.monotonic() - self.last if self.last else 0.0
        found = {"received": self.received, "lost": self.lost, "error": error}
        print(json.dumps({**found, "gap": max(self.gap, since) * 1000}), flush=True)


def block(number: int) -> bytes:
    return _NUMBER.pack(number).ljust(BLOCK, b".")


def main(kind: str, role: str, address: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    watch = Watch()
    try:
        run(
            opened(kind, role, family, (address, port)), kind == "tcp", role, watch, (address, port)
        )
    except OSError as error:
        watch.report(str(error))
        return
    watch.report()


def opened(kind: str, role: str, family: int, place: tuple[str, int]) -> socket.socket:
    flavour = socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM
    mine = socket.socket(family, flavour)
    mine.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if role == "connect":
        mine.connect(place)
    else:
        mine.bind(("::" if family == socket.AF_INET6 else "", place[1]))
        print("listening", flush=True)
        if kind == "tcp":
            mine.listen()
            mine = mine.accept()[0]
    if kind == "tcp":
        mine.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    mine.setblocking(False)
    return mine


def run(
    stream: socket.socket, lossless: bool, role: str, watch: Watch, place: tuple[str, int]
) -> None:
    """Until standard input ends: send when it is time, read when something is there."""
    sent, due, kept = 0, time.monotonic(), b""
    peer = place if role == "connect" else None
    while True:
        wait = max(0.0, due - time.monotonic())
        ready = select.select([stream, 0], [], [], wait)[0]
        if 0 in ready:
            return
        if stream in ready:
            try:
                data, source = stream.recvfrom(1 << 16)
            except (ConnectionRefusedError, ConnectionResetError):
                data, source = b"", None  # UDP: the other side is not there yet; TCP: any more
            if lossless and not data:
                if select.select([0], [], [], 1.0)[0]:
                    return  # both were told to end, the other one first
                raise ConnectionResetError("the other side is gone")
            peer = peer or source
            kept += data
            while len(kept) >= BLOCK:
                watch.saw(_NUMBER.unpack_from(kept)[0], lossless=lossless)
                kept = kept[BLOCK:]
        if time.monotonic() >= due and (lossless or peer):
            try:
                if lossless or role == "connect":
                    stream.send(block(sent))
                else:
                    stream.sendto(block(sent), peer)
                sent += 1
            except BlockingIOError:
                pass
            except OSError:
                if lossless:
                    raise
                sent += 1  # no route for a moment: this number is lost
            due = max(due + PACE, time.monotonic() - 0.1)
        elif not peer and not lossless:
            due = time.monotonic() + PACE


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
