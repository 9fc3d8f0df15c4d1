"""Attributes go in and come out, and a bad length is an error."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pasarela.host.netlink import attributes as attr

KINDS = st.integers(1, 0x3FFF)


@given(st.lists(st.tuples(KINDS, st.binary(max_size=40)), max_size=8))
def test_what_is_packed_is_what_is_read(pairs: list[tuple[int, bytes]]):
    packed = b"".join(attr.attribute(kind, value) for kind, value in pairs)
    assert len(packed) % 4 == 0
    assert list(attr.each(packed)) == pairs


def test_nested_attributes_are_marked_and_read_without_the_mark():
    packed = attr.nested(5, attr.u32(1, 7))
    assert packed[3] & 0x80
    assert attr.as_u32(attr.parse(attr.parse(packed)[5])[1]) == 7


@pytest.mark.parametrize("length", [0, 3, 9])
def test_a_length_that_cannot_be_is_an_error(length: int):
    with pytest.raises(ValueError, match="netlink attribute"):
        attr.parse(bytes([length, 0, 1, 0]) + bytes(4))
