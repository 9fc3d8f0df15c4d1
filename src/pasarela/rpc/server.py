"""The server's side of one connection: bytes in, calls out; replies and events in, bytes out.

What needs no driver (authentication, opening, features, callbacks, keepalive, every refusal of the
protocol itself) is answered here; other calls are handed on, and answered with reply() or fail().
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from pasarela.errors import NotSupportedByDriver, PasarelaError, ReadOnly
from pasarela.model.handles import LifecycleEvent, NetworkEvent
from pasarela.rpc.errors import ERROR, NotOpen, RpcError, reply_of
from pasarela.rpc.messages import (
    EVENT_SERIAL,
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
from pasarela.rpc.others import other_procedure
from pasarela.rpc.procedure import Event, Family, Procedure
from pasarela.rpc.procedures import BY_NUMBER, LIFECYCLE, METADATA_CHANGE
from pasarela.rpc.session import Services, SessionState
from pasarela.rpc.xdr import XdrError, to_bytes


class Call(NamedTuple):
    """A call that a driver shall answer."""

    procedure: Procedure
    serial: int
    arguments: tuple[Any, ...]


class ServerProtocol:
    """One client's connection, without its socket.

    Args:
        services: what the server is, the same for all its clients.
        readonly: the client came through the read-only socket.
        refusal: why the client may not come in at all, as it is told.
    """

    def __init__(
        self, services: Services, *, readonly: bool = False, refusal: str | None = None
    ) -> None:
        self.state = SessionState(services, readonly=readonly, refusal=refusal)
        self.closing = False
        self._splitter = Splitter()
        self._unanswered = 0
        self._limits = services.limits
        self._silent_pings = 0
        self._out: list[bytes] = []
        self.unsent = 0  # bytes that take_bytes has not taken

    # what comes in

    def receive(self, data: bytes) -> Iterator[Call]:
        """Take bytes in; the calls that a driver shall answer come out, one when asked for one.

        Stops at as many as may wait; ``resume`` goes on once some have been answered.
        """
        self.note_life()
        self._splitter.feed(data)
        return self.resume()

    def resume(self) -> Iterator[Call]:
        try:
            while not self.closing and not self.is_full:
                found = self._splitter.next()
                if found is None:
                    return
                call = self._take(*found)
                if call is not None:
                    yield call
        except BadFrame:
            self.closing = True

    @property
    def is_full(self) -> bool:
        """Nothing more is read from this client until it has had an answer."""
        return self._unanswered >= self._limits.unanswered

    @property
    def waiting(self) -> int:
        """How many bytes have come in and have not been looked at."""
        return len(self._splitter)

    # what goes out

    def take_bytes(self) -> bytes:
        """What is to be sent."""
        out = b"".join(self._out)
        self._out.clear()
        self.unsent = 0
        return out

    def reply(self, call: Call, values: tuple[Any, ...] = ()) -> None:
        """Answer a call.

        A result that the protocol cannot carry becomes an error.
        """
        self._unanswered -= 1
        try:
            payload = to_bytes(call.procedure.result_type, values)
        except XdrError as error:
            self._refuse(_header_of(call), RpcError(f"Unable to encode message payload: {error}"))
        else:
            self._send(_header_of(call), payload)

    def fail(self, call: Call, error: PasarelaError) -> None:
        self._unanswered -= 1
        self._refuse(_header_of(call), error)

    def announce(self, event: NetworkEvent) -> None:
        """Tell the client of an event, once for each callback of its that wants it."""
        for number, subscription in self.state.subscriptions.items():
            if subscription.wants(event):
                self._send_event(*_event_message(number, event))

    def ping(self) -> None:
        """Called every few seconds: asks a client that is silent whether it is alive.

        Only clients that have asked for keepalive are asked; one that never answers is closed. But
        nobody is asked while nothing is read, nor blamed for what waits unread in the socket.
        """
        if not self.state.keepalive or self.is_full:
            return
        if self._silent_pings >= max(self._limits.silent_pings, 1):
            self.closing = True
            return
        self._silent_pings += 1
        if self._limits.silent_pings:
            self._put(keepalive(Keepalive.PING))

    def note_life(self) -> None:
        """The client has said something, whatever it was."""
        self._silent_pings = 0

    # one message

    def _take(self, header: Header, payload: bytes) -> Call | None:
        if (header.program, header.version, header.kind) == _KEEPALIVE:
            self._answer_ping(header)
            return None
        if header.kind != Kind.CALL:
            return None  # libvirt drops them without a word, too
        try:
            procedure = _procedure(header)
            self._check_authenticated(procedure)
            arguments = _arguments(procedure, payload)
            own = _OWN.get(procedure.name)
            if own is None:
                self._check_allowed(procedure)
        except PasarelaError as error:
            self._refuse(header, error)
            return None
        if own is not None:
            self._answer(header, procedure, own, arguments)
            return None
        self._unanswered += 1
        return Call(procedure, header.serial, arguments)

    def _answer_ping(self, header: Header) -> None:
        if header.procedure == Keepalive.PING:
            self._put(keepalive(Keepalive.PONG))

    def _check_authenticated(self, procedure: Procedure) -> None:
        if not self.state.authenticated and procedure.family is not Family.AUTH:
            raise RpcError("authentication required")

    def _check_allowed(self, procedure: Procedure) -> None:
        if not self.state.opened:
            raise not_open(procedure)
        if procedure.writes and self.state.readonly:
            raise ReadOnly(
                f"read only access prevents {procedure.api}", domain=procedure.family.domain
            )
        if not procedure.supported:
            raise NotSupportedByDriver(procedure.api, domain=procedure.family.domain)

    def _answer(
        self,
        header: Header,
        procedure: Procedure,
        own: Callable[..., tuple[Any, ...]],
        arguments: tuple[Any, ...],
    ) -> None:
        try:
            values = own(self.state, *arguments)
        except PasarelaError as error:
            self._refuse(header, error)
        else:
            self._send(_reply_header(header), to_bytes(procedure.result_type, values))
        if self.state.closed:
            self.closing = True

    def _refuse(self, header: Header, error: PasarelaError) -> None:
        payload = to_bytes(ERROR, reply_of(error))
        self._send(header._replace(kind=Kind.REPLY, status=Status.ERROR), payload)

    def _send_event(self, event: Event, values: tuple[Any, ...]) -> None:
        header = Header(
            REMOTE_PROGRAM, VERSION, event.number, Kind.MESSAGE, EVENT_SERIAL, Status.OK
        )
        self._put(message(header, to_bytes(event.type, values)))

    def _send(self, header: Header, payload: bytes) -> None:
        self._put(message(header, payload))

    def _put(self, data: bytes) -> None:
        self._out.append(data)
        self.unsent += len(data)


_KEEPALIVE = (KEEPALIVE_PROGRAM, VERSION, Kind.MESSAGE)

_OWN: dict[str, Callable[..., tuple[Any, ...]]] = {
    "auth_list": SessionState.list_auth,
    "auth_sasl_init": SessionState.refuse_auth,
    "auth_sasl_start": SessionState.refuse_auth,
    "auth_sasl_step": SessionState.refuse_auth,
    "auth_polkit": SessionState.refuse_auth,
    "open": SessionState.open,
    "close": SessionState.close,
    "supports_feature": SessionState.supports,
    "get_type": SessionState.type,
    "get_uri": SessionState.uri,
    "is_secure": SessionState.is_secure,
    "get_lib_version": SessionState.lib_version,
    "register_close_callback": SessionState.watch_close,
    "unregister_close_callback": SessionState.watch_close,
    "set_identity": SessionState.set_identity,
    "register_event": SessionState.register_event,
    "deregister_event": SessionState.deregister_event,
}


def _event_message(number: int, event: NetworkEvent) -> tuple[Event, tuple[Any, ...]]:
    if isinstance(event, LifecycleEvent):
        return LIFECYCLE, (number, event.network, int(event.event), 0)
    return METADATA_CHANGE, (number, event.network, int(event.type), event.uri)


_HYPERVISORS = (Family.CONNECTION, Family.SNAPSHOT, Family.CHECKPOINT)


def not_open(procedure: Procedure) -> NotOpen:
    prefix = "hypervisor " if procedure.family in _HYPERVISORS else ""
    return NotOpen(f"{prefix}connection not open")


def _procedure(header: Header) -> Procedure:
    if (header.program, header.version) != (REMOTE_PROGRAM, VERSION):
        raise RpcError(f"Cannot find program {header.program} version {header.version}")
    if header.status != Status.OK:
        raise RpcError(f"Unexpected message status {header.status}")
    procedure = BY_NUMBER.get(header.procedure) or other_procedure(header.procedure)
    if procedure is None:
        # Clients look for these very words, and fall back to older calls.
        raise RpcError(f"unknown procedure: {header.procedure}")
    return procedure


def _arguments(procedure: Procedure, payload: bytes) -> tuple[Any, ...]:
    try:
        arguments: tuple[Any, ...] = procedure.arguments_type.decode(payload, 0)[0]
    except XdrError:
        raise RpcError("Unable to decode message payload") from None
    return arguments


def _reply_header(header: Header) -> Header:
    return header._replace(kind=Kind.REPLY, status=Status.OK)


def _header_of(call: Call) -> Header:
    return Header(
        REMOTE_PROGRAM, VERSION, call.procedure.number, Kind.REPLY, call.serial, Status.OK
    )
