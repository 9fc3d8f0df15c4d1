"""The thread that makes changes, one after the other.

A queue and one wake-up of the event loop for each job: an executor's futures, with their locks and
a wake-up for each callback, take a third as long as the fastest changes.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

from pasarela.daemon.scheduling import come_second


class Outcome(NamedTuple):
    """What has become of a job: its value, or why it has none."""

    value: Any = None
    error: BaseException | None = None


class Stopped(Exception):
    """The job has not been begun, and will not be."""


Job = Callable[[], Any]
Done = Callable[[Outcome], None]


class Worker:
    """Does jobs in order, and tells of each in the event loop; there is no thread before the first.

    Args:
        name: the thread's.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._loop = asyncio.get_running_loop()
        self._jobs: SimpleQueue[tuple[Job, Done] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._closed = False

    def submit(self, job: Job, done: Done) -> None:
        """Have a job done after all those before it; ``done`` is called in the event loop."""
        if self._closed:
            self._loop.call_soon(done, Outcome(error=Stopped()))
            return
        self._jobs.put((job, done))
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name=self._name)
            self._thread.start()

    async def close(self) -> None:
        """Let it finish what it has begun; the outcome of the rest is ``Stopped``.

        All have been told of when this returns.
        """
        self._closed = True
        for _, done in self._left():
            done(Outcome(error=Stopped()))
        if self._thread is not None:
            self._jobs.put(None)
            await asyncio.to_thread(self._thread.join)
        await asyncio.sleep(0)  # what it had to tell last

    def _left(self) -> list[tuple[Job, Done]]:
        left = []
        try:
            while (found := self._jobs.get_nowait()) is not None:
                left.append(found)
        except Empty:
            pass
        return left

    def _work(self) -> None:
        come_second()
        while (found := self._jobs.get()) is not None:
            job, done = found
            self._loop.call_soon_threadsafe(done, _outcome(job))


def _outcome(job: Job) -> Outcome:
    try:
        return Outcome(job())
    except BaseException as error:  # noqa: BLE001  the daemon's boundary
        return Outcome(error=error)
