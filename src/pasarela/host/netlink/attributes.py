"""Netlink attributes: type, length, value, padded to four bytes (linux/netlink.h, struct nlattr).

Packing concatenates bytes, so a message is written down as it lies on the wire; parsing gives
slices of the buffer. Both are strict where the kernel is: a length that overruns is an error.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct

_HEADER = Struct("=HH")
_TYPE_MASK = 0x3FFF  # the top bits mark nesting and byte order
NESTED = 0x8000


def attribute(kind: int, payload: bytes) -> bytes:
    """One attribute with its padding."""
    length = _HEADER.size + len(payload)
    return _HEADER.pack(length, kind) + payload + bytes(-length % 4)


def nested(kind: int, *attributes: bytes) -> bytes:
    """An attribute that holds attributes, marked as such (strict kernels want the mark)."""
    return attribute(kind | NESTED, b"".join(attributes))


def text(kind: int, value: str) -> bytes:
    """A string that ends in NUL."""
    return attribute(kind, value.encode("utf-8", "surrogateescape") + b"\0")


def u8(kind: int, value: int) -> bytes:
    return attribute(kind, value.to_bytes(1, "little"))


def u32(kind: int, value: int) -> bytes:
    """32 bits in the host's byte order, as rtnetlink has them."""
    return attribute(kind, Struct("=I").pack(value))


def be16(kind: int, value: int) -> bytes:
    """16 bits in network byte order."""
    return attribute(kind, value.to_bytes(2, "big"))


def be32(kind: int, value: int) -> bytes:
    """32 bits in network byte order, as nfnetlink has them."""
    return attribute(kind, value.to_bytes(4, "big"))


def each(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The attributes of ``data`` in order, as type and value.

    Raises:
        ValueError: a length runs past the end.
    """
    start, end = 0, len(data)
    while end - start >= _HEADER.size:
        length, kind = _HEADER.unpack_from(data, start)
        if length < _HEADER.size or start + length > end:
            raise ValueError(f"netlink attribute of length {length} overruns its message")
        yield kind & _TYPE_MASK, data[start + _HEADER.size : start + length]
        start += (length + 3) & ~3


def parse(data: bytes) -> dict[int, bytes]:
    """The attributes of ``data`` by type; of several of one type the last."""
    return dict(each(data))


def as_text(value: bytes) -> str:
    """A string attribute's value, without the NUL."""
    return value.split(b"\0", 1)[0].decode(errors="surrogateescape")


def as_u32(value: bytes) -> int:
    return int(Struct("=I").unpack_from(value)[0])


def as_be32(value: bytes) -> int:
    return int.from_bytes(value[:4], "big")
