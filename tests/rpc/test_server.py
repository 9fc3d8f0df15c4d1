from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracle.rpc import Reader, pack_numbers, pack_optional, pack_string
from pasarela.errors import (
    NetworkNotFound,
    OperationInvalid,
    PasarelaError,
    SystemCallFailed,
    UnsupportedFlags,
)
from pasarela.model.handles import (
    Lifecycle,
    LifecycleEvent,
    MetadataEvent,
    MetadataType,
    NetworkRef,
)
from pasarela.rpc.messages import KEEPALIVE_PROGRAM, Keepalive, Kind, Status
from pasarela.rpc.procedures import PROCEDURES
from pasarela.rpc.session import MAX_CALLBACKS, Limits, Services
from rpc.talk import Peer, call_bytes, length_word

UUID_1 = UUID("11111111-2222-3333-4444-555555555555")
NET = pack_string("default") + UUID_1.bytes
MAX_UNANSWERED, MAX_SILENT_PINGS = Limits()


def test_a_call_before_authentication_is_refused() -> None:
    assert Peer().refusal(46, pack_string("x")) == (39, 7, "authentication required")


def test_a_call_before_opening_is_refused_by_kind() -> None:
    peer = Peer()
    peer.ask(66)
    assert peer.refusal(46, pack_string("x")) == (1, 7, "internal error: connection not open")
    assert peer.refusal(3) == (1, 7, "internal error: hypervisor connection not open")


def test_who_may_not_come_in_is_told_why_and_hung_up_on() -> None:
    peer = Peer(refusal="you are not in the group")
    text = "authentication failed: you are not in the group"
    assert peer.refusal(66) == (45, 7, text)
    assert peer.server.closing
    assert peer.say(call_bytes(46, pack_string("x"))) == []


def test_opening_twice_keeps_the_first() -> None:
    peer = Peer().opened()
    again = pack_optional("network:///system") + pack_numbers(0)
    assert peer.refusal(1, again) == (1, 7, "internal error: connection already open")
    assert len(peer.say(call_bytes(46, pack_string("x")))) == 1


@pytest.mark.parametrize(
    "uri", ["network:///system", "interface:///system?x=y", "qemu:///system", "", None]
)
def test_uris_of_ours_open(uri: str | None) -> None:
    peer = Peer()
    peer.ask(66)
    header, _ = peer.ask(1, pack_optional(uri) + pack_numbers(0))
    assert header.status == Status.OK


@pytest.mark.parametrize(
    ("uri", "refusal"),
    [
        ("foo:///system", (5, 0, "no connection driver available for foo:///system")),
        (
            "network:///session",
            (
                1,
                0,
                "internal error: unexpected network URI path '/session', try network:///system",
            ),
        ),
    ],
)
def test_other_uris_do_not(uri: str, refusal: tuple[int, int, str]) -> None:
    peer = Peer()
    peer.ask(66)
    assert peer.refusal(1, pack_optional(uri) + pack_numbers(0)) == refusal


def test_only_keepalive_is_asked_for_before_opening() -> None:
    peer = Peer()
    peer.ask(66)
    assert peer.ask(60, pack_numbers(10))[1].number() == 1
    assert peer.refusal(60, pack_numbers(14)) == (
        1, 7, "internal error: hypervisor connection not open",
    )  # fmt: skip


def test_features() -> None:
    peer = Peer().opened()
    known = {n for n in range(1, 30) if peer.ask(60, pack_numbers(n))[1].number()}
    assert known == {8, 9, 10, 14, 15, 16}


@pytest.mark.parametrize(
    ("procedure", "header", "message"),
    [
        (9999, {}, "unknown procedure: 9999"),
        (46, {"program": 7}, "Cannot find program 7 version 1"),
        (46, {"version": 2}, "Cannot find program 536903814 version 2"),
        (46, {"status": 1}, "Unexpected message status 1"),
        (46, {}, "Unable to decode message payload"),
    ],
)
def test_refusals_of_the_protocol(procedure: int, header: dict[str, int], message: str) -> None:
    assert Peer().opened().refusal(procedure, **header) == (39, 7, message)


def test_a_refusal_echoes_the_callers_header() -> None:
    found, _ = Peer().ask(5, program=7, version=3, serial=99)
    assert found == (7, 3, 5, Kind.REPLY, 99, Status.ERROR)


def test_what_only_servers_send_is_dropped() -> None:
    peer = Peer().opened()
    for kind in (Kind.REPLY, Kind.MESSAGE, 9):
        assert peer.say(call_bytes(46, pack_string("x"), kind=kind)) == []
    assert peer.heard() == []


def test_bytes_left_over_after_the_arguments_do_not_matter() -> None:
    (call,) = Peer().opened().say(call_bytes(46, pack_string("x") + b"more"))
    assert call.arguments == ("x",)


@pytest.mark.parametrize("readonly_socket", [True, False])
def test_every_changing_call_is_refused_on_a_read_only_connection(readonly_socket: bool) -> None:
    peer = Peer(readonly=readonly_socket).opened(flags=0 if readonly_socket else 1)
    refused = peer.refusal(39, NET)
    assert refused == (29, 19, "operation forbidden: read only access prevents virNetworkCreate")
    assert peer.refusal(41, pack_string("x"))[2].endswith("virNetworkDefineXML")
    interface = pack_string("eth0") + pack_string("")
    assert peer.refusal(132, interface)[:2] == (29, 26)
    for procedure in PROCEDURES:
        if procedure.writes:
            padding = peer.refusal(procedure.number, NET + bytes(200))
            assert padding[0] in (29, 39)  # 39: those zeros are no arguments for it


@pytest.mark.parametrize(
    ("number", "domain", "api"),
    [
        (4, 20, "virConnectGetVersion"),
        (102, 20, "virNodeGetFreeMemory"),
        (273, 20, "virConnectListAllDomains"),
        (281, 18, "virConnectListAllStoragePools"),
        (285, 22, "virConnectListAllNodeDevices"),
    ],
)
def test_calls_of_other_drivers_are_not_supported(number: int, domain: int, api: str) -> None:
    text = f"this function is not supported by the connection driver: {api}"
    assert Peer().opened().refusal(number, bytes(40)) == (3, domain, text)


def test_calls_that_change_are_handed_on_otherwise() -> None:
    (call,) = Peer().opened().say(call_bytes(39, NET, serial=5))
    assert call.procedure.name == "create"
    assert call.arguments == (NetworkRef("default", UUID_1),)


def test_a_reply_bears_the_calls_serial() -> None:
    peer = Peer().opened()
    (call,) = peer.say(call_bytes(152, NET, serial=7))
    peer.server.reply(call, (1,))
    ((header, payload),) = peer.heard()
    assert (header.kind, header.serial, header.status) == (Kind.REPLY, 7, Status.OK)
    assert payload == pack_numbers(1)


def test_errors_bear_all_fields() -> None:
    peer = Peer().opened()
    (call,) = peer.say(call_bytes(152, NET))
    peer.server.fail(call, NetworkNotFound("no network with matching name 'x'", remedy="look"))
    ((_, payload),) = peer.heard()
    reader = Reader(payload)
    assert (reader.number(), reader.number()) == (43, 19)
    assert reader.optional() == "Network not found: no network with matching name 'x'"
    assert (reader.number(), reader.number()) == (2, 0)
    assert reader.optional() == "Network not found: %s"
    assert reader.optional() == "no network with matching name 'x'"
    assert reader.optional() == "look"
    assert [reader.number() for _ in range(3)] == [-1, -1, 0]
    assert reader.take(1) == b""


@pytest.mark.parametrize(
    ("error", "texts", "numbers"),
    [
        (SystemCallFailed("no: File exists", errno=17), ("%s", "no: File exists"), (17, -1)),
        (
            UnsupportedFlags("unsupported flags (0x40) in function networkX"),
            ("networkX", "flags"),
            (0, 0),
        ),
        (
            OperationInvalid("is not active"),
            ("Requested operation is not valid: %s", "is not active"),
            (-1, -1),
        ),
    ],
)
def test_fields_that_depend_on_the_code(
    error: PasarelaError, texts: tuple[str, str], numbers: tuple[int, int]
) -> None:
    peer = Peer().opened()
    (call,) = peer.say(call_bytes(152, NET))
    peer.server.fail(call, error)
    reader = Reader(peer.heard()[0][1])
    reader.number(), reader.number(), reader.optional(), reader.number(), reader.number()
    found = (reader.optional(), reader.optional())
    reader.optional()
    assert found == texts
    assert (reader.number(), reader.number()) == numbers


def test_an_error_that_quotes_the_longest_string_is_sent_cut() -> None:
    peer = Peer().opened()
    for detail in ("x" * 4194304, "\ud800" * 5):
        (call,) = peer.say(call_bytes(152, NET))
        peer.server.fail(call, NetworkNotFound(detail))
        ((header, payload),) = peer.heard()
        assert header.status == Status.ERROR
        assert len(payload) < 4_000_000


def test_a_ping_is_answered_at_any_time() -> None:
    peer = Peer()
    peer.say(call_bytes(Keepalive.PING, program=KEEPALIVE_PROGRAM, kind=Kind.MESSAGE))
    peer.say(call_bytes(77, program=KEEPALIVE_PROGRAM, kind=Kind.MESSAGE))
    ((header, payload),) = peer.heard()
    assert (header.program, header.procedure, payload) == (KEEPALIVE_PROGRAM, Keepalive.PONG, b"")


def test_only_who_asked_for_keepalive_is_pinged_and_given_up() -> None:
    peer, silent = Peer(), Peer()
    peer.ask(66)
    peer.ask(60, pack_numbers(10))
    for _ in range(MAX_SILENT_PINGS + 1):
        peer.server.ping()
        silent.server.ping()
    assert (peer.server.closing, silent.server.closing) == (True, False)
    assert len(peer.heard()) == MAX_SILENT_PINGS
    assert silent.heard() == []


def test_any_message_shows_that_a_client_is_alive() -> None:
    peer = Peer()
    peer.ask(66)
    peer.ask(60, pack_numbers(10))
    for _ in range(3 * MAX_SILENT_PINGS):
        peer.server.ping()
        peer.say(call_bytes(Keepalive.PONG, program=KEEPALIVE_PROGRAM, kind=Kind.MESSAGE))
    assert not peer.server.closing


def test_who_has_to_wait_for_answers_is_not_asked_for_a_sign_of_life() -> None:
    """Its input is left in the socket meanwhile, with whatever it says."""
    peer = Peer()
    peer.ask(66)
    peer.ask(60, pack_numbers(10))
    peer.opened()
    calls = peer.say(call_bytes(39, NET) * MAX_UNANSWERED)
    for _ in range(2 * MAX_SILENT_PINGS):
        peer.server.ping()
    assert (peer.server.closing, peer.heard()) == (False, [])
    peer.server.reply(calls[0])
    peer.server.ping()
    assert len(peer.heard()) == 2


def test_how_often_is_asked_for_a_sign_of_life_can_be_set() -> None:
    """With a count of 0 nothing is asked, and who says nothing is given up."""
    peer = Peer(services=Services(limits=Limits(silent_pings=0)))
    peer.ask(66)
    for _ in range(3):
        peer.ask(60, pack_numbers(10))
        peer.server.ping()
        assert (peer.server.closing, peer.heard()) == (False, [])
    peer.server.ping()
    assert (peer.server.closing, peer.heard()) == (True, [])


def test_only_a_few_unanswered_calls_are_read() -> None:
    peer = Peer().opened()
    calls = peer.say(call_bytes(152, NET) * 9)
    assert len(calls) == MAX_UNANSWERED
    assert peer.server.waiting == 4 * len(call_bytes(152, NET))
    peer.server.reply(calls[0], (1,))
    assert len(list(peer.server.resume())) == 1


def test_how_many_unanswered_calls_are_read_can_be_set() -> None:
    peer = Peer(services=Services(limits=Limits(unanswered=2))).opened()
    assert len(peer.say(call_bytes(152, NET) * 9)) == 2


def test_closing_answers_and_reads_no_more() -> None:
    peer = Peer().opened()
    assert peer.say(call_bytes(2) + call_bytes(152, NET)) == []
    assert [header.procedure for header, _ in peer.heard()] == [2]
    assert peer.server.closing


@pytest.mark.parametrize("length", [0, 3, 4, 27, 33554432 + 5, 0xFFFFFFFF])
def test_a_length_that_no_message_has_ends_the_connection(length: int) -> None:
    peer = Peer().opened()
    assert peer.say(length_word(length) + bytes(64)) == []
    assert peer.server.closing
    assert peer.heard() == []


def test_a_message_in_single_bytes_is_a_message() -> None:
    peer = Peer().opened()
    found = [call for byte in call_bytes(46, pack_string("x")) for call in peer.say(bytes([byte]))]
    assert [call.arguments for call in found] == [("x",)]


class TestCallbacks:
    def test_events_go_to_the_callbacks_that_want_them(self) -> None:
        peer, one, other = Peer().opened(), NetworkRef("a", UUID_1), NetworkRef("b", UUID(int=9))
        everything = peer.ask(313, pack_numbers(0, 0))[1].number()
        filtered = peer.ask(313, pack_numbers(0, 1) + pack_string("b") + other.uuid.bytes)[1]
        changes = peer.ask(313, pack_numbers(1, 0))[1].number()
        peer.server.announce(LifecycleEvent(one, Lifecycle.STARTED))
        peer.server.announce(LifecycleEvent(other, Lifecycle.STOPPED))
        peer.server.announce(MetadataEvent(one, MetadataType.ELEMENT, "urn:x"))
        found = [(header.procedure, Reader(payload)) for header, payload in peer.heard()]
        assert [(number, reader.number()) for number, reader in found] == [
            (315, everything),
            (315, everything),
            (315, filtered.number()),
            (446, changes),
        ]
        assert found[2][1].handle().name == "b"
        assert (found[2][1].number(), found[2][1].number()) == (Lifecycle.STOPPED, 0)

    def test_the_message_is_the_real_ones(self) -> None:
        peer = Peer().opened()
        peer.ask(313, pack_numbers(0, 0))
        peer.server.announce(LifecycleEvent(NetworkRef("a", UUID_1), Lifecycle.DEFINED))
        ((header, _),) = peer.heard()
        assert (header.kind, header.serial, header.status) == (Kind.MESSAGE, 1, Status.OK)

    def test_no_events_after_deregistering(self) -> None:
        peer = Peer().opened()
        number = peer.ask(313, pack_numbers(0, 0))[1].number()
        assert peer.ask(314, pack_numbers(number))[0].status == Status.OK
        peer.server.announce(LifecycleEvent(NetworkRef("a", UUID_1), Lifecycle.DEFINED))
        assert peer.heard() == []

    def test_what_is_not_there_is_refused(self) -> None:
        peer = Peer().opened()
        text = "internal error: network event callback 77 not registered"
        assert peer.refusal(314, pack_numbers(77)) == (1, 7, text)
        text = "internal error: unsupported network event ID 9"
        assert peer.refusal(313, pack_numbers(9, 0)) == (1, 7, text)

    def test_a_client_has_no_more_of_them_than_it_can_need(self) -> None:
        peer = Peer().opened()
        numbers = [peer.ask(313, pack_numbers(0, 0))[1].number() for _ in range(MAX_CALLBACKS)]
        text = "internal error: this connection has 1024 network event callbacks already"
        assert peer.refusal(313, pack_numbers(0, 0)) == (1, 7, text)
        peer.ask(314, pack_numbers(numbers[0]))
        assert peer.ask(313, pack_numbers(0, 0))[0].status == Status.OK


def test_an_identity_is_taken_and_its_unknown_parts_refused() -> None:
    peer = Peer().opened()
    known = pack_numbers(1) + pack_string("user-name") + pack_numbers(7) + pack_string("x")
    assert peer.ask(419, known + pack_numbers(0))[0].status == Status.OK
    bogus = pack_numbers(1) + pack_string("bogus") + pack_numbers(2, 5)
    text = "argument unsupported: parameter 'bogus' not supported"
    assert peer.refusal(419, bogus + pack_numbers(0)) == (74, 0, text)


HEADERS = st.builds(
    lambda procedure, payload, program, version, kind, status: call_bytes(
        procedure, payload, program=program, version=version, kind=kind, status=status
    ),
    st.sampled_from([procedure.number for procedure in PROCEDURES])
    | st.integers(-(2**31), 2**31 - 1),
    st.binary(max_size=120),
    st.sampled_from([0x20008086, 0x20008086, 0x20008086, KEEPALIVE_PROGRAM, 7]),
    st.sampled_from([1, 1, 1, 2]),
    st.integers(0, 5),
    st.sampled_from([0, 0, 0, 1, 2, 77]),
)


@settings(max_examples=400, deadline=None)
@given(st.lists(HEADERS | st.binary(max_size=60), max_size=12), st.data())
def test_no_bytes_raise_anything(pieces: list[bytes], data: st.DataObject) -> None:
    """Whatever a client sends in whatever pieces: answers, silence or the end."""
    peer, stream = Peer().opened(), b"".join(pieces)
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        for call in peer.say(stream[:size]):
            peer.server.fail(call, NetworkNotFound("gone"))
        stream = stream[size:]
    for header, _ in peer.heard():
        assert header.kind in (Kind.REPLY, Kind.MESSAGE)
