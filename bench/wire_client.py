"""What wire_client.c does, for machines without a C compiler: one process a client.

Its own share of each call is some 10 µs more, for both daemons alike.
"""

from __future__ import annotations

import signal
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterator
from multiprocessing import Barrier, Pipe, Process
from multiprocessing.connection import Connection

OPENING, HEAD = 2, 28
_LENGTH = struct.Struct(">I")


class Client:
    """One client: its messages, and its connection while it has one."""

    def __init__(self, path: str, messages: list[bytes]) -> None:
        self._path = path
        self._messages = messages

    def connect(self, messages: list[bytes]) -> socket.socket:
        wire = socket.socket(socket.AF_UNIX)
        wire.connect(self._path)
        for message in messages:
            call(wire, message)
        return wire

    def once(self) -> Iterator[float]:
        wire = self.connect(self._messages[:OPENING])
        for message in self._messages[OPENING:]:
            yield call(wire, message)

    def loop(self, ready: Callable[[], object], seconds: float) -> Iterator[float]:
        wire = self.connect(self._messages[:OPENING])
        ready()
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            yield call(wire, self._messages[-1])

    def visit(self, ready: Callable[[], object], seconds: float) -> Iterator[float]:
        ready()
        end = time.perf_counter() + seconds
        while (begin := time.perf_counter()) < end:
            self.connect(self._messages).close()
            yield (time.perf_counter() - begin) * 1e6


def call(wire: socket.socket, message: bytes) -> float:
    """Microseconds until the answer was there."""
    begin = time.perf_counter()
    wire.sendall(message)
    answer = wire.recv(1 << 20)
    while len(answer) < _LENGTH.unpack_from(answer)[0]:
        answer += wire.recv(1 << 20)
    taken = (time.perf_counter() - begin) * 1e6
    if answer[24:HEAD] != bytes(4):
        raise RuntimeError(f"a call was refused: {answer[HEAD:]!r}")
    return taken


def split(data: bytes) -> Iterator[bytes]:
    while data:
        (size,) = _LENGTH.unpack_from(data)
        yield data[:size]
        data = data[size:]


def many(calls: Callable[[Callable[[], object]], Iterator[float]], number: int) -> list[float]:
    """What some processes measured that began together."""
    barrier = Barrier(number)
    pipes = [Pipe(duplex=False) for _ in range(number)]
    workers = [Process(target=_work, args=(calls, barrier.wait, there)) for _, there in pipes]
    for worker in workers:
        worker.start()
    # SIGTERM ends what is measured, here as in the C program.
    signal.signal(signal.SIGTERM, lambda *_: [worker.terminate() for worker in workers])
    taken = [one for here, _ in pipes for one in here.recv()]
    for worker in workers:
        worker.join()
    return taken


def _work(
    calls: Callable[[Callable[[], object]], Iterator[float]],
    ready: Callable[[], object],
    there: Connection,
) -> None:
    taken: list[float] = []
    signal.signal(signal.SIGTERM, _stop)
    try:
        for one in calls(ready):
            taken.append(one)  # what there is counts when the end comes early
    except Stopped:
        pass
    there.send(taken)


class Stopped(Exception):
    """It is enough."""


def _stop(*_: object) -> None:
    raise Stopped


def main() -> None:
    path, mode, *rest = sys.argv[1:]
    client = Client(path, list(split(sys.stdin.buffer.read())))
    if mode == "once":
        for taken in client.once():
            print(f"{taken:.1f}")
        return
    number, seconds = (int(rest[0]), float(rest[1])) if mode == "loop" else (1, float(rest[0]))
    work = client.loop if mode == "loop" else client.visit
    begin = time.perf_counter()
    taken = sorted(many(lambda ready: work(ready, seconds), number))
    elapsed = time.perf_counter() - begin
    chosen = (taken[len(taken) // 2], taken[len(taken) * 99 // 100], taken[-1])
    print(len(taken), f"{elapsed:.6f}", *(f"{one:.1f}" for one in chosen))


if __name__ == "__main__":
    main()
