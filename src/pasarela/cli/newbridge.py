"""From the options of ``host-bridge create`` to the bridge that they ask for."""

from __future__ import annotations

from ipaddress import IPv4Interface, IPv6Interface, ip_address, ip_interface, ip_network
from typing import TYPE_CHECKING

from pasarela.cli.faults import CommandFailed
from pasarela.model.interface import InterfaceType
from pasarela.model.interface_config import (
    BridgeConfig,
    ConfiguredRoute,
    DnsConfig,
    InterfaceConfig,
    IpConfig,
)
from pasarela.model.values import MacAddress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pasarela.cli.arguments import Arguments
    from pasarela.model.values import IpAddress

_MTU = range(68, 65536)


def config_of(bridge: str, arguments: Arguments) -> InterfaceConfig:
    """
    Raises:
        CommandFailed: a value cannot be, or two do not go together.
    """
    ports = arguments.rest("port")
    if not ports:
        raise CommandFailed("a bridge over what? Name a port", hint="as in: --port enp3s0")
    addresses = [_interface(text) for text in arguments.rest("address")]
    gateways = [_address(text, "--gateway") for text in arguments.rest("gateway")]
    _check_gateways(addresses, gateways)
    dhcp, servers = arguments.flag("dhcp"), arguments.rest("dns")
    if servers and not dhcp and not addresses:
        raise CommandFailed(
            "--dns goes with --dhcp or --address",
            hint="without them the bridge has what the card had, and its name servers, too",
        )
    if dhcp and any(one.version == 4 for one in addresses):
        raise CommandFailed(
            "--dhcp and an IPv4 --address do not go together", hint="leave one of them out"
        )
    mtu = arguments.integer("mtu", 0)
    if mtu and mtu not in _MTU:
        raise CommandFailed(f"{mtu} is no MTU", hint="from 68 to 65535; 1500 is Ethernet's")
    stp = _switch(arguments.optional("stp"))
    return InterfaceConfig(
        name=bridge,
        type=InterfaceType.BRIDGE,
        mac=_mac(arguments.optional("mac")),
        mtu=mtu or None,
        ipv4=_ip(4, addresses, gateways, dhcp=dhcp),
        ipv6=_ip(6, addresses, gateways),
        dns=DnsConfig(tuple(_address(text, "--dns") for text in servers)),
        details=BridgeConfig(
            ports=tuple(InterfaceConfig(port) for port in ports),
            stp=stp,
            forward_delay=2 if stp else 0,
        ),
    )


def keeps(config: InterfaceConfig) -> bool:
    """Whether nothing was said of addresses, so that those of the port stay."""
    return config.ipv4 is None and config.ipv6 is None


def _ip(
    version: int,
    addresses: Sequence[IPv4Interface | IPv6Interface],
    gateways: Sequence[IpAddress],
    *,
    dhcp: bool = False,
) -> IpConfig | None:
    mine = tuple(one for one in addresses if one.version == version)
    gateway = next((one for one in gateways if one.version == version), None)
    if not mine and not dhcp:
        return None
    on_link = gateway is not None and _is_beside(gateway, mine)
    routes = (ConfiguredRoute(ip_network(str(gateway)), None),) if on_link else ()
    return IpConfig(dhcp=dhcp, addresses=mine, gateway=gateway, routes=routes)


def _is_beside(gateway: IpAddress, addresses: Sequence[IPv4Interface | IPv6Interface]) -> bool:
    """Whether it needs a route of its own on the link, as where clouds give a host its address
    alone (/32, /128)."""
    alone = all(one.network.prefixlen == one.max_prefixlen for one in addresses)
    return bool(addresses) and alone and not _is_near(gateway, addresses)


def _is_near(gateway: IpAddress, addresses: Sequence[IPv4Interface | IPv6Interface]) -> bool:
    link_local = gateway.version == 6 and gateway.is_link_local
    return link_local or any(gateway in one.network for one in addresses)


def _check_gateways(
    addresses: Sequence[IPv4Interface | IPv6Interface], gateways: Sequence[IpAddress]
) -> None:
    for gateway in gateways:
        near = [one for one in addresses if one.version == gateway.version]
        if not _is_near(gateway, near) and not _is_beside(gateway, near):
            where = ", ".join(str(one.network) for one in near) or "no --address of its kind"
            raise CommandFailed(
                f"the gateway {gateway} lies outside the bridge's network: {where}",
                hint="a gateway must be reached directly: look for a digit that is missing",
            )


def _interface(text: str) -> IPv4Interface | IPv6Interface:
    try:
        if "/" not in text:
            raise ValueError
        return ip_interface(text)
    except ValueError:
        raise CommandFailed(
            f"'{text}' is no address with its network's length", hint="as in: 172.26.0.100/16"
        ) from None


def _address(text: str, option: str) -> IpAddress:
    try:
        return ip_address(text)
    except ValueError:
        raise CommandFailed(f"{option}: '{text}' is no IP address") from None


def _mac(text: str | None) -> MacAddress | None:
    try:
        mac = None if text is None else MacAddress(text)
    except ValueError:
        raise CommandFailed(f"'{text}' is no MAC address", hint="as in: 52:54:00:26:0:1") from None
    if mac is not None and (mac.is_multicast or not any(mac.octets)):
        raise CommandFailed(
            f"--mac: {mac} is nobody's own address",
            hint="the first of its six numbers must be even, and not all are 0: 52:54:00:26:00:01",
        )
    return mac


def _switch(text: str | None) -> bool:
    if text not in (None, "on", "off"):
        raise CommandFailed(f"--stp: '{text}' is neither on nor off")
    return text == "on"
