from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pasarela.model.handles import InterfaceRef, Lease, LeaseType, NetworkRef, PortRef
from pasarela.rpc.handles import INTERFACE, LEASE, NETWORK, PARAMETER, PORT, Parameter
from pasarela.rpc.procedures import PROCEDURES
from pasarela.rpc.xdr import (
    DOUBLE,
    HYPER,
    INT,
    MAX_STRING,
    STRING,
    UHYPER,
    UINT,
    UUID_TYPE,
    Type,
    XdrError,
    array,
    optional,
    to_bytes,
)

I32 = st.integers(-(2**31), 2**31 - 1)
U32 = st.integers(0, 2**32 - 1)
I64 = st.integers(-(2**63), 2**63 - 1)
U64 = st.integers(0, 2**64 - 1)
TEXT = (
    st.binary(max_size=40)
    .filter(lambda raw: 0 not in raw)
    .map(lambda raw: raw.decode("utf-8", "surrogateescape"))
)
NETWORKS = st.builds(NetworkRef, TEXT, st.uuids())
LEASES = st.builds(
    Lease,
    TEXT,
    I64,
    st.sampled_from(LeaseType),
    st.none() | TEXT,
    st.none() | TEXT,
    TEXT,
    U32,
    st.none() | TEXT,
    st.none() | TEXT,
)
PARAMETERS = st.builds(
    Parameter,
    TEXT,
    st.one_of(
        st.tuples(st.just(1), I32),
        st.tuples(st.just(2), U32),
        st.tuples(st.just(3), I64),
        st.tuples(st.just(4), U64),
        st.tuples(st.just(5), st.floats(allow_nan=False)),
        st.tuples(st.just(6), I32),
        st.tuples(st.just(7), TEXT),
    ),
)
VALUES: list[tuple[Type, st.SearchStrategy[Any]]] = [
    (INT, I32),
    (UINT, U32),
    (HYPER, I64),
    (UHYPER, U64),
    (DOUBLE, st.floats(allow_nan=False)),
    (STRING, TEXT),
    (UUID_TYPE, st.uuids()),
    (optional(STRING), st.none() | TEXT),
    (array(NETWORK, 5), st.lists(NETWORKS, max_size=5)),
    (PORT, st.builds(PortRef, NETWORKS, st.uuids())),
    (INTERFACE, st.builds(InterfaceRef, TEXT, TEXT)),
    (LEASE, LEASES),
    (PARAMETER, PARAMETERS),
]


@pytest.mark.parametrize(("kind", "values"), VALUES)
def test_what_is_written_reads_back(kind: Type, values: st.SearchStrategy[Any]) -> None:
    @settings(deadline=None)
    @given(value=values, before=st.binary(max_size=9), after=st.binary(max_size=9))
    def check(value: Any, before: bytes, after: bytes) -> None:
        data = to_bytes(kind, value)
        assert len(data) % 4 == 0
        assert kind.decode(before + data + after, len(before)) == (value, len(before + data))

    check()


@pytest.mark.parametrize(("kind", "values"), VALUES)
def test_what_is_cut_short_is_an_error(kind: Type, values: st.SearchStrategy[Any]) -> None:
    @settings(deadline=None)
    @given(value=values, data=st.data())
    def check(value: Any, data: st.DataObject) -> None:
        whole = to_bytes(kind, value)
        length = data.draw(st.integers(0, len(whole) - 1))
        with pytest.raises(XdrError):
            kind.decode(whole[:length], 0)

    check()


@settings(deadline=None)
@given(st.binary(max_size=400), st.sampled_from(PROCEDURES))
def test_any_bytes_decode_or_are_refused(data: bytes, procedure: Any) -> None:
    for kind in (procedure.arguments_type, procedure.result_type):
        try:
            _, end = kind.decode(data, 0)
        except XdrError:
            continue
        assert end <= len(data)


def test_a_string_is_counted_and_padded() -> None:
    assert to_bytes(STRING, "default") == b"\0\0\0\7default\0"


def test_a_string_ends_at_its_first_nul() -> None:
    assert STRING.decode(b"\0\0\0\4a\0bc", 0) == ("a", 8)


def test_any_number_but_0_says_that_an_optional_value_is_there() -> None:
    for number, value in ((0, None), (1, 7), (2, 7), (0x01000000, 7)):
        assert optional(INT).decode(struct.pack(">II", number, 7), 0)[0] == value


def test_a_handle_is_its_name_and_its_sixteen_bytes() -> None:
    uuid = UUID("a1234567-89ab-cdef-0123-456789abcdef")
    assert to_bytes(NETWORK, NetworkRef("n", uuid)) == b"\0\0\0\1n\0\0\0" + uuid.bytes


@pytest.mark.parametrize(
    "act",
    [
        lambda: to_bytes(STRING, "x" * (MAX_STRING + 1)),
        lambda: to_bytes(STRING, "\ud800"),
        lambda: to_bytes(INT, 2**31),
        lambda: to_bytes(UINT, -1),
        lambda: to_bytes(array(INT, 2), [1, 2, 3]),
        lambda: to_bytes(PARAMETER, Parameter("x", (8, 1))),
        lambda: STRING.decode(struct.pack(">I", MAX_STRING + 1) + bytes(MAX_STRING + 4), 0),
        lambda: array(INT, 2).decode(struct.pack(">IIII", 3, 1, 2, 3), 0),
        lambda: PARAMETER.decode(to_bytes(STRING, "x") + struct.pack(">II", 9, 0), 0),
    ],
)
def test_what_breaks_a_limit_is_refused(act: Callable[[], object]) -> None:
    with pytest.raises(XdrError):
        act()
