"""The worker: jobs in order, outcomes in the event loop, and an end that leaves nobody waiting."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from functools import partial

import pytest

from pasarela.daemon.worker import Outcome, Stopped, Worker

SECONDS = 10.0


def in_loop(test: Callable[[], object]) -> None:
    """Run what is a coroutine function."""
    asyncio.run(asyncio.wait_for(test(), SECONDS))


async def all_done(worker: Worker) -> None:
    """Wait for all that it has been given, and end it."""
    reached = asyncio.get_running_loop().create_future()
    worker.submit(lambda: None, reached.set_result)
    await reached
    await worker.close()


def test_jobs_are_done_in_order_in_one_other_thread():
    async def test() -> None:
        worker, outcomes = Worker("changes"), []
        for number in range(100):
            worker.submit(lambda number=number: (number, threading.get_ident()), outcomes.append)
        await all_done(worker)
        assert [outcome.value[0] for outcome in outcomes] == list(range(100))
        (thread,) = {outcome.value[1] for outcome in outcomes}
        assert thread != threading.get_ident()

    in_loop(test)


def test_outcomes_are_told_in_the_event_loop():
    async def test() -> None:
        worker, told = Worker("changes"), asyncio.get_running_loop().create_future()
        worker.submit(lambda: None, lambda _: told.set_result(threading.get_ident()))
        assert await told == threading.get_ident()
        await worker.close()

    in_loop(test)


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3)])
def test_a_job_that_fails_does_not_stop_those_after_it(error: BaseException):
    def fail() -> None:
        raise error

    async def test() -> None:
        worker, outcomes = Worker("changes"), []
        worker.submit(fail, outcomes.append)
        worker.submit(lambda: 1, outcomes.append)
        await all_done(worker)
        assert outcomes == [Outcome(error=error), Outcome(1)]

    in_loop(test)


def test_at_the_end_what_is_begun_is_finished_and_the_rest_is_not_begun():
    async def test() -> None:
        worker, outcomes = Worker("changes"), {}
        begun, enough = threading.Event(), threading.Event()

        def work() -> int:
            begun.set()
            return int(enough.wait(SECONDS))

        worker.submit(work, partial(outcomes.__setitem__, "first"))
        worker.submit(lambda: 2, partial(outcomes.__setitem__, "second"))
        assert await asyncio.to_thread(begun.wait, SECONDS)
        closing = asyncio.create_task(worker.close())
        await asyncio.sleep(0)
        worker.submit(lambda: 3, partial(outcomes.__setitem__, "late"))
        enough.set()
        await closing
        assert outcomes["first"] == Outcome(1)
        assert isinstance(outcomes["second"].error, Stopped)
        assert isinstance(outcomes["late"].error, Stopped)

    in_loop(test)


def test_without_a_job_there_is_no_thread():
    async def test() -> None:
        worker = Worker("never")
        assert "never" not in {thread.name for thread in threading.enumerate()}
        await worker.close()

    in_loop(test)
