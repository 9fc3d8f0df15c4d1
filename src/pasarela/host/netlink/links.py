"""rtnetlink's messages for links (linux/rtnetlink.h, linux/if_link.h), and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct

from pasarela.host.netlink import attributes as nla
from pasarela.host.netlink.socket import NLM_F_CREATE, NLM_F_EXCL, Message
from pasarela.model.values import MacAddress
from pasarela.plan.resources import BridgeLink, MacvlanLink

RTM_NEWLINK = 16
RTM_DELLINK = 17
RTM_GETLINK = 18
RTM_SETLINK = 19
IFF_UP = 1

_IFLA_ADDRESS = 1
_IFLA_IFNAME = 3
_IFLA_MTU = 4
_IFLA_LINK = 5
_IFLA_LINKINFO = 18
_IFLA_GROUP = 27
_IFLA_EXT_MASK = 29
_IFLA_INFO_KIND = 1
_IFLA_INFO_DATA = 2
_IFLA_BR_FORWARD_DELAY = 1
_IFLA_BR_STP_STATE = 5
_IFLA_BR_VLAN_FILTERING = 7
_IFLA_MACVLAN_MODE = 1
_MACVLAN_MODE_BRIDGE = 4
_RTEXT_FILTER_SKIP_STATS = 8

_HEADER = Struct("=BxHiII")


@dataclass(frozen=True, slots=True)
class LinkInfo:
    """A link as the kernel describes it; ``forward_delay`` is in hundredths of a second."""

    index: int
    name: str
    kind: str
    mac: MacAddress | None
    mtu: int
    up: bool
    stp: bool = False
    forward_delay: int = 0
    vlan_filtering: bool = False
    parent: int = 0  # the index of the link that it is on, 0 if on none


def create_bridge(link: BridgeLink) -> list[Message]:
    """The bridge with all that it is; a second message only for an MTU of the user's own.

    Setting the MTU on an existing bridge pins it, creating one with it does not.
    """
    messages = [
        Message(
            RTM_NEWLINK,
            NLM_F_CREATE | NLM_F_EXCL,
            _header()
            + nla.text(_IFLA_IFNAME, link.name)
            + nla.attribute(_IFLA_ADDRESS, link.mac.octets)
            + _bridge_info(link),
            f"error creating bridge interface {link.name}",
        )
    ]
    if link.mtu is not None:
        messages.append(set_mtu(link.name, link.mtu))
    return messages


def create_macvlan(link: MacvlanLink, parent: int) -> Message:
    """A macvlan in bridge mode: it and its siblings on the parent hear each other."""
    payload = (
        _header()
        + nla.text(_IFLA_IFNAME, link.name)
        + nla.attribute(_IFLA_ADDRESS, link.mac.octets)
        + nla.u32(_IFLA_LINK, parent)
        + nla.nested(
            _IFLA_LINKINFO,
            nla.text(_IFLA_INFO_KIND, "macvlan"),
            nla.nested(_IFLA_INFO_DATA, nla.u32(_IFLA_MACVLAN_MODE, _MACVLAN_MODE_BRIDGE)),
        )
    )
    label = f"error creating {link.describe()}"
    return Message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, payload, label)


def change_bridge(before: BridgeLink, after: BridgeLink) -> list[Message]:
    messages = [
        Message(
            RTM_NEWLINK,
            0,
            _header()
            + nla.text(_IFLA_IFNAME, after.name)
            + nla.attribute(_IFLA_ADDRESS, after.mac.octets)
            + _bridge_info(after),
            f"cannot change bridge {after.name}",
        )
    ]
    if after.mtu is not None and after.mtu != before.mtu:
        messages.append(set_mtu(after.name, after.mtu))
    return messages


def delete(name: str) -> Message:
    payload = _header() + nla.text(_IFLA_IFNAME, name)
    return Message(RTM_DELLINK, 0, payload, f"cannot delete bridge {name}")


def set_group(name: str, group: int) -> Message:
    payload = _header() + nla.text(_IFLA_IFNAME, name) + nla.u32(_IFLA_GROUP, group)
    return Message(RTM_SETLINK, 0, payload, f"cannot delete bridge {name}")


def delete_group(group: int) -> Message:
    """Deletes every link of a group at once, which waits for the kernel once."""
    return Message(RTM_DELLINK, 0, _header() + nla.u32(_IFLA_GROUP, group), "cannot delete bridges")


def set_up(name: str, *, up: bool) -> Message:
    payload = _header(flags=IFF_UP if up else 0, change=IFF_UP) + nla.text(_IFLA_IFNAME, name)
    return Message(RTM_NEWLINK, 0, payload, f"Cannot set interface flags on '{name}'")


def get(name: str) -> Message:
    payload = (
        _header() + nla.text(_IFLA_IFNAME, name) + nla.u32(_IFLA_EXT_MASK, _RTEXT_FILTER_SKIP_STATS)
    )
    return Message(RTM_GETLINK, 0, payload, f"cannot look at link {name}")


def get_all() -> Message:
    payload = _header() + nla.u32(_IFLA_EXT_MASK, _RTEXT_FILTER_SKIP_STATS)
    return Message(RTM_GETLINK, 0, payload, "cannot list links")


def parse(payload: bytes) -> LinkInfo:
    """A link from what RTM_GETLINK or a dump of them gave."""
    _, _, index, flags, _ = _HEADER.unpack_from(payload)
    found = nla.parse(payload[_HEADER.size :])
    info = nla.parse(found.get(_IFLA_LINKINFO, b""))
    kind = nla.as_text(info.get(_IFLA_INFO_KIND, b""))
    data = nla.parse(info.get(_IFLA_INFO_DATA, b"")) if kind == "bridge" else {}
    return LinkInfo(
        index=index,
        name=nla.as_text(found.get(_IFLA_IFNAME, b"")),
        kind=kind,
        mac=_mac(found.get(_IFLA_ADDRESS, b"")),
        mtu=_u32(found, _IFLA_MTU),
        up=bool(flags & IFF_UP),
        stp=_u32(data, _IFLA_BR_STP_STATE) != 0,
        forward_delay=_u32(data, _IFLA_BR_FORWARD_DELAY),
        vlan_filtering=data.get(_IFLA_BR_VLAN_FILTERING, b"\0") != b"\0",
        parent=_u32(found, _IFLA_LINK),
    )


def parse_name(payload: bytes) -> tuple[int, str]:
    """Only the index and the name, for lists of many."""
    index = _HEADER.unpack_from(payload)[2]
    for kind, value in nla.each(payload[_HEADER.size :]):
        if kind == _IFLA_IFNAME:
            return index, nla.as_text(value)
    return index, ""


def _header(flags: int = 0, change: int = 0) -> bytes:
    return _HEADER.pack(0, 0, 0, flags, change)


def _bridge_info(link: BridgeLink) -> bytes:
    data = [
        nla.u32(_IFLA_BR_FORWARD_DELAY, link.forward_delay),
        nla.u32(_IFLA_BR_STP_STATE, int(link.stp)),
    ]
    if link.vlan_filtering:  # kernels without it refuse the attribute itself
        data.append(nla.u8(_IFLA_BR_VLAN_FILTERING, 1))
    return nla.nested(
        _IFLA_LINKINFO,
        nla.text(_IFLA_INFO_KIND, "bridge"),
        nla.nested(_IFLA_INFO_DATA, *data),
    )


def set_mac(name: str, mac: MacAddress) -> Message:
    payload = _header() + nla.text(_IFLA_IFNAME, name) + nla.attribute(_IFLA_ADDRESS, mac.octets)
    return Message(RTM_SETLINK, 0, payload, f"Cannot set interface MAC to {mac} on '{name}'")


def set_mtu(name: str, mtu: int) -> Message:
    payload = _header() + nla.text(_IFLA_IFNAME, name) + nla.u32(_IFLA_MTU, mtu)
    return Message(RTM_SETLINK, 0, payload, f"Cannot set interface MTU on '{name}'")


def _mac(octets: bytes) -> MacAddress | None:
    return MacAddress.from_bytes(octets) if len(octets) == 6 else None


def _u32(found: dict[int, bytes], kind: int) -> int:
    return nla.as_u32(found[kind]) if kind in found else 0
