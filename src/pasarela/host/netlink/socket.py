"""A netlink socket that stays open: several messages in one send, acknowledgements, dumps.

Closing a netlink socket after deletions waits for an RCU grace period (10 to 17 ms), so an
adapter keeps its socket for as long as it lives. Not safe to share between threads.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from struct import Struct

from pasarela.host.netlink import attributes

NLM_F_REQUEST = 0x001
NLM_F_ACK = 0x004
NLM_F_DUMP_INTR = 0x010
NLM_F_CAPPED = 0x100  # in an acknowledgement: only the header of the request follows
NLM_F_ACK_TLVS = 0x200  # in an acknowledgement: attributes follow
NLM_F_REPLACE = 0x100
NLM_F_EXCL = 0x200
NLM_F_CREATE = 0x400
NLM_F_APPEND = 0x800
NLM_F_ROOT = 0x100
NLM_F_MATCH = 0x200
NLM_F_DUMP = NLM_F_ROOT | NLM_F_MATCH

_NLMSG_ERROR = 2
_NLMSG_DONE = 3
_SOL_NETLINK = 270
_NETLINK_CAP_ACK = 10
_NETLINK_EXT_ACK = 11
_NETLINK_GET_STRICT_CHK = 12
_NLMSGERR_ATTR_MSG = 1
_SO_SNDBUFFORCE = 32
_SO_RCVBUFFORCE = 33

_HEADER = Struct("=IHHII")
_ERRNO = Struct("=i")
_BUFFER = 8 << 20
_READ = 1 << 18
# The kernel queues a send's acknowledgements before the send returns; an unprivileged receive
# buffer (212,992 bytes) holds about 270.
_MESSAGES_PER_SEND = 128
_DUMP_ATTEMPTS = 100


@dataclass(frozen=True, slots=True)
class Message:
    """A request: its type, its flags beyond NLM_F_REQUEST, and what follows the header."""

    type: int
    flags: int
    payload: bytes
    label: str = field(default="", compare=False)  # what it does, for the text of an error


class NetlinkError(OSError):
    """The kernel refused a request; ``index`` says which one of those sent together.

    ``reason`` is the kernel's own sentence (extended acknowledgement), often empty.
    """

    def __init__(self, number: int, reason: str, index: int, message: Message | None) -> None:
        super().__init__(number, os.strerror(number))
        self.reason = reason
        self.index = index
        self.request = message

    def __str__(self) -> str:
        label = f"{self.request.label}: " if self.request and self.request.label else ""
        reason = f" ({self.reason})" if self.reason else ""
        return f"{label}{self.strerror}{reason}"


@dataclass(frozen=True, slots=True)
class Reply:
    """What the kernel said to one request: an error, or nothing, and the messages it sent."""

    error: NetlinkError | None = None
    payloads: tuple[bytes, ...] = ()


@dataclass(slots=True)
class _Received:
    type: int
    flags: int
    sequence: int
    payload: bytes


class NetlinkSocket:
    """One netlink family (NETLINK_ROUTE, NETLINK_NETFILTER), bound to the namespace it was made in.

    Raises:
        OSError: the kernel has no such family, or it may not be used here.
    """

    def __init__(self, family: int) -> None:
        self._socket = socket.socket(
            socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, family
        )
        self._sequence = 0
        self._enlarge_buffers()
        for option in (_NETLINK_CAP_ACK, _NETLINK_EXT_ACK, _NETLINK_GET_STRICT_CHK):
            self._socket.setsockopt(_SOL_NETLINK, option, 1)
        self._socket.bind((0, 0))

    def close(self) -> None:
        self._socket.close()

    @property
    def send_limit(self) -> int:
        """Bytes that one send may hold; without privilege it is the system's wmem_max."""
        size = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
        return size // 2 - 4096  # the kernel counts its own overhead

    def execute(self, messages: Sequence[Message]) -> None:
        """Carry out requests in order; each is acknowledged.

        Raises:
            NetlinkError: the first that failed. Those after it in the same send were carried out
                all the same: the kernel does not stop.
        """
        for reply in self.request(messages):
            if reply.error:
                raise reply.error

    def request(self, messages: Sequence[Message]) -> list[Reply]:
        """Carry out requests in order and say what became of each."""
        replies: list[Reply] = []
        for start in range(0, len(messages), _MESSAGES_PER_SEND):
            replies += self._request(messages[start : start + _MESSAGES_PER_SEND], start)
        return replies

    def dump(self, message: Message) -> list[bytes]:
        """All that a dump request gives, asked again if the tables changed meanwhile.

        Raises:
            NetlinkError: the kernel refused the dump, or the tables would not stand still.
        """
        for _ in range(_DUMP_ATTEMPTS):
            payloads, interrupted = self._dump(message)
            if not interrupted:
                return payloads
        raise NetlinkError(errno.EAGAIN, "it changes all the time", 0, message)

    def send(self, data: bytes) -> None:
        """Send bytes that are messages already (a batch of nfnetlink)."""
        self._socket.sendto(data, (0, 0))

    def pending_errors(self) -> Iterator[tuple[int, int, str]]:
        """Acknowledgements that lie in the buffer now: sequence, errno (0 is well), reason."""
        for received in self._received(socket.MSG_DONTWAIT):
            if received.type == _NLMSG_ERROR:
                yield received.sequence, *_read_error(received)

    def reserve(self, count: int) -> int:
        """The first of ``count`` sequence numbers for messages that the caller packs."""
        first = self._sequence + 1
        self._sequence = (self._sequence + count) & 0x7FFFFFFF
        return first

    def _enlarge_buffers(self) -> None:
        for force, plain in (
            (_SO_SNDBUFFORCE, socket.SO_SNDBUF),
            (_SO_RCVBUFFORCE, socket.SO_RCVBUF),
        ):
            try:
                self._socket.setsockopt(socket.SOL_SOCKET, force, _BUFFER)
            except PermissionError:  # an ordinary user's namespace: as much as the system allows
                self._socket.setsockopt(socket.SOL_SOCKET, plain, _BUFFER)

    def _request(self, messages: Sequence[Message], offset: int) -> list[Reply]:
        first = self.reserve(len(messages))
        self.send(b"".join(pack(m, first + i, NLM_F_ACK) for i, m in enumerate(messages)))
        errors: list[NetlinkError | None] = [None] * len(messages)
        payloads: list[list[bytes]] = [[] for _ in messages]
        waiting = len(messages)
        while waiting:
            for received in self._received(0):
                index = received.sequence - first
                if not 0 <= index < len(messages):
                    continue  # the rest of something that an error cut short
                if received.type != _NLMSG_ERROR:
                    payloads[index].append(received.payload)
                    continue
                waiting -= 1
                number, reason = _read_error(received)
                if number:
                    errors[index] = NetlinkError(number, reason, offset + index, messages[index])
        return [Reply(error, tuple(got)) for error, got in zip(errors, payloads, strict=True)]

    def _dump(self, message: Message) -> tuple[list[bytes], bool]:
        sequence = self.reserve(1)
        self.send(pack(message, sequence, NLM_F_DUMP))
        payloads: list[bytes] = []
        interrupted = False
        while True:
            for received in self._received(0):
                if received.sequence != sequence:
                    continue
                interrupted |= bool(received.flags & NLM_F_DUMP_INTR)
                if received.type in (_NLMSG_DONE, _NLMSG_ERROR):
                    number, reason = _read_error(received)
                    if number == errno.EINTR:
                        return [], True
                    if number:
                        raise NetlinkError(number, reason, 0, message)
                    return payloads, interrupted
                payloads.append(received.payload)

    def _received(self, flags: int) -> Iterator[_Received]:
        """The messages of one read, or with MSG_DONTWAIT of all reads that are ready."""
        while True:
            try:
                data = self._socket.recv(_READ, flags)
            except BlockingIOError:
                return
            yield from _split(data)
            if not flags & socket.MSG_DONTWAIT:
                return


def pack(message: Message, sequence: int, more_flags: int = 0) -> bytes:
    """A message as it goes over the socket, padded."""
    length = _HEADER.size + len(message.payload)
    flags = message.flags | NLM_F_REQUEST | more_flags
    header = _HEADER.pack(length, message.type, flags, sequence, 0)
    return header + message.payload + bytes(-length % 4)


def _split(data: bytes) -> Iterator[_Received]:
    offset = 0
    while len(data) - offset >= _HEADER.size:
        length, kind, flags, sequence, _ = _HEADER.unpack_from(data, offset)
        yield _Received(kind, flags, sequence, data[offset + _HEADER.size : offset + length])
        offset += (length + 3) & ~3


def _read_error(received: _Received) -> tuple[int, str]:
    """The errno and the kernel's sentence of an acknowledgement or of a dump's end."""
    if len(received.payload) < _ERRNO.size:
        return 0, ""
    number = -_ERRNO.unpack_from(received.payload)[0]
    if not received.flags & NLM_F_ACK_TLVS:
        return number, ""
    return number, _extended_reason(received)


def _extended_reason(received: _Received) -> str:
    start = _ERRNO.size
    if received.type == _NLMSG_ERROR:
        request_length = _HEADER.unpack_from(received.payload, _ERRNO.size)[0]
        capped = received.flags & NLM_F_CAPPED
        start += _HEADER.size if capped else (request_length + 3) & ~3
    found = attributes.parse(received.payload[start:])
    return attributes.as_text(found.get(_NLMSGERR_ATTR_MSG, b""))
