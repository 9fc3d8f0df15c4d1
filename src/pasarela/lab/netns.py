"""Sockets in other machines' network namespaces: a socket stays where it was made."""

from __future__ import annotations

import ctypes
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from pasarela.lab import node

_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


def open_socket(name: str, family: int, kind: int, protocol: int = 0) -> socket.socket:
    """A socket in a node's network namespace."""
    with _entered(node.pin(name)):
        return socket.socket(family, kind, protocol)


def interface_index(name: str, interface: str) -> int:
    with _entered(node.pin(name)):
        return socket.if_nametoindex(interface)


@contextmanager
def _entered(file: str) -> Iterator[None]:
    """Move this thread, and no other, into a network namespace for a moment."""
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        _set_namespace(file)
        try:
            yield
        finally:
            _check(_libc.setns(before, _CLONE_NEWNET))
    finally:
        os.close(before)


def _set_namespace(file: str) -> None:
    descriptor = os.open(file, os.O_RDONLY)
    try:
        _check(_libc.setns(descriptor, _CLONE_NEWNET))
    finally:
        os.close(descriptor)


def _check(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
