"""The socket that keeps the interpreter's lock: the same as any other, to whoever uses it."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from pasarela.daemon.client_socket import AT_ONCE, ClientSocket


@pytest.fixture(params=[False, True], ids=["alone", "competing"])
def pair(request: pytest.FixtureRequest) -> Iterator[tuple[ClientSocket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ClientSocket(ours, lambda: request.param) as wrapped, theirs:
        theirs.settimeout(10)
        yield wrapped, theirs


def test_it_takes_the_descriptor_over():
    ours, theirs = socket.socketpair()
    number = ours.fileno()
    with theirs, ClientSocket(ours, lambda: True) as wrapped:
        assert (wrapped.fileno(), ours.fileno()) == (number, -1)
        assert not wrapped.getblocking()


def test_what_is_sent_arrives(pair: tuple[ClientSocket, socket.socket]):
    ours, theirs = pair
    assert ours.send(b"one\0two") == 7
    assert theirs.recv(100) == b"one\0two"
    assert ours.send(bytearray(b"three")) == 5  # asyncio's, when the client has not read
    assert theirs.recv(100) == b"three"


def test_what_arrives_is_received_as_far_as_asked_for(pair: tuple[ClientSocket, socket.socket]):
    ours, theirs = pair
    theirs.sendall(b"one\0two")
    assert [ours.recv(5), ours.recv(1 << 18)] == [b"one\0t", b"wo"]


def test_nothing_to_receive_is_no_end(pair: tuple[ClientSocket, socket.socket]):
    ours, theirs = pair
    with pytest.raises(BlockingIOError):
        ours.recv(100)
    theirs.close()
    assert ours.recv(100) == b""


def test_no_room_and_nobody_there_are_told_apart(pair: tuple[ClientSocket, socket.socket]):
    ours, theirs = pair
    data = bytes(AT_ONCE)
    with pytest.raises(BlockingIOError):
        for _ in range(1000):
            ours.send(data)
    theirs.close()
    with pytest.raises(BrokenPipeError):
        ours.send(b"x")


@pytest.mark.parametrize("size", [AT_ONCE, AT_ONCE + 1])
def test_long_messages_go_out_in_parts(pair: tuple[ClientSocket, socket.socket], size: int):
    ours, theirs = pair
    data = bytes(range(256)) * (size // 256 + 1)
    sent = ours.send(data[:size])
    assert theirs.recv(sent, socket.MSG_WAITALL) == data[:sent]
    assert 0 < sent <= size
