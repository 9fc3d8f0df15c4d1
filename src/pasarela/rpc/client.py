"""The client's side of a connection: calls in, bytes out; bytes in, replies and events out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from pasarela.errors import PasarelaError
from pasarela.model.handles import (
    Lifecycle,
    LifecycleEvent,
    MetadataEvent,
    MetadataType,
    NetworkEvent,
)
from pasarela.rpc.errors import ERROR, RpcError, exception_of
from pasarela.rpc.messages import (
    KEEPALIVE_PROGRAM,
    REMOTE_PROGRAM,
    VERSION,
    BadFrame,
    Header,
    Keepalive,
    Kind,
    Splitter,
    Status,
    keepalive,
    message,
)
from pasarela.rpc.procedure import Procedure
from pasarela.rpc.procedures import BY_NAME, LIFECYCLE, METADATA_CHANGE
from pasarela.rpc.xdr import XdrError, to_bytes


class Reply(NamedTuple):
    """What a call has come to: its result's values, or an error."""

    serial: int
    values: tuple[Any, ...]
    error: PasarelaError | None = None


class Happened(NamedTuple):
    """An event for one of the callbacks that were registered."""

    callback: int
    event: NetworkEvent


class ClientProtocol:
    """A connection to a server, without its socket."""

    def __init__(self) -> None:
        self._splitter = Splitter()
        self._serial = 0
        self._calls: dict[int, Procedure] = {}
        self._out: list[bytes] = []

    def call(self, name: str, *arguments: Any) -> int:
        """Prepare a call; its serial number is what the reply will bear.

        Raises:
            RpcError: an argument does not fit.
        """
        procedure = BY_NAME[name]
        try:
            payload = to_bytes(procedure.arguments_type, arguments)
        except XdrError as error:
            raise RpcError(f"Unable to encode message payload: {error}") from None
        serial = self._serial
        self._serial = serial + 1 & 0xFFFFFFFF
        header = Header(REMOTE_PROGRAM, VERSION, procedure.number, Kind.CALL, serial, Status.OK)
        self._calls[serial] = procedure
        self._out.append(message(header, payload))
        return serial

    def take_bytes(self) -> bytes:
        """What is to be sent."""
        out = b"".join(self._out)
        self._out.clear()
        return out

    def receive(self, data: bytes) -> Iterator[Reply | Happened]:
        """Take bytes in; what they bring comes out.

        Raises:
            RpcError: the server does not keep to the protocol.
        """
        self._splitter.feed(data)
        while (found := self._next()) is not None:
            taken = self._take(*found)
            if taken is not None:
                yield taken

    def _next(self) -> tuple[Header, bytes] | None:
        try:
            return self._splitter.next()
        except BadFrame as error:
            raise RpcError(str(error)) from None

    def _take(self, header: Header, payload: bytes) -> Reply | Happened | None:
        if header.program == KEEPALIVE_PROGRAM:
            if header.procedure == Keepalive.PING:
                self._out.append(keepalive(Keepalive.PONG))
            return None
        try:
            if header.kind == Kind.REPLY:
                return self._reply(header, payload)
            return _happened(header, payload) if header.kind == Kind.MESSAGE else None
        except XdrError as error:
            raise RpcError(f"Unable to decode message payload: {error}") from None

    def _reply(self, header: Header, payload: bytes) -> Reply:
        procedure = self._calls.pop(header.serial, None)
        if procedure is None or procedure.number != header.procedure:
            raise RpcError(f"a reply to no call: serial {header.serial}")
        if header.status != Status.OK:
            return Reply(header.serial, (), exception_of(ERROR.decode(payload, 0)[0]))
        return Reply(header.serial, procedure.result_type.decode(payload, 0)[0])


def _happened(header: Header, payload: bytes) -> Happened | None:
    """An event of a kind that we know; others are none of ours."""
    try:
        if header.procedure == LIFECYCLE.number:
            callback, network, event, _ = LIFECYCLE.type.decode(payload, 0)[0]
            return Happened(callback, LifecycleEvent(network, Lifecycle(event)))
        if header.procedure == METADATA_CHANGE.number:
            callback, network, kind, uri = METADATA_CHANGE.type.decode(payload, 0)[0]
            return Happened(callback, MetadataEvent(network, MetadataType(kind), uri))
    except ValueError as error:
        raise XdrError(str(error)) from None
    return None
