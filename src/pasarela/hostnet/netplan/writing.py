"""What an interface shall be, as netplan's settings."""

from __future__ import annotations

from collections.abc import Sequence

from pasarela.hostnet.netplan.style import Value
from pasarela.model.interface import ArpMonitor, InterfaceType, MiiMonitor
from pasarela.model.interface_config import (
    BondConfig,
    BridgeConfig,
    ConfiguredRoute,
    InterfaceConfig,
    IpConfig,
    StartMode,
    VlanConfig,
)
from pasarela.model.values import IpAddress

SECTION_OF = {
    InterfaceType.ETHERNET: "ethernets",
    InterfaceType.BRIDGE: "bridges",
    InterfaceType.BOND: "bonds",
    InterfaceType.VLAN: "vlans",
}
NewSettings = dict[str, Value]


def bridge_settings(
    bridge: InterfaceConfig, ids: Sequence[str], copied: NewSettings | None = None
) -> NewSettings:
    """What a bridge says besides its addresses. Without STP there is nothing to wait for, so
    that its forward delay is 0: netplan's default, 15 s, is longer than a DHCP client waits."""
    details = bridge.details if isinstance(bridge.details, BridgeConfig) else BridgeConfig()
    parameters: NewSettings = {"stp": bool(details.stp)}
    delay = details.forward_delay if details.stp or details.forward_delay is not None else 0
    if delay is not None:
        parameters["forward-delay"] = delay
    return _interfaces(ids) | (copied or {}) | _hardware(bridge) | {"parameters": parameters}


def address_settings(interface: InterfaceConfig) -> NewSettings:
    """What an interface says of its addresses."""
    families = [ip for ip in (interface.ipv4, interface.ipv6) if ip is not None]
    settings: NewSettings = {}
    if interface.ipv4 is not None and (interface.ipv4.dhcp or not interface.ipv4.addresses):
        settings["dhcp4"] = interface.ipv4.dhcp
    if interface.ipv6 is not None and interface.ipv6.dhcp:
        settings["dhcp6"] = True
    settings |= _overrides(interface)
    if interface.ipv6 is not None:
        settings["accept-ra"] = interface.ipv6.autoconf
    addresses = [str(address) for ip in families for address in ip.addresses]
    routes = [route for ip in families for route in _routes(ip)]
    settings |= {"addresses": addresses} if addresses else {}
    settings |= {"routes": routes} if routes else {}
    return settings | _nameservers(interface)


def device_settings(interface: InterfaceConfig, ids: Sequence[str]) -> NewSettings:
    """All that is said of an interface."""
    match interface.details:
        case BridgeConfig():
            kind = bridge_settings(interface, ids)
        case BondConfig() as bond:
            parameters = _bond_parameters(bond)
            kind = _interfaces(ids) | _hardware(interface)
            kind |= {"parameters": parameters} if parameters else {}
        case VlanConfig(tag=tag, parent=_):
            kind = {"id": tag, "link": ids[0], **_hardware(interface)}
        case _:
            kind = _hardware(interface)
    return kind | _start(interface.start) | address_settings(interface)


def _interfaces(ids: Sequence[str]) -> NewSettings:
    return {"interfaces": list(ids)}


def _start(mode: StartMode) -> NewSettings:
    match mode:
        case StartMode.NONE:
            return {"activation-mode": "manual"}
        case StartMode.HOTPLUG:
            return {"optional": True}
        case _:
            return {}


def _hardware(interface: InterfaceConfig) -> NewSettings:
    mac: NewSettings = {"macaddress": str(interface.mac)} if interface.mac else {}
    return mac | ({"mtu": interface.mtu} if interface.mtu else {})


def _overrides(interface: InterfaceConfig) -> NewSettings:
    """The same for both families: netplan refuses anything else for networkd."""
    families = {"dhcp4": interface.ipv4, "dhcp6": interface.ipv6}
    leased = {key: ip.peer_dns for key, ip in families.items() if ip is not None and ip.dhcp}
    wanted = next((value for value in leased.values() if value is not None), None)
    return {f"{key}-overrides": {"use-dns": wanted} for key in leased} if wanted is not None else {}


def _routes(ip: IpConfig) -> list[NewSettings]:
    gateway = [_route("default", ip.gateway, None)] if ip.gateway else []
    return gateway + [_configured(route) for route in ip.routes]


def _configured(route: ConfiguredRoute) -> NewSettings:
    to = "default" if route.destination.prefixlen == 0 else str(route.destination)
    return _route(to, route.gateway, route.metric)


def _route(to: str, via: IpAddress | None, metric: int | None) -> NewSettings:
    where: NewSettings = {"via": str(via)} if via else {"scope": "link"}
    return {"to": to} | where | ({"metric": metric} if metric is not None else {})


def _nameservers(interface: InterfaceConfig) -> NewSettings:
    dns: NewSettings = {}
    if interface.dns.servers:
        dns["addresses"] = [str(server) for server in interface.dns.servers]
    if interface.dns.search:
        dns["search"] = list(interface.dns.search)
    return {"nameservers": dns} if dns else {}


def _bond_parameters(bond: BondConfig) -> NewSettings:
    parameters: NewSettings = {"mode": bond.mode} if bond.mode else {}
    match bond.monitor:
        case MiiMonitor(frequency=frequency, up_delay=up, down_delay=down):
            parameters["mii-monitor-interval"] = frequency
            parameters |= {"up-delay": up} if up else {}
            parameters |= {"down-delay": down} if down else {}
        case ArpMonitor(interval=interval, target=target, validate=validate):
            parameters |= {"arp-interval": interval, "arp-ip-targets": [target]}
            parameters |= {"arp-validate": validate} if validate else {}
        case _:
            pass
    return parameters
