"""Messages: a length, a header of six numbers, a payload. And cutting a stream into them."""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import NamedTuple

REMOTE_PROGRAM = 0x20008086
KEEPALIVE_PROGRAM = 0x6B656570
VERSION = 1

MAX_MESSAGE = 33554432 + 4  # with the length word
MIN_MESSAGE = 28

_LENGTH = struct.Struct(">I")
_HEADER = struct.Struct(">IIiIII")
_WHOLE = struct.Struct(">IIIiIII")


class Kind(IntEnum):
    CALL = 0
    REPLY = 1
    MESSAGE = 2


class Status(IntEnum):
    OK = 0
    ERROR = 1


class Keepalive(IntEnum):
    PING = 1
    PONG = 2


EVENT_SERIAL = 1  # real servers send 1, though the protocol's text says 0


class Header(NamedTuple):
    program: int
    version: int
    procedure: int
    kind: int
    serial: int
    status: int


class BadFrame(Exception):
    """A length that no message has; there is no way to go on reading."""


def message(header: Header, payload: bytes | bytearray = b"") -> bytes:
    """A whole message as it goes over the wire."""
    return _WHOLE.pack(MIN_MESSAGE + len(payload), *header) + payload


def keepalive(procedure: Keepalive) -> bytes:
    return message(Header(KEEPALIVE_PROGRAM, VERSION, procedure, Kind.MESSAGE, 0, Status.OK))


class Splitter:
    """Cuts what arrives into messages.

    Args:
        largest: a length beyond it is refused, in bytes with the length word.
    """

    def __init__(self, largest: int = MAX_MESSAGE) -> None:
        self.largest = largest
        self._buffer = bytearray()

    def __len__(self) -> int:
        """How many bytes wait."""
        return len(self._buffer)

    def feed(self, data: bytes) -> None:
        self._buffer += data

    def next(self) -> tuple[Header, bytes] | None:
        """The next whole message, as its header and payload; None until there is one.

        Raises:
            BadFrame: the stream makes no sense from here on.
        """
        buffer = self._buffer
        if len(buffer) < 4:
            return None
        (length,) = _LENGTH.unpack_from(buffer)
        if not MIN_MESSAGE <= length <= self.largest:
            raise BadFrame(f"a message cannot have {length} bytes")
        if len(buffer) < length:
            return None
        header = Header._make(_HEADER.unpack_from(buffer, 4))
        payload = bytes(buffer[MIN_MESSAGE:length])
        del buffer[:length]
        return header, payload
