"""What a guest can send through the host to the outside, measured four ways.

A packet's whole way through guest, bridge, host and outside is done within the sender's own system
call, so one Python process loads it: the interpreter's part is half a microsecond of six or more.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count, islice
from typing import NoReturn

from host.nftables.topology import OUTSIDE4, Namespace, Topology

SECONDS = 0.4  # of each measurement
PAYLOAD = b"eighteen bytes of."
CHUNK = bytes(1 << 18)
BURST = 200  # packets between two looks at the clock
UDP_PORT, TCP_PORT = 9, 5201
FLOW_TARGETS = "198.18.0.0/15"  # RFC 2544: the outside answers to all of it
_PR_SET_PDEATHSIG = 1


class Load:
    """A guest and an outside around a host, and what passes between them."""

    def __init__(self, topology: Topology, guest: Namespace) -> None:
        self.guest = guest
        self.outside = topology.outside
        self.outside.ip(f"route add local {FLOW_TARGETS} dev lo")
        topology.host.ip(f"route add {FLOW_TARGETS} via {OUTSIDE4}")
        topology.host.sysctl("netfilter/nf_conntrack_udp_timeout", "1")  # or the table fills up
        self._sink = self._socket(self.outside, socket.SOCK_DGRAM)  # never read: no ICMP either
        self._sink.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        self._sink.bind(("", UDP_PORT))
        self._targets = _targets()

    def packets(self) -> float:
        """Small UDP packets of one flow, per second."""
        with self._socket(self.guest, socket.SOCK_DGRAM) as sender:
            sender.connect((OUTSIDE4, UDP_PORT))
            send = sender.send

            def burst() -> None:
                for _ in range(BURST):
                    send(PAYLOAD)

            return self._received_per_second(burst)

    def flows(self) -> float:
        """Small UDP packets, each the first of a flow, per second."""
        with self._socket(self.guest, socket.SOCK_DGRAM) as sender:
            send = sender.sendto

            def burst() -> None:
                for target in islice(self._targets, BURST):
                    send(PAYLOAD, target)

            return self._received_per_second(burst)

    def connects(self) -> float:
        """Microseconds to connect, ask, be answered and close (TCP_CRR)."""
        with self._serving(_answer_each):
            done = 0
            begin = time.perf_counter()
            while time.perf_counter() < begin + SECONDS:
                with self._socket(self.guest, socket.SOCK_STREAM) as client:
                    client.connect((OUTSIDE4, TCP_PORT))
                    client.send(b"?")
                    client.recv(1)
                done += 1
            return (time.perf_counter() - begin) / done * 1e6

    def throughput(self) -> float:
        """Gigabits per second of one TCP connection."""
        with self._serving(_swallow), self._socket(self.guest, socket.SOCK_STREAM) as client:
            client.connect((OUTSIDE4, TCP_PORT))
            begin = time.perf_counter()
            sent = 0
            while time.perf_counter() < begin + SECONDS:
                sent += client.send(CHUNK)
            client.shutdown(socket.SHUT_WR)
            client.recv(1)  # the other end has it all
            return sent * 8 / (time.perf_counter() - begin) / 1e9

    def _received_per_second(self, burst: Callable[[], None]) -> float:
        before, begin = self._received(), time.perf_counter()
        while time.perf_counter() < begin + SECONDS:
            burst()
        elapsed = time.perf_counter() - begin
        return (self._received() - before) / elapsed

    def _received(self) -> int:
        with self.outside.inside():
            command = ["ip", "-s", "-j", "link", "show", "out0"]
            found = subprocess.run(command, capture_output=True, check=True).stdout
        return int(json.loads(found)[0]["stats64"]["rx"]["packets"])

    @contextmanager
    def _serving(self, serve: Callable[[socket.socket], None]) -> Iterator[None]:
        with self._socket(self.outside, socket.SOCK_STREAM) as listening:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(("", TCP_PORT))
            listening.listen(64)
            child = os.fork()
            if child == 0:
                _serve_for_ever(listening, serve)
        try:
            yield
        finally:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)

    def _socket(self, namespace: Namespace, kind: int) -> socket.socket:
        with namespace.inside():
            return socket.socket(socket.AF_INET, kind)


def _targets() -> Iterator[tuple[str, int]]:
    """Another address each time; there are 131,072, and a flow is forgotten after a second."""
    for number in count():
        yield f"198.{18 + (number >> 16) % 2}.{number >> 8 & 255}.{number & 255}", UDP_PORT


def _serve_for_ever(listening: socket.socket, serve: Callable[[socket.socket], None]) -> NoReturn:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    while True:
        connection, _ = listening.accept()
        with connection:
            serve(connection)


def _answer_each(connection: socket.socket) -> None:
    if connection.recv(1):
        connection.send(b"!")


def _swallow(connection: socket.socket) -> None:
    room = bytearray(1 << 20)
    while connection.recv_into(room):
        pass
    connection.send(b"!")
