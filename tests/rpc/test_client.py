from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pasarela.errors import (
    InternalError,
    InvalidArgument,
    NetworkNotFound,
    OperationInvalid,
    PasarelaError,
    PortExists,
    SystemCallFailed,
    UnsupportedFlags,
    WrongArgument,
)
from pasarela.model.handles import Lifecycle, LifecycleEvent, NetworkRef
from pasarela.rpc.client import ClientProtocol, Happened, Reply
from pasarela.rpc.errors import ErrorReply, RemoteError, RpcError, exception_of, reply_of
from pasarela.rpc.messages import Kind
from pasarela.rpc.server import ServerProtocol
from pasarela.rpc.session import Services
from rpc.talk import call_bytes

NET = NetworkRef("default", UUID(int=5))


class Wire:
    """A client and a server, joined."""

    def __init__(self) -> None:
        self.client = ClientProtocol()
        self.server = ServerProtocol(Services())
        for name, arguments in (("auth_list", ()), ("open", ("network:///system", 0))):
            self.client.call(name, *arguments)
            self.exchange()

    def exchange(self) -> list[Reply | Happened]:
        for call in self.server.receive(self.client.take_bytes()):
            if call.procedure.name == "lookup_by_name":
                self.server.reply(call, (NET,))
            else:
                self.server.fail(call, NetworkNotFound("no network with matching uuid 'U' (x)"))
        return list(self.client.receive(self.server.take_bytes()))


def test_a_call_and_its_reply() -> None:
    wire = Wire()
    serial = wire.client.call("lookup_by_name", "default")
    assert wire.exchange() == [Reply(serial, (NET,))]


def test_a_refusal_is_the_servers_error() -> None:
    wire = Wire()
    wire.client.call("create", NET)
    (reply,) = wire.exchange()
    assert isinstance(reply, Reply)
    assert isinstance(reply.error, NetworkNotFound)
    assert reply.error.detail == "no network with matching uuid 'U' (x)"


def test_an_event_arrives() -> None:
    wire = Wire()
    wire.client.call("register_event", 0, None)
    (reply,) = wire.exchange()
    wire.server.announce(LifecycleEvent(NET, Lifecycle.STARTED))
    (happened,) = wire.exchange()
    assert isinstance(reply, Reply)
    assert happened == Happened(reply.values[0], LifecycleEvent(NET, Lifecycle.STARTED))


def test_a_ping_is_answered() -> None:
    client = ClientProtocol()
    ping = call_bytes(1, program=0x6B656570, kind=Kind.MESSAGE)
    pong = call_bytes(2, program=0x6B656570, kind=Kind.MESSAGE)
    assert list(client.receive(ping)) == []
    assert client.take_bytes() == pong


def test_a_reply_to_no_call_is_an_error() -> None:
    with pytest.raises(RpcError, match="no call"):
        list(ClientProtocol().receive(call_bytes(46, kind=Kind.REPLY, serial=3)))


def test_an_argument_that_does_not_fit_is_an_error() -> None:
    with pytest.raises(RpcError, match="Unable to encode"):
        ClientProtocol().call("lookup_by_name", "x" * 5_000_000)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_whatever_a_server_sends_only_the_protocols_errors_come(data: bytes) -> None:
    client = ClientProtocol()
    client.call("list_networks", 1, 0)
    framed = call_bytes(283, data, kind=Kind.REPLY, status=data[0] & 1 if data else 0)
    for stream in (data, framed):
        try:
            list(client.receive(stream))
        except RpcError:
            client = ClientProtocol()
            client.call("list_networks", 1, 0)


@pytest.mark.parametrize(
    "error",
    [
        NetworkNotFound("no network with matching name 'x'"),
        OperationInvalid("network is already active"),
        SystemCallFailed("no: File exists", errno=17),
        InternalError("bridge name 'x' already in use."),
        PortExists("Network port with UUID U already exists"),
        InvalidArgument("unknown metadata type '7'"),
    ],
)
def test_errors_come_through_as_they_were(error: PasarelaError) -> None:
    found = exception_of(reply_of(error))
    assert type(found) is type(error)
    assert (found.message, found.detail, found.domain, found.errno) == (
        error.message,
        error.detail,
        error.domain,
        error.errno,
    )


def test_a_bad_argument_keeps_its_text() -> None:
    error = UnsupportedFlags("unsupported flags (0x40) in function networkX")
    found = exception_of(reply_of(error))
    assert isinstance(found, WrongArgument)
    assert found.message == error.message


def test_an_unknown_code_keeps_its_number_and_text() -> None:
    found = exception_of(ErrorReply(88, 55, "access denied: no"))
    assert isinstance(found, RemoteError)
    assert (found.number, found.message) == (88, "access denied: no")
