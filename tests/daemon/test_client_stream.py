"""A client's stream: all bytes in order, and told when to stop, whatever the client does."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from pasarela.daemon.client_stream import ClientStream

HIGH_WATER = 256 * 1024
LONG = bytes(range(256)) * 8 * 1024  # 2 MiB, more than a socket takes at once


class Seen:
    """What a stream tells."""

    def __init__(self) -> None:
        self.data = b""
        self.told: list[str] = []
        self.fault: Exception | None = None

    def data_received(self, data: bytes) -> None:
        self.data += data
        if self.fault is not None:
            raise self.fault

    def pause_writing(self) -> None:
        self.told.append("full")

    def resume_writing(self) -> None:
        self.told.append("goes on")

    def connection_lost(self) -> None:
        self.told.append("lost")


class Pair:
    """A stream, and the client at its other end."""

    def __init__(self, *, competing: bool) -> None:
        ours, self.client = socket.socketpair()
        ours.setblocking(False)
        self.client.setblocking(False)
        self.socket = ours
        self.seen = Seen()
        self.stream = ClientStream(ours, lambda: competing, HIGH_WATER)
        self.stream.open(self.seen)

    async def reads(self, size: int) -> bytes:
        loop, found = asyncio.get_running_loop(), b""
        while len(found) < size and (part := await loop.sock_recv(self.client, 1 << 16)):
            found += part
        return found


async def until(holds: Callable[[], bool]) -> None:
    while not holds():
        await asyncio.sleep(0.001)


@pytest.fixture(params=[False, True], ids=["alone", "competing"])
def run(
    request: pytest.FixtureRequest,
) -> Callable[[Callable[[Pair], Coroutine[Any, Any, None]]], Seen]:
    """Runs a test with a pair, and closes both ends."""

    def runs(test: Callable[[Pair], Coroutine[Any, Any, None]]) -> Seen:
        async def whole() -> Seen:
            pair = Pair(competing=request.param)
            await test(pair)
            pair.client.close()
            pair.stream.abort()
            await until(lambda: pair.seen.told[-1:] == ["lost"])
            assert pair.socket.fileno() == -1
            return pair.seen

        return asyncio.run(asyncio.wait_for(whole(), 20))

    return runs


Run = Callable[[Callable[[Pair], Coroutine[Any, Any, None]]], Seen]


def test_short_messages_both_ways(run: Run) -> None:
    async def test(pair: Pair) -> None:
        for word in (b"one\0two", b"three"):
            pair.client.send(word)
            pair.stream.write(word[::-1])
            assert await pair.reads(len(word)) == word[::-1]
            await until(lambda word=word: pair.seen.data.endswith(word))  # type: ignore[misc]

    assert run(test).told == ["lost"]


def test_what_is_not_taken_waits_and_the_receiver_is_told(run: Run) -> None:
    async def test(pair: Pair) -> None:
        pair.stream.write(LONG)
        pair.stream.write(b"the end")
        assert pair.seen.told == ["full"] and pair.stream.unsent > HIGH_WATER
        assert await pair.reads(len(LONG) + 7) == LONG + b"the end"
        await until(lambda: pair.seen.told == ["full", "goes on"])
        assert pair.stream.unsent == 0

    run(test)


def test_long_input_comes_in_order(run: Run) -> None:
    async def test(pair: Pair) -> None:
        await asyncio.get_running_loop().sock_sendall(pair.client, LONG)
        await until(lambda: len(pair.seen.data) == len(LONG))

    assert run(test).data == LONG


def test_nothing_is_read_while_paused(run: Run) -> None:
    async def test(pair: Pair) -> None:
        pair.stream.pause_reading()
        pair.client.send(b"patience")
        await asyncio.sleep(0.05)
        assert pair.seen.data == b""
        pair.stream.resume_reading()
        await until(lambda: pair.seen.data == b"patience")

    run(test)


def test_a_client_that_hangs_up_is_lost_once(run: Run) -> None:
    async def test(pair: Pair) -> None:
        pair.client.close()
        await until(lambda: bool(pair.seen.told))
        pair.stream.write(b"too late")
        pair.stream.abort()
        await asyncio.sleep(0.01)

    assert run(test).told == ["lost"]


def test_one_that_has_gone_is_noticed_when_it_is_written_to(run: Run) -> None:
    async def test(pair: Pair) -> None:
        pair.stream.pause_reading()
        pair.client.close()
        pair.stream.write(b"x")
        assert pair.stream.is_closing
        await until(lambda: pair.seen.told == ["lost"])

    run(test)


def test_one_that_goes_while_much_waits(run: Run) -> None:
    async def test(pair: Pair) -> None:
        pair.stream.pause_reading()
        pair.stream.write(LONG)
        pair.client.close()
        await until(lambda: pair.seen.told == ["full", "lost"])

    run(test)


def test_before_hanging_up_all_is_sent(run: Run) -> None:
    async def test(pair: Pair) -> None:
        pair.stream.write(LONG)
        pair.stream.close()
        assert pair.stream.is_closing and "lost" not in pair.seen.told
        assert await pair.reads(len(LONG) + 1) == LONG
        await until(lambda: "lost" in pair.seen.told)

    run(test)


def test_a_surprise_costs_that_client_alone(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    async def test(pair: Pair) -> None:
        pair.seen.fault = RuntimeError("a mistake of ours")
        pair.client.send(b"x")
        await until(lambda: pair.seen.told == ["lost"])

    run(test)
    assert "a client is cut off" in caplog.text and "a mistake of ours" in caplog.text
