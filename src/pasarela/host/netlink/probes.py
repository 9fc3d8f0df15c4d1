"""Asking what the kernel knows of traffic control and of links, without changing anything.

Each of these requests is refused, and how says what the kernel can.
"""

from __future__ import annotations

from pasarela.host.netlink import attributes as nla
from pasarela.host.netlink.socket import NLM_F_CREATE, NLM_F_EXCL, Message
from pasarela.host.netlink.traffic import (
    HEADER,
    IFLA_IFNAME,
    IFLA_INFO_KIND,
    IFLA_LINKINFO,
    LINK_HEADER,
    ROOT,
    RTM_NEWLINK,
    RTM_NEWQDISC,
    TCA_ACT_KIND,
    traffic_message,
)

RTM_NEWACTION = 48
_TCA_ACT_TAB = 1
_IFLA_MTU = 4
_IFLA_BR_VLAN_PROTOCOL = 8
_IMPOSSIBLE_MTU = 0xFFFFFFFF


def probe_qdisc(kind: str) -> Message:
    """ENOENT: no such qdisc; anything else: there is one, and it does not take these options."""
    header = HEADER.pack(0, 1, 0x7FF30000, ROOT, 0)
    flags = NLM_F_CREATE | NLM_F_EXCL
    return traffic_message(RTM_NEWQDISC, flags, header, kind, b"\0\0\0\0", "")


def probe_action(kind: str) -> Message:
    """ENOENT: no such action; EINVAL: there is one, and it wants parameters."""
    wanted = nla.nested(_TCA_ACT_TAB, nla.nested(1, nla.text(TCA_ACT_KIND, kind)))
    return Message(RTM_NEWACTION, NLM_F_CREATE | NLM_F_EXCL, bytes(4) + wanted)


def probe_bridge_vlans() -> Message:
    """EPROTONOSUPPORT: bridges can filter VLANs, but of no such protocol; EINVAL: they cannot."""
    return probe_link("bridge", nla.be16(_IFLA_BR_VLAN_PROTOCOL, 0x1234))


def probe_link(kind: str, *data: bytes) -> Message:
    """EOPNOTSUPP: no such kind of link; EINVAL: there is one, and not with this MTU."""
    info = nla.text(IFLA_INFO_KIND, kind) + (nla.nested(2, *data) if data else b"")
    payload = (
        LINK_HEADER.pack(0, 0, 0, 0, 0)
        + nla.text(IFLA_IFNAME, "pasarela-probe")
        + nla.u32(_IFLA_MTU, _IMPOSSIBLE_MTU)
        + nla.nested(IFLA_LINKINFO, info)
    )
    return Message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, payload)
