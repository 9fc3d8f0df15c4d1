"""Both sides of the protocol, wired together in memory."""

from __future__ import annotations

import struct
from typing import Any

from oracle.rpc import Reader, pack_numbers, pack_optional
from pasarela.rpc.messages import REMOTE_PROGRAM, VERSION, Header, Kind, Splitter, Status, message
from pasarela.rpc.server import Call, ServerProtocol
from pasarela.rpc.session import Services


def call_bytes(
    procedure: int,
    arguments: bytes = b"",
    *,
    program: int = REMOTE_PROGRAM,
    version: int = VERSION,
    kind: int = Kind.CALL,
    serial: int = 0,
    status: int = Status.OK,
) -> bytes:
    return message(Header(program, version, procedure, kind, serial, status), arguments)


class Peer:
    """A server's side that is fed by hand."""

    def __init__(
        self,
        *,
        readonly: bool = False,
        services: Services | None = None,
        refusal: str | None = None,
    ) -> None:
        self.server = ServerProtocol(services or Services(), readonly=readonly, refusal=refusal)
        self._splitter = Splitter()

    def opened(self, uri: str = "network:///system", flags: int = 0) -> Peer:
        self.say(call_bytes(66))
        self.say(call_bytes(1, pack_optional(uri) + pack_numbers(flags)))
        for header, _ in self.heard():
            assert header.status == Status.OK
        return self

    def say(self, data: bytes) -> list[Call]:
        return list(self.server.receive(data))

    def heard(self) -> list[tuple[Header, bytes]]:
        self._splitter.feed(self.server.take_bytes())
        found = []
        while (one := self._splitter.next()) is not None:
            found.append(one)
        return found

    def ask(self, procedure: int, arguments: bytes = b"", **header: Any) -> tuple[Header, Reader]:
        """Say one call that the protocol answers itself, and hear the answer."""
        assert self.say(call_bytes(procedure, arguments, **header)) == []
        ((found, payload),) = self.heard()
        return found, Reader(payload)

    def refusal(
        self, procedure: int, arguments: bytes = b"", **header: Any
    ) -> tuple[int, int, str]:
        """The code, domain and message that a call is refused with."""
        found, reader = self.ask(procedure, arguments, **header)
        assert found.status == Status.ERROR
        return reader.number(), reader.number(), reader.optional() or ""


def length_word(value: int) -> bytes:
    return struct.pack(">I", value)
