"""Calls that no careful client makes, but some client does: the same answers as libvirtd 11.3's."""

from __future__ import annotations

import re
import socket
import struct
from uuid import UUID

import pytest

from oracle.rpc import OracleError, RpcClient, pack_numbers, pack_string
from wire.clients.libvirtd11 import Libvirtd11
from wire.documents import PORTS, port_uuid
from wire.pasarelad import Pasarelad

pytestmark = [pytest.mark.netns, pytest.mark.oracle]

NETWORK = pack_string("n") + UUID("00000000-0000-4000-8000-000000000001").bytes
XML = "<network><name>n</name><uuid>00000000-0000-4000-8000-000000000001</uuid></network>"
PORT = NETWORK + UUID(port_uuid(1)).bytes
INT, UINT, LLONG, ULLONG, STRING = 1, 2, 3, 4, 7
ABSENT = pack_numbers(0)


def given(text: str) -> bytes:
    return pack_numbers(1) + pack_string(text)


def parameters(*values: tuple[str, int, bytes]) -> bytes:
    packed = (pack_string(name) + pack_numbers(kind) + value for name, kind, value in values)
    return pack_numbers(len(values)) + b"".join(packed)


AVERAGE = "inbound.average"
NAME = ("user-name", STRING, pack_string("x"))

CALLS = {
    # what go-libvirt and others put where a 1 belongs, garbage in the padding and behind the end
    "an optional value": (313, pack_numbers(0, 0x01000000) + NETWORK),
    "padding": (46, pack_numbers(1) + b"nxxx"),
    "more than arguments": (46, pack_string("n") + b"garbage!"),
    "a NUL": (46, pack_numbers(3) + b"n\0z\0"),
    "no UTF-8": (46, pack_string(b"\xff\xfe")),
    "a long name": (46, pack_string("a" * 5000)),
    "a string that is cut short": (46, pack_numbers(10) + b"abc"),
    "no arguments": (46, b""),
    # flags and numbers
    "an event": (313, pack_numbers(7, 0)),
    "an event below 0": (313, pack_numbers(-1, 0)),
    "a callback": (314, pack_numbers(99)),
    "flags of a list": (283, pack_numbers(1, 0x4000)),
    "too many names": (38, pack_numbers(20000)),
    "names below 0": (38, pack_numbers(-1)),
    "flags of XML": (43, NETWORK + pack_numbers(2)),
    "flags of a definition": (432, pack_string(XML) + pack_numbers(2)),
    "another autostart": (48, NETWORK + pack_numbers(7)),
    "autostart then": (44, NETWORK),
    "another name": (43, pack_string("m") + NETWORK[8:] + pack_numbers(0)),
    "no section": (291, NETWORK + pack_numbers(3, 0, -1) + pack_string("<x/>") + ABSENT),
    "no command": (291, NETWORK + pack_numbers(0, 4, -1) + pack_string("<x/>") + ABSENT),
    "flags of leases": (341, NETWORK + pack_numbers(0, 1, 1)),
    "leases of no MAC": (341, NETWORK + given("zz") + pack_numbers(1, 0)),
    # metadata
    "a kind": (445, NETWORK + pack_numbers(9, 0, 0)),
    "an element without a URI": (445, NETWORK + pack_numbers(2, 0, 0)),
    "a title with a URI": (445, NETWORK + pack_numbers(1) + given("u") + ABSENT),
    "flags of metadata": (445, NETWORK + pack_numbers(0, 0, 4)),
    "both definitions": (445, NETWORK + pack_numbers(0, 0, 3)),
    "a title of two lines": (444, NETWORK + pack_numbers(1) + given("a\nb") + ABSENT * 3),
    "no prefix": (444, NETWORK + pack_numbers(2) + given("<a/>") + ABSENT + given("u") + ABSENT),
    "an empty prefix": (
        444,
        NETWORK + pack_numbers(2) + given("<a/>") + given("") + given("u") + ABSENT,
    ),
    "a text with a prefix": (444, NETWORK + pack_numbers(0) + given("t") + given("k") + ABSENT * 2),
    # typed parameters
    "a number of another type": (408, PORT + parameters((AVERAGE, INT, pack_numbers(70))) + ABSENT),
    "a longer number": (
        408,
        PORT + parameters((AVERAGE, ULLONG, pack_numbers(0, 80))) + ABSENT,
    ),
    "what came of them": (409, PORT + ABSENT),
    "and in numbers": (407, PORT + pack_numbers(16, 0)),
    "flags of parameters": (408, PORT + pack_numbers(0, 1)),
    "too many parameters": (408, PORT + parameters(*[(AVERAGE, UINT, ABSENT)] * 17) + ABSENT),
    "an identity": (419, parameters(NAME) + ABSENT),
    "an identity twice": (419, parameters(NAME, NAME) + ABSENT),
    "an identity of a type": (419, parameters(("unix-user-id", LLONG, bytes(8))) + ABSENT),
    "an unknown identity": (419, parameters(("shoe size", INT, bytes(4))) + ABSENT),
    # other ways in
    "polkit after all": (67, b""),
    "opened again": (1, pack_numbers(0, 0)),
}
URIS = (
    "network:///system",
    "network:///session",
    "network:///",
    "network:",
    "network+tcp:///system",
    "xen:///system",
    "nonsense",
    "NETWORK:///system",
)
_MAC = re.compile(r"52:54:00(:[0-9a-f]{2}){3}")
_CALLBACK = 313
MUCH = 1 << 20


def test_odd_calls_are_answered_alike(pasarelad: Pasarelad, libvirtd_11: Libvirtd11) -> None:
    with pasarelad.connect() as ours, libvirtd_11.connect() as theirs:
        for client in (ours, theirs):
            client.call(41, pack_string(XML))
            client.call(39, NETWORK)
            client.call(406, NETWORK + pack_string(PORTS["port1"]) + ABSENT)
        different = {
            name: (found, expected)
            for name, (number, arguments) in CALLS.items()
            for found, expected in [
                (answer(ours, number, arguments), answer(theirs, number, arguments))
            ]
            if found != expected
        }
    assert not different


def answer(client: RpcClient, number: int, arguments: bytes) -> object:
    try:
        reader = client.call(number, arguments)
    except OracleError as error:
        return error.code, error.domain, error.message
    if number == _CALLBACK:
        return "a callback's number"
    return _MAC.sub("MAC", reader.take(MUCH).decode("latin-1"))


@pytest.mark.parametrize("uri", URIS)
def test_uris_are_judged_alike(uri: str, pasarelad: Pasarelad, libvirtd_11: Libvirtd11) -> None:
    assert opening(pasarelad.socket, uri) == opening(libvirtd_11.socket, uri)


def opening(path: str, uri: str) -> tuple[int, str, str] | None:
    try:
        RpcClient(path, uri).close()
    except OracleError as error:
        return error.code, str(error.domain), error.message
    return None


KEEPALIVE, PING, CALL, MESSAGE = 0x6B656570, 1, 0, 2


@pytest.mark.parametrize("version", [1, 2])
def test_pings_are_answered_alike(
    version: int, pasarelad: Pasarelad, libvirtd_11: Libvirtd11
) -> None:
    assert ping(pasarelad.socket, version) == ping(libvirtd_11.socket, version)


def ping(path: str, version: int) -> list[bytes]:
    """What comes back between the answers to two other calls."""
    asked = struct.pack(">6I", 0x20008086, 1, 66, CALL, 1, 0)
    pinged = struct.pack(">6I", KEEPALIVE, version, PING, MESSAGE, 0, 0)
    with socket.socket(socket.AF_UNIX) as raw:
        raw.settimeout(10)
        raw.connect(path)
        messages = raw.makefile("rwb")
        found = []
        for sent in (asked, pinged + struct.pack(">I", 28) + asked):
            messages.write(struct.pack(">I", 28) + sent)
            messages.flush()
            while not found or found[-1][8:12] != asked[8:12]:
                (length,) = struct.unpack(">I", messages.read(4))
                found.append(messages.read(length - 4))
            found.append(b"")
    return found
