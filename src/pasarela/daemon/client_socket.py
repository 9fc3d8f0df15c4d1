"""A client's socket, on which a read is answered without letting go of the interpreter's lock.

socket's recv and send let other threads run, for they might take long. Here they never do: the
socket does not block. But while a change is at work its thread takes the lock at each of them, and
gives it back after sys.getswitchinterval() at best; a processor must be free for it, too.
"""

from __future__ import annotations

import ctypes
import os
import socket
from collections.abc import Callable
from typing import Any

AT_ONCE = 64 * 1024  # bytes, copied in some microseconds; what is longer may let others run
_FLAGS = socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL

_libc = ctypes.PyDLL(None, use_errno=True)  # whose calls keep the lock
_recv, _send = _libc.recv, _libc.send
for _call in (_recv, _send):
    _call.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    _call.restype = ctypes.c_ssize_t

_room = ctypes.create_string_buffer(AT_ONCE)  # of the event loop's thread alone


class ClientSocket(socket.socket):
    """Satisfies what asyncio's transports ask of a socket.

    Args:
        taken_from: is of no use after this.
        competing: whether another thread wants the interpreter's lock.
    """

    __slots__ = ("_competing",)

    def __init__(self, taken_from: socket.socket, competing: Callable[[], bool]) -> None:
        super().__init__(taken_from.family, taken_from.type, taken_from.proto, taken_from.detach())
        self.setblocking(False)
        self._competing = competing

    def recv(self, bufsize: int, flags: int = 0) -> bytes:
        if not self._competing() or flags:
            return super().recv(bufsize, flags)
        got = _recv(self.fileno(), _room, min(bufsize, AT_ONCE), _FLAGS)
        return ctypes.string_at(_room, _checked(got))

    def send(self, data: Any, flags: int = 0) -> int:
        if not isinstance(data, bytes) or len(data) > AT_ONCE or flags or not self._competing():
            return super().send(data, flags)
        return _checked(_send(self.fileno(), data, len(data), _FLAGS))


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
