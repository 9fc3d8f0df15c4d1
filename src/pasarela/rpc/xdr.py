"""XDR (RFC 4506) as libvirt uses it: values to bytes and back.

A type is a pair of functions. Composed types are made from others once, when the tables are
loaded, so that a message costs a few calls and no interpretation.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

MAX_STRING = 4194304  # bytes; REMOTE_STRING_MAX

Encode = Callable[[Any, bytearray], None]
Decode = Callable[[bytes, int], tuple[Any, int]]


class XdrError(Exception):
    """A value that cannot be written, or bytes that are no value."""


class Type(NamedTuple):
    """How one kind of value is written (onto the end of a buffer) and read (from an offset)."""

    encode: Encode
    decode: Decode


def number(layout: str) -> Type:
    """A number of 4 or 8 bytes; ``layout`` as in struct."""
    packer = struct.Struct(">" + layout)
    pack, unpack, size = packer.pack, packer.unpack_from, packer.size

    def encode(value: Any, out: bytearray) -> None:
        try:
            out += pack(value)
        except struct.error as error:
            raise XdrError(f"{value!r} does not fit: {error}") from None

    def decode(data: bytes, at: int) -> tuple[Any, int]:
        try:
            return unpack(data, at)[0], at + size
        except struct.error:
            raise XdrError(_SHORT) from None

    return Type(encode, decode)


_SHORT = "the message is too short"
_LENGTH = struct.Struct(">I")
MAX_UINT = 0xFFFFFFFF

INT = number("i")
UINT = number("I")
HYPER = number("q")
UHYPER = number("Q")
DOUBLE = number("d")


def _length(data: bytes, at: int, limit: int) -> int:
    try:
        count: int = _LENGTH.unpack_from(data, at)[0]
    except struct.error:
        raise XdrError(_SHORT) from None
    if count > limit:
        raise XdrError(f"{count} is over the limit of {limit}")
    return count


def _encode_string(value: Any, out: bytearray) -> None:
    try:
        raw = value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise XdrError(str(error)) from None
    if len(raw) > MAX_STRING:
        raise XdrError(f"a string of {len(raw)} bytes is over the limit of {MAX_STRING}")
    out += _LENGTH.pack(len(raw))
    out += raw
    out += bytes(-len(raw) % 4)


def _decode_string(data: bytes, at: int) -> tuple[str, int]:
    count = _length(data, at, MAX_STRING)
    start = at + 4
    end = start + count
    after = end + -count % 4
    if after > len(data):
        raise XdrError(_SHORT)
    raw = data[start:end]
    if 0 in raw:
        raw = raw[: raw.index(0)]  # to libvirt, strings end there
    return raw.decode("utf-8", "surrogateescape"), after


STRING = Type(_encode_string, _decode_string)


def _encode_uuid(value: Any, out: bytearray) -> None:
    out += value.bytes


def _decode_uuid(data: bytes, at: int) -> tuple[UUID, int]:
    raw = data[at : at + 16]
    if len(raw) != 16:
        raise XdrError(_SHORT)
    return UUID(bytes=raw), at + 16


UUID_TYPE = Type(_encode_uuid, _decode_uuid)


def optional(inner: Type) -> Type:
    """A value or None."""

    def encode(value: Any, out: bytearray) -> None:
        if value is None:
            out += b"\0\0\0\0"
        else:
            out += b"\0\0\0\1"
            inner.encode(value, out)

    def decode(data: bytes, at: int) -> tuple[Any, int]:
        # Any number but 0 says that it is there, as for libvirt: go-libvirt writes 0x01000000.
        return inner.decode(data, at + 4) if _length(data, at, MAX_UINT) else (None, at + 4)

    return Type(encode, decode)


class Encoded(bytes):
    """An array that has been written already: long lists are asked for more often than change."""


def array(inner: Type, limit: int) -> Type:
    """At most ``limit`` values of a kind; when written, they may be ``Encoded``."""

    def encode(values: Any, out: bytearray) -> None:
        if isinstance(values, Encoded):
            out += values
            return
        if len(values) > limit:
            raise XdrError(f"{len(values)} values are over the limit of {limit}")
        out += _LENGTH.pack(len(values))
        for value in values:
            inner.encode(value, out)

    def decode(data: bytes, at: int) -> tuple[list[Any], int]:
        count = _length(data, at, limit)
        at += 4
        values = []
        for _ in range(count):
            value, at = inner.decode(data, at)
            values.append(value)
        return values, at

    return Type(encode, decode)


def fields(types: Sequence[Type]) -> Type:
    """Several values one after the other, as a tuple."""
    encoders = [one.encode for one in types]
    decoders = [one.decode for one in types]

    def encode(values: Any, out: bytearray) -> None:
        for write, value in zip(encoders, values, strict=True):
            write(value, out)

    def decode(data: bytes, at: int) -> tuple[tuple[Any, ...], int]:
        values = []
        for read in decoders:
            value, at = read(data, at)
            values.append(value)
        return tuple(values), at

    return Type(encode, decode)


def record(make: Callable[..., Any], **types: Type) -> Type:
    """An object of named parts; ``make`` is called with them in this order."""
    inner = fields(tuple(types.values()))
    names = tuple(types)

    def encode(value: Any, out: bytearray) -> None:
        inner.encode([getattr(value, name) for name in names], out)

    def decode(data: bytes, at: int) -> tuple[Any, int]:
        values, at = inner.decode(data, at)
        try:
            return make(*values), at
        except ValueError as error:
            raise XdrError(str(error)) from None

    return Type(encode, decode)


def union(types: dict[int, Type]) -> Type:
    """A number that says which kind follows, and that; as a pair."""

    def encode(value: Any, out: bytearray) -> None:
        kind, inner = value
        if kind not in types:
            raise XdrError(f"there is no kind {kind}")
        INT.encode(kind, out)
        types[kind].encode(inner, out)

    def decode(data: bytes, at: int) -> tuple[tuple[int, Any], int]:
        kind, at = INT.decode(data, at)
        if kind not in types:
            raise XdrError(f"there is no kind {kind}")
        inner, at = types[kind].decode(data, at)
        return (kind, inner), at

    return Type(encode, decode)


def to_bytes(kind: Type, value: Any) -> bytes:
    """Raises:
    XdrError: the value does not fit its type."""
    out = bytearray()
    kind.encode(value, out)
    return bytes(out)
