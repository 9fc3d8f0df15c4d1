"""One client's connection: the protocol on one side, its socket on the other."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pasarela.errors import PasarelaError
from pasarela.model.handles import NetworkEvent
from pasarela.rpc.server import Call, ServerProtocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pasarela.daemon.client_stream import ClientStream
    from pasarela.daemon.service import Service

# Beyond the first of these a client gets no more answers until it has read, beyond the second,
# which only events can reach, it is given up.
HIGH_WATER = 256 * 1024
MAX_UNSENT = 16 * 1024 * 1024

OPENING_SECONDS = 30.0  # in which a client must have opened its connection
STUCK_SECONDS = 30.0  # in which it must have read something of what it was sent


class Peer:
    """Feeds the protocol, and keeps what a client can make us hold within bounds.

    Args:
        stream: is opened by this.
        refusal: why the client may not come in, if it may not.
    """

    def __init__(
        self,
        service: Service,
        driver: str,
        stream: ClientStream,
        *,
        readonly: bool,
        refusal: str | None,
    ) -> None:
        self.readonly = readonly
        self.protocol = ServerProtocol(service.services[driver], readonly=readonly, refusal=refusal)
        self._service = service
        self._stream = stream
        self._loop = asyncio.get_running_loop()
        self._since = self._loop.time()
        self._paused = False
        self._stuck_since: float | None = None
        self._unsent = 0
        self._held = 0  # bytes of input, as the service knows of them
        self.owed = 0  # and of answers that have not been read
        service.peers.add(self)
        stream.open(self)

    # the stream's side

    def connection_lost(self) -> None:
        self._service.peers.discard(self)
        self._hold(0)
        self._owe(0)
        self._service.lost(self.readonly)

    def data_received(self, data: bytes) -> None:
        answers = self._service.answers
        if not (answers.are_for(data) and self._is_at_rest()):
            self._handle(self.protocol.receive(data))
            if not self._service.may_hold(self):
                self.drop()
            return
        known = answers.find(data)
        if known is not None:
            self.protocol.note_life()
            self._write(known)
        else:
            answers.keep(data, self._handle(self.protocol.receive(data)))

    def pause_writing(self) -> None:
        self._stuck_since = self._loop.time()
        self._unsent = self._stream.unsent
        self._set_paused()

    def resume_writing(self) -> None:
        self._stuck_since = None
        self._owe(self._stream.unsent)
        self._handle(self.protocol.resume())

    # the service's side

    def reply(self, call: Call, values: tuple[object, ...]) -> None:
        """Answer a call whose answer took its time."""
        self.protocol.reply(call, values)
        self._handle(self.protocol.resume())

    def fail(self, call: Call, error: PasarelaError) -> None:
        self.protocol.fail(call, error)
        self._handle(self.protocol.resume())

    def announce(self, event: NetworkEvent) -> None:
        self.protocol.announce(event)
        self._flush()

    def tick(self, now: float, *, ask: bool) -> None:
        """Every few seconds: ask whether the client is alive, and give up one that is not."""
        if ask:
            self.protocol.ping()
            self._flush()
        self._owe(self._stream.unsent)
        if self._is_stuck(now) or (
            not self.protocol.state.opened and now - self._since > OPENING_SECONDS
        ):
            self.drop()

    def drop(self) -> None:
        self._stream.abort()

    def close(self) -> None:
        """Send what there is, then hang up."""
        self._flush()
        self._stream.close()

    # within

    def _is_at_rest(self) -> bool:
        """Open, and everything that it has said is answered, but perhaps for changes."""
        protocol = self.protocol
        return (
            protocol.state.opened
            and not protocol.waiting
            and not protocol.closing
            and not self._paused
        )

    def _handle(self, calls: Iterable[Call]) -> bytes:
        """Answer calls; what has been sent last.

        Many small questions may have come in one piece, so answers go out as they add up.
        """
        for call in calls:
            self._service.serve(self, call)
            if self.protocol.unsent > HIGH_WATER:
                self._flush()
            if self._stuck_since is not None or self._stream.is_closing:
                break
        sent = self._flush()
        self._set_paused()
        if self._held != self.protocol.waiting and not self._stream.is_closing:
            self._hold(self.protocol.waiting)
        return sent

    def _write(self, data: bytes) -> None:
        self._stream.write(data)
        unsent = self._stream.unsent
        if unsent != self.owed and not self._stream.is_closing:
            self._owe(unsent)
            if unsent > MAX_UNSENT or not self._service.may_owe(self):
                self.drop()

    def _owe(self, unsent: int) -> None:
        self._service.owed[self.readonly] += unsent - self.owed
        self.owed = unsent

    def _hold(self, waiting: int) -> None:
        self._service.held[self.readonly] += waiting - self._held
        self._held = waiting

    def _flush(self) -> bytes:
        if self._stream.is_closing:
            return b""
        data = self.protocol.take_bytes()
        if data:
            self._write(data)
        if self.protocol.closing:
            self._stream.close()
        return data

    def _set_paused(self) -> None:
        """Leave a client's input in its socket while it has enough to wait for."""
        if self._stream.is_closing:
            return
        wanted = self.protocol.is_full or self._stuck_since is not None
        if wanted and not self._paused:
            self._stream.pause_reading()
        elif self._paused and not wanted:
            self._stream.resume_reading()
        self._paused = wanted

    def _is_stuck(self, now: float) -> bool:
        if self._stuck_since is None:
            return False
        unsent = self._stream.unsent
        if unsent < self._unsent:
            self._stuck_since, self._unsent = now, unsent
        return now - self._stuck_since > STUCK_SECONDS
