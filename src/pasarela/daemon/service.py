"""Serving all clients: reads at once, in the event loop; changes in one thread, in order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any

from pasarela.daemon.answers import Answers
from pasarela.daemon.calls import HANDLERS, Handler
from pasarela.daemon.lease_cache import LeaseCache
from pasarela.daemon.peer import Peer
from pasarela.daemon.served import ServedEngine
from pasarela.daemon.worker import Done, Job, Outcome, Stopped, Worker
from pasarela.errors import InternalError, NotSupportedByDriver, PasarelaError
from pasarela.model.handles import NetworkEvent
from pasarela.rpc.messages import MAX_MESSAGE
from pasarela.rpc.server import Call
from pasarela.rpc.session import Limits, Services

log = logging.getLogger(__name__)

# Input that waits for the rest of its message, and answers that nobody reads: what one client may
# make us hold of either beside others, and what all clients of a kind of socket may together.
SMALL = 16 * 1024
MAX_HELD = 4 * MAX_MESSAGE
HOUSEKEEPING_SECONDS = 5.0  # between two looks at clients where keepalive is turned off


class Service:
    """The clients of one daemon, and what they share.

    Args:
        leases: what the engine reads leases by.
        lost: called whenever a client has gone; with whether it might only look.
        changed: called whenever a change has ended.
        limits: how much each client is allowed.
    """

    def __init__(
        self,
        engine: ServedEngine,
        leases: LeaseCache,
        lost: Callable[[bool], None],
        changed: Callable[[], None],
        limits: Limits,
    ) -> None:
        self.engine = engine
        self.answers = Answers(leases, engine.views)
        ids = count()
        self.services = {
            driver: Services(driver, callback_ids=ids, limits=limits)
            for driver in ("network", "interface")
        }
        self.lost = lost
        self._changed = changed
        self.peers: set[Peer] = set()
        # Bytes of input, and of answers unread, of those who may change and those who may not.
        self.held = {False: 0, True: 0}
        self.owed = {False: 0, True: 0}
        self._loop = asyncio.get_running_loop()
        self._worker = Worker("changes")

    def serve(self, peer: Peer, call: Call) -> None:
        """Answer a call, now or when the worker has come to it."""
        handler = HANDLERS.get(call.procedure.number)
        if handler is None:
            procedure = call.procedure
            error = NotSupportedByDriver(procedure.api, domain=procedure.family.domain)
            peer.protocol.fail(call, error)
        elif call.procedure.writes:
            self._change(peer, call, handler)
        else:
            self._read(peer, call, handler)

    def work(self, job: Job) -> asyncio.Future[Any]:
        """Have the worker do something, after all that it has been given before."""
        future: asyncio.Future[Any] = self._loop.create_future()
        self._submit(job, partial(_settle, future))
        return future

    def is_changing(self) -> bool:
        """Whether the worker has something to do."""
        return self.answers.are_changing()

    def announce(self, event: NetworkEvent) -> None:
        """Tell everybody of an event; from any thread."""
        self._loop.call_soon_threadsafe(self._announce, event)

    def may_hold(self, peer: Peer) -> bool:
        """Whether a client's unfinished input still finds room.

        Those who may only look, anybody, cannot take it away from those who may change networks.
        """
        return peer.protocol.waiting <= SMALL or self.held[peer.readonly] <= MAX_HELD

    def may_owe(self, peer: Peer) -> bool:
        """Whether what a client has not read yet still finds room, likewise."""
        return peer.owed <= SMALL or self.owed[peer.readonly] <= MAX_HELD

    async def tick_forever(self, seconds: float) -> None:
        """See to all clients every so many seconds; if not above 0, they are asked nothing."""
        while True:
            await asyncio.sleep(seconds if seconds > 0 else HOUSEKEEPING_SECONDS)
            now = self._loop.time()
            for peer in tuple(self.peers):
                peer.tick(now, ask=seconds > 0)

    def is_idle(self) -> bool:
        """Nobody is connected, and nothing is being done."""
        return not self.peers and not self.is_changing()

    async def close(self) -> None:
        """Let the worker finish what it has begun, answer it, and hang up on everybody."""
        await self._worker.close()
        for peer in tuple(self.peers):
            peer.close()

    def _read(self, peer: Peer, call: Call, handler: Handler) -> None:
        try:
            values = handler(self.engine, *call.arguments)
        except PasarelaError as error:
            peer.protocol.fail(call, error)
        except Exception as error:  # noqa: BLE001  the daemon's boundary
            peer.protocol.fail(call, surprise(call, error))
        else:
            peer.protocol.reply(call, values)

    def _change(self, peer: Peer, call: Call, handler: Handler) -> None:
        job = partial(handler, self.engine, *call.arguments)
        self._submit(job, partial(self._finish, peer, call))

    def _submit(self, job: Job, done: Done) -> None:
        self.answers.change_begins()
        self._worker.submit(job, partial(self._ended, done))

    def _ended(self, done: Done, outcome: Outcome) -> None:
        self.answers.change_ends()
        done(outcome)
        self._changed()

    def _finish(self, peer: Peer, call: Call, outcome: Outcome) -> None:
        error = outcome.error
        if error is None:
            peer.reply(call, outcome.value)
        elif isinstance(error, Stopped):
            peer.fail(call, InternalError("the daemon is being stopped"))
        elif isinstance(error, PasarelaError):
            peer.fail(call, error)
        else:
            peer.fail(call, surprise(call, error))
        for warning in self.engine.take_warnings():
            log.warning("%s", warning)

    def _announce(self, event: NetworkEvent) -> None:
        for peer in tuple(self.peers):
            peer.announce(event)


def _settle(future: asyncio.Future[Any], outcome: Outcome) -> None:
    if future.cancelled():
        return
    if outcome.error is None:
        future.set_result(outcome.value)
    elif isinstance(outcome.error, Stopped):
        future.cancel()
    else:
        future.set_exception(outcome.error)


def surprise(call: Call, error: BaseException) -> InternalError:
    """What nobody foresaw: in full to the log, in a line to the client."""
    log.error("%s failed", call.procedure.api, exc_info=error)
    return InternalError(
        f"{type(error).__name__}: {error}",
        domain=call.procedure.family.domain,
        remedy="this is a mistake in Pasarela; pasarelad's log says where",
    )
