"""A client's bytes in and out, in the event loop.

asyncio's own transport takes a future, a task and three rounds of the loop for each client, and
room for 256 KiB at each call; clients of libvirt come for a single call as often as not. And it
lets go of the interpreter's lock at each recv and send, for they might take long. Here they never
do: the socket does not block. But while a change is at work its thread takes the lock then, and
gives it back after sys.getswitchinterval() at best; a processor must be free for it, too.
"""

from __future__ import annotations

import asyncio
import ctypes
import logging
import os
import socket
from collections.abc import Callable
from typing import Protocol

log = logging.getLogger(__name__)

AT_ONCE = 64 * 1024  # bytes, copied in some microseconds
_FLAGS = socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL

_libc = ctypes.PyDLL(None, use_errno=True)  # whose calls keep the lock
_recv, _send = _libc.recv, _libc.send
for _call in (_recv, _send):
    _call.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    _call.restype = ctypes.c_ssize_t

_room = ctypes.create_string_buffer(AT_ONCE)  # of the event loop's thread alone


class Receiver(Protocol):
    """Who is told of what comes."""

    def data_received(self, data: bytes) -> None: ...

    def pause_writing(self) -> None:
        """More than the high water mark has not been taken by the client."""

    def resume_writing(self) -> None:
        """Most of it has been taken."""

    def connection_lost(self) -> None:
        """The last that is told, once, in a round of the loop of its own."""


class ClientStream:
    """One client's socket, which is closed with it.

    Args:
        connection: is not blocking.
        competing: whether another thread wants the interpreter's lock.
        high_water: bytes unsent beyond which the receiver is told to pause.
    """

    __slots__ = (
        "_closing",
        "_competing",
        "_file",
        "_full",
        "_high_water",
        "_loop",
        "_lost",
        "_receiver",
        "_socket",
        "_unsent",
    )

    def __init__(
        self, connection: socket.socket, competing: Callable[[], bool], high_water: int
    ) -> None:
        self._socket = connection
        self._file = connection.fileno()
        self._competing = competing
        self._high_water = high_water
        self._loop = asyncio.get_running_loop()
        self._receiver: Receiver
        self._unsent = bytearray()
        self._full = self._closing = self._lost = False

    def open(self, receiver: Receiver) -> None:
        """Begin to read."""
        self._receiver = receiver
        self.resume_reading()

    @property
    def unsent(self) -> int:
        """Bytes that the client has not taken."""
        return len(self._unsent)

    @property
    def is_closing(self) -> bool:
        return self._closing

    def pause_reading(self) -> None:
        """Leave the client's input in its socket."""
        self._loop.remove_reader(self._file)

    def resume_reading(self) -> None:
        if not self._closing:
            self._loop.add_reader(self._file, self._readable)

    def write(self, data: bytes) -> None:
        """Send now what the socket takes, and the rest as it takes more."""
        if self._lost:
            return
        if not self._unsent:
            try:
                sent = self._give(data)
            except OSError:  # it has gone: reading says so, too, but perhaps is paused
                self.abort()
                return
            if sent == len(data):
                return
            data = data[sent:]
            self._loop.add_writer(self._file, self._writable)
        self._unsent += data
        if len(self._unsent) > self._high_water and not self._full:
            self._full = True
            self._receiver.pause_writing()

    def close(self) -> None:
        """Hang up once all has been sent."""
        if not self._closing:
            self._closing = True
            self.pause_reading()
            if not self._unsent:
                self._lose()

    def abort(self) -> None:
        """Hang up now."""
        self._closing = True
        self._loop.remove_reader(self._file)
        if self._unsent:
            self._unsent.clear()
            self._loop.remove_writer(self._file)
        self._lose()

    # in the loop

    def _readable(self) -> None:
        try:
            data = self._take()
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self.abort()
            return
        if not data:
            self.close()
            return
        try:
            self._receiver.data_received(data)
        except Exception:
            log.exception("a client is cut off")
            self.abort()

    def _writable(self) -> None:
        try:
            del self._unsent[: self._socket.send(self._unsent)]
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self.abort()
            return
        if not self._unsent:
            self._loop.remove_writer(self._file)
            if self._closing:
                self._lose()
        if self._full and len(self._unsent) <= self._high_water // 4:
            self._full = False
            if not self._lost:
                self._receiver.resume_writing()

    def _lose(self) -> None:
        if not self._lost:
            self._lost = True
            self._loop.call_soon(self._end)

    def _end(self) -> None:
        try:
            self._receiver.connection_lost()
        finally:
            self._socket.close()

    # the socket

    def _take(self) -> bytes:
        if not self._competing():
            return self._socket.recv(AT_ONCE)
        return ctypes.string_at(_room, _checked(_recv(self._file, _room, AT_ONCE, _FLAGS)))

    def _give(self, data: bytes) -> int:
        """How many of the bytes the socket has taken."""
        try:
            if len(data) > AT_ONCE or not self._competing():
                return self._socket.send(data)
            return _checked(_send(self._file, data, len(data), _FLAGS))
        except (BlockingIOError, InterruptedError):
            return 0


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
