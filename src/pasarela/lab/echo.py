"""Servers on many machines at once that tell every caller its address and port."""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import threading
from ipaddress import IPv6Address
from types import TracebackType

from pasarela.lab import netns

PORT = 7007


class EchoServers:
    """One thread that serves a listening socket on each machine that was added."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._woken, self._waker = os.pipe()
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._serve, name="echo servers")

    def __enter__(self) -> EchoServers:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.write(self._waker, b"\0")
        self._thread.join()
        for key in list(self._selector.get_map().values()):
            if isinstance(key.fileobj, socket.socket):
                key.fileobj.close()
        self._selector.close()
        os.close(self._woken)
        os.close(self._waker)

    def add(self, name: str) -> None:
        """Listen on a node, on both IP versions."""
        server = netns.open_socket(name, socket.AF_INET6, socket.SOCK_STREAM)
        server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("::", PORT))
        server.listen(16)
        server.setblocking(False)
        self._selector.register(server, selectors.EVENT_READ)

    def _serve(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if not isinstance(key.fileobj, socket.socket):
                    return
                with contextlib.suppress(OSError):  # the caller has gone
                    _answer(key.fileobj)


def _answer(server: socket.socket) -> None:
    caller, address = server.accept()
    with caller:
        caller.settimeout(1)
        plain = IPv6Address(address[0].partition("%")[0])
        said = f"You come from {plain.ipv4_mapped or plain} port {address[1]}.\n"
        caller.sendall(f"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n{said}".encode())
        caller.shutdown(socket.SHUT_WR)
        caller.recv(1024)  # what it asked, lest the kernel reset the connection
