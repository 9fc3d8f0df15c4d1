"""Many messages, changed at random (seeded); PASARELA_FUZZ_MESSAGES says how many."""

from __future__ import annotations

import os
import random

from pasarela.errors import NetworkNotFound
from pasarela.rpc.client import ClientProtocol
from pasarela.rpc.errors import RpcError
from pasarela.rpc.messages import Kind
from pasarela.rpc.procedures import EVENTS, PROCEDURES
from rpc.talk import Peer, call_bytes

MESSAGES = int(os.environ.get("PASARELA_FUZZ_MESSAGES", "20000"))

PAYLOADS = [
    b"",
    b"\0\0\0\7default\0" + bytes(range(16)),
    b"\0\0\0\1\0\0\0\7default\0" + bytes(16) * 3,
    b"\0\0\0\0" * 12,
    b"\0\0\0\1" * 20,
    b"\0\0\0\2\0\0\0\1a\0\0\0" + b"\0\0\0\7\0\0\0\1x\0\0\0" + b"\0\0\0\5" * 9,
    b"\xff" * 60,
]


def changed(message: bytes, chosen: random.Random, first: int) -> bytes:
    """A few bytes from ``first`` on replaced by others."""
    data = bytearray(message)
    for _ in range(chosen.randrange(5)):
        if len(data) > first:
            data[chosen.randrange(first, len(data))] = chosen.choice((0, 1, 4, 127, 128, 255))
    return bytes(data)


def test_a_server_survives_whatever_it_is_sent() -> None:
    chosen = random.Random(20261123)
    numbers = [procedure.number for procedure in PROCEDURES]
    peer = Peer().opened()
    for _ in range(MESSAGES):
        message = call_bytes(chosen.choice(numbers), chosen.choice(PAYLOADS))
        # Now and then the length, too; then the stream may be at its end.
        for call in peer.say(changed(message, chosen, 0 if chosen.random() < 0.01 else 4)):
            peer.server.fail(call, NetworkNotFound("gone"))
        peer.server.take_bytes()
        if peer.server.closing or peer.server.waiting > 1000:
            peer = Peer().opened()


def test_a_client_survives_whatever_it_is_sent() -> None:
    chosen = random.Random(20261123)
    client = ClientProtocol()
    for _ in range(MESSAGES // 4):
        procedure = chosen.choice(PROCEDURES)
        # Some call must be waiting for the reply to be read at all.
        client._calls[0] = procedure
        kind = chosen.choice((Kind.REPLY, Kind.REPLY, Kind.MESSAGE))
        number = chosen.choice(list(EVENTS)) if kind is Kind.MESSAGE else procedure.number
        message = call_bytes(number, chosen.choice(PAYLOADS), kind=kind, status=chosen.randrange(2))
        try:
            list(client.receive(changed(message, chosen, 28)))
        except RpcError:
            client = ClientProtocol()
