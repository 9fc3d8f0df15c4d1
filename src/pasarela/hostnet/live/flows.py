"""Connections of guests behind a masqueraded address, which is about to move to another link.

The kernel ties each such connection to the link that it went out by: the connection ends when its
address goes from there (masq_inet_event), or when it goes out by another (nf_nat_oif_changed, Linux
6.18), in whatever order the address comes and goes. One that was made over netlink is translated
just so and tied to no link. So each is made anew that way, in the same send in which it is ended.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from socket import AF_INET, AF_INET6

from pasarela.host.netlink import attributes as nla
from pasarela.host.netlink.socket import (
    NLM_F_CREATE,
    NLM_F_EXCL,
    Message,
    NetlinkError,
    NetlinkSocket,
)

NETLINK_NETFILTER = 12
_COUNT = Path("/proc/sys/net/netfilter/nf_conntrack_count")
_NEW, _GET, _DELETE = (0x100 | kind for kind in (0, 1, 2))  # NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_…
_ORIGINAL, _REPLY, _STATUS, _PROTOCOL_INFO, _NAT, _TIMEOUT = 1, 2, 3, 4, 6, 7  # CTA_…
_MARK, _ZONE, _LABELS = 8, 18, 22
_COPIED = (_TIMEOUT, _MARK, _ZONE, _LABELS)
_IP, _PROTOCOL, _TUPLE_ZONE, _NUMBER, _SOURCE_PORT, _TARGET_PORT = (
    1,
    2,
    3,
    1,
    2,
    3,
)  # CTA_TUPLE_…, CTA_PROTO_…
_SOURCE: dict[int, int] = {AF_INET: 1, AF_INET6: 3}  # CTA_IP_…; the target's is one more
_LEAST: dict[int, int] = {
    AF_INET: 1,
    AF_INET6: 4,
}  # CTA_NAT_…: the first of a range of addresses, and its last
_MOST: dict[int, int] = {AF_INET: 2, AF_INET6: 5}
_NAT_PORTS, _LEAST_PORT, _MOST_PORT = 3, 1, 2
_TCP_INFO, _STATE, _SCALES, _FLAGS = 1, 1, (2, 3), (4, 5)  # CTA_PROTOINFO_TCP_…
# IPS_…; expected ones and those with a helper are a helper's, which would not know the new one.
_SEEN_REPLY, _ASSURED, _CONFIRMED, _SOURCE_NAT, _TARGET_NAT = 0x2, 0x4, 0x8, 0x10, 0x20
_EXPECTED, _OFFLOADED, _HELPER = 0x1, 0x4000, 0x2000
_LIBERAL = 0x08  # the windows that were seen so far are not known to the new one
_TCP = 6
_WITH_PORTS = frozenset({_TCP, 17, 33, 132, 136})  # UDP, DCCP, SCTP, UDP-Lite


@dataclass(frozen=True, slots=True)
class _Tuple:
    """One direction of a connection; the ports are in network byte order."""

    family: int
    source: bytes
    target: bytes
    number: int
    source_port: bytes
    target_port: bytes

    def pack(self, kind: int) -> bytes:
        first = _SOURCE[self.family]
        return nla.nested(
            kind,
            nla.nested(
                _IP, nla.attribute(first, self.source), nla.attribute(first + 1, self.target)
            ),
            nla.nested(
                _PROTOCOL,
                nla.u8(_NUMBER, self.number),
                nla.attribute(_SOURCE_PORT, self.source_port),
                nla.attribute(_TARGET_PORT, self.target_port),
            ),
        )

    @property
    def reversed(self) -> _Tuple:
        return _Tuple(
            self.family, self.target, self.source, self.number, self.target_port, self.source_port
        )


def untie(addresses: Collection[bytes]) -> int:
    """Have the connections behind these addresses live on wherever the addresses go.

    Args:
        addresses: packed.

    Returns:
        How many there were.
    """
    if not addresses or not _is_in_use():
        return 0
    socket = NetlinkSocket(NETLINK_NETFILTER)
    try:
        found = [
            messages
            for family in (AF_INET, AF_INET6)
            for payload in socket.dump(_request(_GET, 0, family))
            for messages in _anew(payload, addresses)
        ]
        socket.request([message for messages in found for message in messages])
    except NetlinkError:  # a kernel that tells of no connections
        return 0
    finally:
        socket.close()
    return len(found)


def _is_in_use() -> bool:
    """Whether connections are followed here at all; to ask for them would begin it."""
    try:
        return int(_COUNT.read_text()) > 0
    except OSError:
        return False


def _anew(payload: bytes, addresses: Collection[bytes]) -> Iterator[tuple[Message, Message]]:
    """The end and the new beginning of a connection, if it is behind one of the addresses."""
    family = payload[0]
    found = nla.parse(payload[4:])
    status = nla.as_be32(found[_STATUS])
    if not status & _SOURCE_NAT or status & (_TARGET_NAT | _EXPECTED | _OFFLOADED | _HELPER):
        return
    original, reply = _tuple(family, found[_ORIGINAL]), _tuple(family, found[_REPLY])
    if original is None or reply is None or reply.target not in addresses:
        return
    zone = [nla.attribute(_ZONE, found[_ZONE])] if _ZONE in found else []
    yield (
        _request(_DELETE, 0, family, original.pack(_ORIGINAL), *zone),
        _request(
            _NEW,
            NLM_F_CREATE | NLM_F_EXCL,
            family,
            original.pack(_ORIGINAL),
            original.reversed.pack(_REPLY),
            _translation(reply),
            nla.be32(_STATUS, status & (_SEEN_REPLY | _ASSURED) | _CONFIRMED),
            *_protocol_info(original.number, found),
            *(nla.attribute(kind, found[kind]) for kind in _COPIED if kind in found),
        ),
    )


def _translation(reply: _Tuple) -> bytes:
    """The source as the other side sees it, and no other."""
    family, port = reply.family, reply.target_port
    return nla.nested(
        _NAT,
        nla.attribute(_LEAST[family], reply.target),
        nla.attribute(_MOST[family], reply.target),
        nla.nested(_NAT_PORTS, nla.attribute(_LEAST_PORT, port), nla.attribute(_MOST_PORT, port)),
    )


def _protocol_info(number: int, found: Mapping[int, bytes]) -> Iterator[bytes]:
    """TCP's state and scales, without which the next packet would be out of all windows."""
    if number != _TCP or _PROTOCOL_INFO not in found:
        return
    told = nla.parse(nla.parse(found[_PROTOCOL_INFO])[_TCP_INFO])
    flags = (
        nla.attribute(kind, struct.pack("BB", told[kind][0] | _LIBERAL, 0xFF)) for kind in _FLAGS
    )
    kept = (nla.attribute(kind, told[kind]) for kind in (_STATE, *_SCALES))
    yield nla.nested(_PROTOCOL_INFO, nla.nested(_TCP_INFO, *kept, *flags))


def _tuple(family: int, data: bytes) -> _Tuple | None:
    """None for a protocol without ports, which has nothing that lasts, and for one that is followed
    in a zone of this direction's own."""
    parts = nla.parse(data)
    ip, protocol = nla.parse(parts[_IP]), nla.parse(parts[_PROTOCOL])
    number = protocol[_NUMBER][0]
    if number not in _WITH_PORTS or _TUPLE_ZONE in parts:
        return None
    first = _SOURCE[family]
    return _Tuple(
        family, ip[first], ip[first + 1], number, protocol[_SOURCE_PORT], protocol[_TARGET_PORT]
    )


def _request(kind: int, flags: int, family: int, *attributes: bytes) -> Message:
    header = struct.pack("BBH", family, 0, 0)
    return Message(kind, flags, header + b"".join(attributes), "cannot keep a guest's connection")
