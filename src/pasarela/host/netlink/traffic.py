"""rtnetlink's messages for traffic control (linux/pkt_sched.h, pkt_cls.h, tc_act/tc_mirred.h).

A direction's queue is an HTB qdisc ``1:`` whose class ``1:1`` holds the whole limit and whose
class ``1:2`` below it takes all that has no class of its own. A guest's class is beside ``1:2``,
and a filter sends there what bears its MAC.
"""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct

from pasarela.host.netlink import attributes as nla
from pasarela.host.netlink.socket import NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE, Message
from pasarela.plan.shaping import Limit

RTM_NEWLINK = 16
RTM_NEWQDISC = 36
RTM_DELQDISC = 37
RTM_NEWTCLASS = 40
RTM_GETTCLASS = 42
RTM_NEWTFILTER = 44
RTM_GETTFILTER = 46

ROOT = 0xFFFFFFFF
INGRESS = 0xFFFF0000
_INGRESS_PARENT = 0xFFFFFFF1
QDISC = 0x00010000
WHOLE = 0x00010001
DEFAULT = 0x00010002

TCA_KIND = 1
TCA_OPTIONS = 2
_TCA_HTB_PARMS = 1
_TCA_HTB_INIT = 2
_TCA_HTB_RATE64 = 6
_TCA_HTB_CEIL64 = 7
TCA_U32_SEL = 5
_TCA_U32_ACT = 7
TCA_ACT_KIND = 1
_TCA_ACT_OPTIONS = 2
_TCA_MIRRED_PARMS = 2
_TC_ACT_STOLEN = 4
_TCA_EGRESS_REDIR = 1
ETH_P_ALL = 0x0300  # in network byte order
_LINK_LAYER_ETHERNET = 1
IFLA_IFNAME = 3
IFLA_LINKINFO = 18
IFLA_INFO_KIND = 1

HEADER = Struct("=BxxxiIII")
LINK_HEADER = Struct("=BxHiII")
_HTB_INIT = Struct("=IIIII")
_RATE = Struct("=BBHhHI")
_HTB_REST = Struct("=IIIII")
_U64 = Struct("=Q")
_SFQ = Struct("=IiIII")
SELECTOR = Struct("=BBBxHHhhI")
SELECTOR_KEY = Struct("=IIii")
_MIRRED = Struct("=IIiiiiI")
_MAX_QUANTUM = 200_000
_MIN_QUANTUM = 1514
_U32_MAX = 0xFFFFFFFF


def queue(index: int, limit: Limit, *, fair: bool) -> list[Message]:
    """The queue of a device, in place of the one that it has."""
    what = "cannot limit bandwidth"
    messages = [
        traffic_message(
            RTM_NEWQDISC,
            NLM_F_CREATE | NLM_F_REPLACE,
            HEADER.pack(0, index, QDISC, ROOT, 0),
            "htb",
            nla.attribute(_TCA_HTB_INIT, _HTB_INIT.pack(3, 10, DEFAULT & 0xFFFF, 0, 0)),
            what,
        ),
        limited_class(index, WHOLE, QDISC, limit),
        limited_class(index, DEFAULT, WHOLE, limit),
    ]
    if fair:
        messages.append(fair_queue(index, DEFAULT))
    return messages


def fair_queue(index: int, parent: int) -> Message:
    """Shares out a class among its flows; its own number is that of the class, as tc's users do."""
    header = HEADER.pack(0, index, (parent & 0xFFFF) << 16, parent, 0)
    options = _SFQ.pack(0, 10, 0, 0, 0)
    return traffic_message(
        RTM_NEWQDISC, NLM_F_CREATE, header, "sfq", options, "cannot limit bandwidth"
    )


def remove_queue(index: int) -> Message:
    return Message(RTM_DELQDISC, 0, HEADER.pack(0, index, QDISC, ROOT, 0), "cannot lift limit")


def redirect(index: int, target: int) -> list[Message]:
    """Sends all that enters a device through another one's queue."""
    what = "cannot limit what guests send"
    entry = HEADER.pack(0, index, INGRESS, _INGRESS_PARENT, 0)
    at = HEADER.pack(0, index, 0, INGRESS, 1 << 16 | ETH_P_ALL)
    everything = SELECTOR.pack(1, 0, 1, 0, 0, 0, 0, 0) + SELECTOR_KEY.pack(0, 0, 0, 0)
    mirred = _MIRRED.pack(0, 0, _TC_ACT_STOLEN, 0, 0, _TCA_EGRESS_REDIR, target)
    action = nla.nested(
        1,
        nla.text(TCA_ACT_KIND, "mirred"),
        nla.nested(_TCA_ACT_OPTIONS, nla.attribute(_TCA_MIRRED_PARMS, mirred)),
    )
    options = nla.attribute(TCA_U32_SEL, everything) + nla.nested(_TCA_U32_ACT, action)
    flags = NLM_F_CREATE | NLM_F_EXCL
    return [
        traffic_message(RTM_NEWQDISC, flags, entry, "ingress", b"", what),
        traffic_message(RTM_NEWTFILTER, flags, at, "u32", options, what),
    ]


def remove_redirect(index: int) -> Message:
    payload = HEADER.pack(0, index, INGRESS, _INGRESS_PARENT, 0)
    return Message(RTM_DELQDISC, 0, payload, "cannot lift limit")


def create_detour(name: str) -> Message:
    payload = (
        LINK_HEADER.pack(0, 0, 0, 1, 1)
        + nla.text(IFLA_IFNAME, name)
        + nla.nested(IFLA_LINKINFO, nla.text(IFLA_INFO_KIND, "ifb"))
    )
    return Message(RTM_NEWLINK, NLM_F_CREATE, payload, f"cannot create device {name}")


def limited_class(index: int, handle: int, parent: int, limit: Limit) -> Message:
    """Makes a class, or changes it if there is one."""
    options = nla.attribute(
        _TCA_HTB_PARMS,
        _rate(limit.rate)
        + _rate(limit.peak)
        + _HTB_REST.pack(
            _buffer(limit.rate, limit.burst),
            _buffer(limit.peak, limit.burst),
            min(max(limit.rate // 10, _MIN_QUANTUM), _MAX_QUANTUM),
            0,
            0,
        ),
    )
    for kind, rate in ((_TCA_HTB_RATE64, limit.rate), (_TCA_HTB_CEIL64, limit.peak)):
        if rate > _U32_MAX:
            options += nla.attribute(kind, _U64.pack(rate))
    header = HEADER.pack(0, index, handle, parent, 0)
    return traffic_message(
        RTM_NEWTCLASS, NLM_F_CREATE, header, "htb", options, "cannot limit bandwidth"
    )


def classes_of(index: int) -> Message:
    return Message(RTM_GETTCLASS, 0, HEADER.pack(0, index, 0, 0, 0), "cannot list classes")


def filters_at_entry(index: int) -> Message:
    return Message(RTM_GETTFILTER, 0, HEADER.pack(0, index, 0, INGRESS, 0), "cannot list filters")


def parse_class(payload: bytes, expected: Mapping[int, Limit]) -> tuple[int, Limit] | None:
    """A class's handle and limit; None for one that is not HTB's.

    A burst comes back in ticks, so what was ``expected`` of that handle is returned where it comes
    to the same.
    """
    _, _, handle, _, _ = HEADER.unpack_from(payload)
    found = nla.parse(payload[HEADER.size :])
    options = nla.parse(found.get(TCA_OPTIONS, b""))
    if nla.as_text(found.get(TCA_KIND, b"")) != "htb" or _TCA_HTB_PARMS not in options:
        return None
    parameters = options[_TCA_HTB_PARMS]
    rate = _wide(options.get(_TCA_HTB_RATE64), _RATE.unpack_from(parameters)[5])
    peak = _wide(options.get(_TCA_HTB_CEIL64), _RATE.unpack_from(parameters, _RATE.size)[5])
    buffer = _HTB_REST.unpack_from(parameters, 2 * _RATE.size)[0]
    limit = expected.get(handle)
    if limit and (rate, peak, buffer) == (
        limit.rate,
        limit.peak,
        _buffer(limit.rate, limit.burst),
    ):
        return handle, limit
    return handle, Limit(rate, peak, (buffer << 6) * rate // 10**9)


def redirects_to(payload: bytes) -> int | None:
    """The index of the device that a filter sends packets to."""
    options = nla.parse(nla.parse(payload[HEADER.size :]).get(TCA_OPTIONS, b""))
    for _, action in nla.each(options.get(_TCA_U32_ACT, b"")):
        inner = nla.parse(nla.parse(action).get(_TCA_ACT_OPTIONS, b""))
        if _TCA_MIRRED_PARMS in inner:
            return int(_MIRRED.unpack_from(inner[_TCA_MIRRED_PARMS])[6])
    return None


def traffic_message(
    kind: int, flags: int, header: bytes, name: str, options: bytes, label: str
) -> Message:
    payload = header + nla.text(TCA_KIND, name)
    if options:
        payload += nla.attribute(TCA_OPTIONS, options)
    return Message(kind, flags, payload, label)


def _rate(rate: int) -> bytes:
    return _RATE.pack(0, _LINK_LAYER_ETHERNET, 0, 0, 0, min(rate, _U32_MAX))


def _buffer(rate: int, burst: int) -> int:
    """How long ``burst`` takes at ``rate``, in the kernel's ticks of 64 ns."""
    return min(burst * 10**9 // rate >> 6, _U32_MAX)


def _wide(attribute: bytes | None, narrow: int) -> int:
    return int(_U64.unpack_from(attribute)[0]) if attribute else narrow
