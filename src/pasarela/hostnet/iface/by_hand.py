"""An interface brought up and down over netlink, where no program of its manager does it.

Bringing up adds what is missing and changes what differs; what is right, and what others added,
stays as it is. So it may be done to an interface that is up, and cuts nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from errno import EADDRNOTAVAIL, EEXIST, EHOSTUNREACH, ENETUNREACH, ENODEV, ESRCH
from ipaddress import IPv4Interface, IPv6Interface, ip_network
from os import urandom

from pasarela.errors import ErrorDomain, OperationUnsupported, SystemCallFailed
from pasarela.host.netlink import addresses, links, routes
from pasarela.host.netlink.links import LinkInfo
from pasarela.host.netlink.socket import Message, NetlinkError, NetlinkSocket
from pasarela.hostnet.live.carry import open_socket
from pasarela.model.interface import InterfaceType
from pasarela.model.interface_config import BridgeConfig, InterfaceConfig, IpConfig
from pasarela.model.values import MacAddress
from pasarela.plan.resources import BridgeLink, LinkRoute

Address = IPv4Interface | IPv6Interface

_LEAST_DELAY = 200  # hundredths of a second
_DEFAULT = {4: ip_network("0.0.0.0/0"), 6: ip_network("::/0")}


def up(config: InterfaceConfig) -> None:
    """Give a link all that its configuration says but DHCP, and set it up.

    Raises:
        SystemCallFailed: the kernel refused, or there is no such device.
        OperationUnsupported: the link must be made first, and is no bridge.
    """
    with open_socket() as socket:
        link = _link(socket, config.name) or _make(socket, config)
        socket.execute(_settings(config, link))
        present = _addresses(socket, link)
        wanted = [address for address in _static(config) if address not in present]
        socket.execute(
            [addresses.add(link.index, link.name, each, at_once=False) for each in wanted]
        )
        for route in _routes(config):
            _add_route(socket, link, route)


def down(config: InterfaceConfig) -> None:
    """Take the link's addresses away and set it down; a bridge without ports goes altogether."""
    with open_socket() as socket:
        link = _link(socket, config.name)
        if link is None:
            return
        if link.kind == "bridge":
            socket.execute([links.delete(link.name)])
            return
        gone = [each for each in _addresses(socket, link) if not each.ip.is_link_local]
        _ignoring(EADDRNOTAVAIL, socket, [addresses.remove(link.index, link.name, a) for a in gone])
        socket.execute([links.set_up(link.name, up=False)])


def without(config: InterfaceConfig, leftovers: InterfaceConfig) -> None:
    """Take from the link the addresses of another configuration that this one does not have."""
    gone = set(_static(leftovers)) - set(_static(config))
    with open_socket() as socket:
        link = _link(socket, config.name)
        if link is not None:
            messages = [addresses.remove(link.index, link.name, each) for each in gone]
            _ignoring(EADDRNOTAVAIL, socket, messages)


def is_up(config: InterfaceConfig) -> bool:
    """Whether the link is up and has addresses; of IPv4 where DHCP should have given one."""
    with open_socket() as socket:
        link = _link(socket, config.name)
        if link is None or not link.up:
            return False
        present = {each for each in _addresses(socket, link) if not each.ip.is_link_local}
    dhcp = config.ipv4 is not None and config.ipv4.dhcp
    if dhcp or _static(config):
        return any(each.version == 4 or not dhcp for each in present)
    return True


def _link(socket: NetlinkSocket, name: str) -> LinkInfo | None:
    (reply,) = socket.request([links.get(name)])
    if reply.error is None:
        return links.parse(reply.payloads[0])
    if reply.error.errno == ENODEV:
        return None
    raise reply.error


def _make(socket: NetlinkSocket, config: InterfaceConfig) -> LinkInfo:
    """A bridge can be made of nothing; a device is there or is not."""
    if config.type is InterfaceType.ETHERNET:
        raise SystemCallFailed(
            f"there is no device {config.name}",
            errno=ENODEV,
            domain=ErrorDomain.INTERFACE,
            remedy="pasarela iface-list --all shows which there are",
        )
    if not isinstance(config.details, BridgeConfig):
        raise OperationUnsupported(
            f"{config.type.value} interface '{config.name}' must be made by what manages it",
            domain=ErrorDomain.INTERFACE,
            remedy="bring it up with ifup, networkctl or nmcli",
        )
    details = config.details
    bridge = BridgeLink(
        name=config.name,
        mac=config.mac or _some_mac(),
        stp=bool(details.stp),
        forward_delay=round((details.forward_delay or 0) * 100),
    )
    socket.execute(links.create_bridge(bridge))
    made = _link(socket, config.name)
    assert made is not None
    return made


def _some_mac() -> MacAddress:
    octets = urandom(6)
    return MacAddress.from_bytes(bytes((octets[0] & 0xFC | 0x02,)) + octets[1:])


def _settings(config: InterfaceConfig, link: LinkInfo) -> list[Message]:
    """What the link itself lacks."""
    messages = []
    if config.mac is not None and config.mac != link.mac:
        messages.append(links.set_mac(link.name, config.mac))
    if config.mtu is not None and config.mtu != link.mtu:
        messages.append(links.set_mtu(link.name, config.mtu))
    if isinstance(config.details, BridgeConfig) and link.kind == "bridge":
        messages += _bridge_settings(config.details, link)
    if not link.up:
        messages.append(links.set_up(link.name, up=True))
    return messages


def _bridge_settings(details: BridgeConfig, link: LinkInfo) -> list[Message]:
    """The spanning tree and the delay, which the kernel has from 2 s up beside it (802.1D).

    It looks at the delay first, by the spanning tree that there is; so that goes off before.
    """
    assert link.mac is not None
    stp = link.stp if details.stp is None else details.stp
    delay = link.forward_delay
    if details.forward_delay is not None:
        delay = round(details.forward_delay * 100)
    before = BridgeLink(link.name, link.mac, stp=link.stp, forward_delay=link.forward_delay)
    after = replace(before, stp=stp, forward_delay=max(delay, _LEAST_DELAY) if stp else delay)
    steps = [replace(before, stp=stp), after] if before.stp and not stp else [after]
    return [] if after == before else [m for step in steps for m in links.change_bridge(step, step)]


def _routes(config: InterfaceConfig) -> Iterator[LinkRoute]:
    """The default route, with the kernel's own metric for it, and those by a gateway."""
    for ip in _families(config):
        if ip.gateway is not None:
            metric = 0 if ip.gateway.version == 4 else 1024
            yield LinkRoute(config.name, _DEFAULT[ip.gateway.version], ip.gateway, metric)
        for route in ip.routes:
            if route.gateway is not None:
                yield LinkRoute(config.name, route.destination, route.gateway, route.metric or 0)


def _add_route(socket: NetlinkSocket, link: LinkInfo, route: LinkRoute) -> None:
    try:
        _ignoring(EEXIST, socket, [routes.add(link.index, route)])
    except NetlinkError as error:
        if error.errno not in (ENETUNREACH, EHOSTUNREACH, ESRCH):
            raise
        raise SystemCallFailed(
            f"cannot add route {route.destination} via {route.gateway} on {route.link}: "
            f"{error.strerror}",
            errno=error.errno,
            domain=ErrorDomain.INTERFACE,
            remedy="the gateway must lie in a network of the interface's own addresses",
        ) from error


def _ignoring(number: int, socket: NetlinkSocket, messages: Sequence[Message]) -> None:
    for reply in socket.request(messages):
        if reply.error is not None and reply.error.errno != number:
            raise reply.error


def _static(config: InterfaceConfig) -> list[Address]:
    return [address for ip in _families(config) for address in ip.addresses]


def _families(config: InterfaceConfig) -> list[IpConfig]:
    return [ip for ip in (config.ipv4, config.ipv6) if ip is not None]


def _addresses(socket: NetlinkSocket, link: LinkInfo) -> set[Address]:
    found = map(addresses.parse, socket.dump(addresses.get_all(link.index)))
    return {address for index, address in found if index == link.index}
