"""From a configuration to what the kernel shall have of it, and what may not be."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Interface, IPv6Interface, ip_network
from pathlib import Path
from socket import AF_INET, AF_INET6
from struct import Struct

from pasarela.errors import ErrorDomain, HostnetRefused, InterfaceNotFound
from pasarela.hostnet.live import wire
from pasarela.hostnet.live.items import (
    FOREVER,
    IFA_ADDRESS,
    IFA_LOCAL,
    RT_TABLE_MAIN,
    RTA_DST,
    RTA_GATEWAY,
    RTA_PRIORITY,
    Address,
    Link,
    Route,
)
from pasarela.hostnet.live.wanted import BridgeWish
from pasarela.model.interface_config import BridgeConfig, InterfaceConfig, IpConfig
from pasarela.model.values import IpAddress

CLASS_NET = Path("/sys/class/net")
_IFA_BROADCAST = 4
_BOOT, _UNICAST = 3, 1
_V6_METRIC = 1024
_IPV6_MTU = 1280
_U32 = Struct("=I")
_NAME = re.compile(r"[A-Za-z0-9_.+@][A-Za-z0-9_.+@-]{0,14}")
_OTHERS = (".", "..", "all", "default")  # folders in /proc/sys/net/ipv4/conf


def wish_of(config: InterfaceConfig) -> BridgeWish:
    """What a bridge's configuration asks of the kernel; DHCP is somebody else's.

    Raises:
        HostnetRefused: it is none of a bridge with ports.
    """
    if not isinstance(config.details, BridgeConfig) or not config.ports:
        raise HostnetRefused(
            f"'{config.name}' has no port to take over from",
            remedy=f"name one: pasarela host-bridge create {config.name} --port NIC",
        )
    families = [ip for ip in (config.ipv4, config.ipv6) if ip is not None]
    return BridgeWish(
        name=config.name,
        ports=config.ports,
        mac=config.mac.octets if config.mac else None,
        mtu=config.mtu,
        stp=bool(config.details.stp),
        forward_delay=_forward_delay(config.details),
        addresses=tuple(address(config.name, one) for ip in families for one in ip.addresses),
        routes=tuple(route for ip in families for route in _routes(config.name, ip)),
    )


def _forward_delay(details: BridgeConfig) -> int:
    """The kernel takes none under 2 s with STP (802.1D's range)."""
    if details.forward_delay is not None:
        return round(details.forward_delay * 100)
    return 200 if details.stp else 0


def check_mtu(wish: BridgeWish, addresses: Sequence[Address]) -> None:
    """Refuse an MTU with which the kernel takes IPv6 away from a link.

    Raises:
        HostnetRefused: the ports have IPv6 addresses, or the bridge is to have some.
    """
    found = [*wish.addresses, *(one for one in addresses if one.link in wish.ports)]
    if wish.mtu and wish.mtu < _IPV6_MTU and any(one.family == AF_INET6 for one in found):
        raise HostnetRefused(
            f"IPv6 needs an MTU of {_IPV6_MTU} at least, and {' or '.join(wish.ports)} has "
            f"IPv6 addresses, which {wish.name} would lose with {wish.mtu}",
            remedy=f"give --mtu {_IPV6_MTU} or more, or turn IPv6 off first",
        )


def address(link: str, value: IPv4Interface | IPv6Interface) -> Address:
    packed = value.ip.packed
    if isinstance(value, IPv6Interface):
        attributes: tuple[tuple[int, bytes], ...] = ((IFA_ADDRESS, packed),)
    else:
        attributes = ((IFA_ADDRESS, packed), (IFA_LOCAL, packed))
        if value.network.prefixlen < 31:
            attributes += ((_IFA_BROADCAST, value.network.broadcast_address.packed),)
    return Address(
        link=link,
        family=AF_INET if value.version == 4 else AF_INET6,
        prefix=value.network.prefixlen,
        scope=0,
        flags=0,
        preferred=FOREVER,
        valid=FOREVER,
        label=link if value.version == 4 else None,
        attributes=attributes,
    )


def _routes(link: str, ip: IpConfig) -> Iterator[Route]:
    if ip.gateway is not None:
        everything = ip_network("0.0.0.0/0" if ip.gateway.version == 4 else "::/0")
        yield _route(link, everything.network_address, 0, ip.gateway, None)
    for one in ip.routes:
        target = one.destination
        yield _route(link, target.network_address, target.prefixlen, one.gateway, one.metric)


def _route(
    link: str, target: IpAddress, length: int, gateway: IpAddress | None, metric: int | None
) -> Route:
    family = AF_INET if isinstance(target, IPv4Address) else AF_INET6
    scope = 0 if gateway or family == AF_INET6 else 253  # link: nothing lies between
    attributes = [(RTA_DST, target.packed)] if length else []
    if gateway is not None:
        attributes.append((RTA_GATEWAY, gateway.packed))
    cost = metric or (_V6_METRIC if family == AF_INET6 else 0)
    if cost:
        attributes.append((RTA_PRIORITY, _U32.pack(cost)))
    header = wire.RTMSG.pack(family, length, 0, 0, RT_TABLE_MAIN, _BOOT, scope, _UNICAST, 0)
    return Route(link, family, header, RT_TABLE_MAIN, tuple(sorted(attributes)))


def check_name(name: str) -> None:
    """Refuse a name that the kernel would not take, or that a manager's files cannot say.

    systemd takes no digits alone and nothing but ASCII (ifname_valid, v252), and ``:`` begins an
    alias to ifupdown; a space or a ``%`` means something to each of them.

    Raises:
        HostnetRefused: it is no name for a bridge.
    """
    if not _NAME.fullmatch(name) or name.isdigit() or name in _OTHERS:
        raise HostnetRefused(
            f"'{name}' is no name for a bridge",
            remedy="write 1 to 15 letters, digits, or - (not first) _ . + @, as in: br0",
        )


def check_ports(bridge: str, ports: Sequence[str], links: Mapping[str, Link]) -> None:
    """Refuse what cannot be a port, with the reason and what else there is to do.

    Raises:
        InterfaceNotFound: there is no such device.
        HostnetRefused: it cannot be a port of this bridge.
    """
    for port in ports:
        if ports.count(port) > 1:
            raise HostnetRefused(f"{port} is named twice", remedy=f"once is enough: --port {port}")
        link = links.get(port)
        if link is None:
            raise InterfaceNotFound(
                f"there is no device '{port}'",
                domain=ErrorDomain.INTERFACE,
                remedy=f"there are: {', '.join(sorted(set(links) - {'lo'}))}",
            )
        _check_port(bridge, link)


def _check_port(bridge: str, link: Link) -> None:
    name = link.name
    if name == "lo":
        raise HostnetRefused("the loopback cannot be in a bridge", remedy="name a network card")
    if link.kind == "bridge":
        raise HostnetRefused(
            f"{name} is a bridge, and a bridge cannot be a port of another",
            remedy=f"use {name} as it is: pasarela net-new NAME --kind bridge --bridge {name}",
        )
    if (CLASS_NET / name / "wireless").exists() or (CLASS_NET / name / "phy80211").exists():
        raise HostnetRefused(
            f"{name} is a Wi-Fi interface: an access point takes frames from the address of the "
            "station alone (802.11), so it cannot be in a bridge, nor carry macvtap",
            remedy="use a NAT or routed network: pasarela net-new NAME --kind nat --start",
        )
    if link.master is not None and link.master != bridge:
        raise HostnetRefused(
            f"{name} is in {link.master} already",
            remedy=f"use {link.master}, or take it out: "
            f"pasarela host-bridge del-port {link.master} {name}",
        )
    on_top = [child.name for child in CLASS_NET.glob("*/") if _shares(child, name)]
    if on_top:
        raise HostnetRefused(
            f"{name} carries {', '.join(sorted(on_top))} (macvlan or macvtap), and a card that is "
            "shared so cannot be in a bridge as well",
            remedy="stop the networks or guests that use it: pasarela net-list",
        )


def _shares(child: Path, name: str) -> bool:
    """Whether a link is a macvlan or macvtap over another, which the kernel tells by its name."""
    try:
        kind = (child / "uevent").read_text()
    except OSError:
        return False
    lower = (child / f"lower_{name}").exists()
    return lower and not any(f"DEVTYPE={other}" in kind for other in ("vlan", "bridge", "bond"))


__all__ = ["address", "check_mtu", "check_name", "check_ports", "wish_of"]
