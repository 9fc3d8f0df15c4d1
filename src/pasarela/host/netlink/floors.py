"""rtnetlink's messages for guests' floors: an HTB class each, and the filter that fills it.

The filter looks at the destination's MAC alone, whatever the packet is (libvirt's at IPv4 only).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from struct import Struct

from pasarela.host.netlink import attributes as nla
from pasarela.host.netlink.socket import NLM_F_CREATE, NLM_F_EXCL, Message
from pasarela.host.netlink.traffic import (
    ETH_P_ALL,
    HEADER,
    QDISC,
    RTM_GETTFILTER,
    RTM_NEWTFILTER,
    SELECTOR,
    TCA_OPTIONS,
    TCA_U32_SEL,
    WHOLE,
    fair_queue,
    limited_class,
    traffic_message,
)
from pasarela.model.values import MacAddress
from pasarela.plan.shaping import Floor

RTM_DELTCLASS = 41
RTM_DELTFILTER = 45
_TCA_U32_CLASSID = 1
_FIRST_ENTRY = 0x80000800  # of the first hash table that u32 makes
_PRIORITY_AND_PROTOCOL = 2 << 16 | ETH_P_ALL
_TERMINAL = 1
_KEY = Struct("=4s4sii")
_FROM_IP_HEADER = (-16, -12)  # aligned, so that the MAC begins in the middle of the first word


def class_handle(class_id: int) -> int:
    return QDISC | class_id


def add_floor(index: int, floor: Floor, *, fair: bool) -> Iterator[Message]:
    handle = class_handle(floor.class_id)
    yield change_floor(index, floor)
    if fair:
        yield fair_queue(index, handle)
    options = nla.u32(_TCA_U32_CLASSID, handle) + nla.attribute(TCA_U32_SEL, _selector(floor.mac))
    flags = NLM_F_CREATE | NLM_F_EXCL
    what = f"cannot keep bandwidth for {floor.mac}"
    yield traffic_message(RTM_NEWTFILTER, flags, _filter(index, floor), "u32", options, what)


def change_floor(index: int, floor: Floor) -> Message:
    """Another rate for a floor that is there."""
    return limited_class(index, class_handle(floor.class_id), WHOLE, floor.limit)


def remove_floor(index: int, floor: Floor) -> Iterator[Message]:
    """The filter goes first: the kernel keeps a class that one leads to."""
    what = f"cannot give back the bandwidth of {floor.mac}"
    yield Message(RTM_DELTFILTER, 0, _filter(index, floor), what)
    header = HEADER.pack(0, index, class_handle(floor.class_id), 0, 0)
    yield Message(RTM_DELTCLASS, 0, header, what)


def filters_of(index: int) -> Message:
    header = HEADER.pack(0, index, 0, QDISC, 0)
    return Message(RTM_GETTFILTER, 0, header, "cannot list filters")


def macs_by_class(filters: Iterable[bytes]) -> dict[int, MacAddress]:
    """Whose packets go to which class, by its handle."""
    found = (nla.parse(nla.parse(one[HEADER.size :]).get(TCA_OPTIONS, b"")) for one in filters)
    return {
        nla.as_u32(options[_TCA_U32_CLASSID]): mac
        for options in found
        if _TCA_U32_CLASSID in options and (mac := _mac(options.get(TCA_U32_SEL, b"")))
    }


def _filter(index: int, floor: Floor) -> bytes:
    entry = _FIRST_ENTRY + floor.class_id
    return HEADER.pack(0, index, entry, QDISC, _PRIORITY_AND_PROTOCOL)


def _selector(mac: MacAddress) -> bytes:
    words = (b"\0\0" + mac.octets[:2], mac.octets[2:])
    masks = (b"\0\0\xff\xff", b"\xff\xff\xff\xff")
    keys = (_KEY.pack(*key, 0) for key in zip(masks, words, _FROM_IP_HEADER, strict=True))
    return SELECTOR.pack(_TERMINAL, 0, 2, 0, 0, 0, 0, 0) + b"".join(keys)


def _mac(selector: bytes) -> MacAddress | None:
    keys = list(_KEY.iter_unpack(selector[SELECTOR.size :]))
    if tuple(offset for _, _, offset, _ in keys) != _FROM_IP_HEADER:
        return None
    return MacAddress.from_bytes(keys[0][1][2:] + keys[1][1])
