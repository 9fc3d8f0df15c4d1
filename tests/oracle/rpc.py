"""A tiny client of libvirt's wire protocol, for the real daemon: one call at a time, no events.

It shares nothing with Pasarela on purpose, so that it can judge it.
"""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass
from enum import IntEnum
from types import TracebackType
from uuid import UUID

PROGRAM = 0x20008086
HEADER = struct.Struct(">IIiIII")
REPLY, OK = 1, 0
CALL_SECONDS = 60.0


class Procedure(IntEnum):
    CONNECT_OPEN = 1
    CONNECT_CLOSE = 2
    NETWORK_CREATE = 39
    NETWORK_CREATE_XML = 40
    NETWORK_DEFINE_XML = 41
    NETWORK_DESTROY = 42
    NETWORK_GET_XML_DESC = 43
    NETWORK_GET_AUTOSTART = 44
    NETWORK_LOOKUP_BY_NAME = 46
    NETWORK_SET_AUTOSTART = 48
    NETWORK_UNDEFINE = 49
    AUTH_LIST = 66
    INTERFACE_LOOKUP_BY_NAME = 128
    INTERFACE_LOOKUP_BY_MAC_STRING = 129
    INTERFACE_GET_XML_DESC = 130
    NETWORK_IS_ACTIVE = 152
    NETWORK_IS_PERSISTENT = 153
    INTERFACE_IS_ACTIVE = 156
    CONNECT_LIST_ALL_NETWORKS = 283
    CONNECT_LIST_ALL_INTERFACES = 284
    NETWORK_UPDATE = 291
    NETWORK_LIST_ALL_PORTS = 404
    NETWORK_PORT_LOOKUP_BY_UUID = 405
    NETWORK_PORT_CREATE_XML = 406
    NETWORK_PORT_SET_PARAMETERS = 408
    NETWORK_PORT_GET_XML_DESC = 409
    NETWORK_PORT_DELETE = 410
    NETWORK_DEFINE_XML_FLAGS = 432
    NETWORK_CREATE_XML_FLAGS = 437


class OracleError(Exception):
    """What the real libvirt answered: code, domain and the full message."""

    def __init__(self, code: int, domain: int, message: str, int1: int = -1) -> None:
        super().__init__(f"{code}/{domain} {message}")
        self.code = code
        self.domain = domain
        self.message = message
        self.int1 = int1


@dataclass(frozen=True, slots=True)
class Handle:
    """A network on the wire."""

    name: str
    uuid: UUID

    def pack(self) -> bytes:
        return pack_string(self.name) + self.uuid.bytes


@dataclass(frozen=True, slots=True)
class Interface:
    name: str
    mac: str

    def pack(self) -> bytes:
        return pack_string(self.name) + pack_string(self.mac)


def pack_string(text: str | bytes) -> bytes:
    data = text.encode(errors="surrogateescape") if isinstance(text, str) else text
    return struct.pack(">I", len(data)) + data + bytes(-len(data) % 4)


def pack_optional(text: str | None) -> bytes:
    return struct.pack(">I", 0) if text is None else struct.pack(">I", 1) + pack_string(text)


def pack_numbers(*numbers: int) -> bytes:
    return b"".join(struct.pack(">I", number & 0xFFFFFFFF) for number in numbers)


class Reader:
    """XDR, from the front."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> bytes:
        piece = self._data[self._at : self._at + count]
        self._at += count
        return piece

    def number(self) -> int:
        value: int = struct.unpack(">i", self.take(4))[0]
        return value

    def string(self) -> str:
        count = self.number()
        piece = self.take(count)
        self.take(-count % 4)
        return piece.decode(errors="surrogateescape")

    def optional(self) -> str | None:
        return self.string() if self.number() else None

    def uuid(self) -> UUID:
        return UUID(bytes=self.take(16))

    def handle(self) -> Handle:
        return Handle(self.string(), self.uuid())

    def interface(self) -> Interface:
        return Interface(self.string(), self.string())


class RpcClient:
    """An open connection to the daemon, authenticated and opened.

    ``unasked`` has the messages that were no replies: their procedures' numbers and payloads.
    """

    def __init__(self, path: str, uri: str = "qemu:///system") -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(CALL_SECONDS)
        self._socket.connect(path)
        self._serial = 0
        self.unasked: list[tuple[int, bytes]] = []
        self.call(Procedure.AUTH_LIST)
        self.call(Procedure.CONNECT_OPEN, pack_optional(uri) + pack_numbers(0))

    def __enter__(self) -> RpcClient:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def call(self, procedure: int, arguments: bytes = b"") -> Reader:
        """One call and its reply.

        Raises:
            OracleError: the daemon refused.
        """
        header = HEADER.pack(PROGRAM, 1, procedure, 0, self._serial, 0)
        self._serial += 1
        self._socket.sendall(struct.pack(">I", 28 + len(arguments)) + header + arguments)
        return self._reply(self._serial - 1)

    def _reply(self, serial: int) -> Reader:
        while True:
            (length,) = struct.unpack(">I", self._receive(4))
            body = self._receive(length - 4)
            _, _, procedure, kind, number, status = HEADER.unpack(body[:24])
            if (kind, number) != (REPLY, serial):
                self.unasked.append((procedure, body[24:]))  # an event or a keepalive
                continue
            reader = Reader(body[24:])
            if status != OK:
                raise _error(reader)
            return reader

    def _receive(self, count: int) -> bytes:
        data = bytearray()
        while len(data) < count:
            piece = self._socket.recv(count - len(data))
            if not piece:
                raise ConnectionError("the daemon closed the connection")
            data += piece
        return bytes(data)


def _error(reader: Reader) -> OracleError:
    code, domain, message = reader.number(), reader.number(), reader.optional()
    reader.number()  # level
    if reader.number():  # a domain: name, uuid, id
        reader.string(), reader.take(20)
    reader.optional(), reader.optional(), reader.optional()
    return OracleError(code, domain, message or "", reader.number())
