"""What netplan's settings say of an interface."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from ipaddress import (
    IPv4Interface,
    IPv6Address,
    IPv6Interface,
    ip_address,
    ip_interface,
    ip_network,
)
from typing import TypeVar

from pasarela.hostnet.netplan.merged import (
    Configuration,
    Device,
    Settings,
    mapping,
    sequence,
    text,
    truth,
)
from pasarela.hostnet.netplan.nodes import Plain
from pasarela.model.interface import ArpMonitor, InterfaceType, MiiMonitor
from pasarela.model.interface_config import (
    BondConfig,
    BridgeConfig,
    ConfiguredRoute,
    DnsConfig,
    InterfaceConfig,
    IpConfig,
    StartMode,
    VlanConfig,
)
from pasarela.model.values import IpAddress, MacAddress

TYPE_OF = {
    "ethernets": InterfaceType.ETHERNET,
    "wifis": InterfaceType.ETHERNET,
    "bridges": InterfaceType.BRIDGE,
    "bonds": InterfaceType.BOND,
    "vlans": InterfaceType.VLAN,
}
Address = IPv4Interface | IPv6Interface
_Parsed = TypeVar("_Parsed")


def interfaces(configuration: Configuration) -> list[InterfaceConfig]:
    """All interfaces of the kinds that libvirt's document can describe, by name."""
    known = (device for device in configuration.devices if device.section in TYPE_OF)
    return sorted((interface(configuration, device) for device in known), key=lambda _: _.name)


def interface(configuration: Configuration, device: Device) -> InterfaceConfig:
    """One device; values that cannot be read are left out: the checks name them."""
    settings = device.settings
    return InterfaceConfig(
        name=device.name,
        type=TYPE_OF.get(device.section, InterfaceType.ETHERNET),
        start=_start(settings),
        mac=_parsed(MacAddress, settings.get("macaddress")),
        mtu=_parsed(int, settings.get("mtu")),
        ipv4=_ip(settings, 4),
        ipv6=_ip(settings, 6),
        dns=_dns(mapping(settings.get("nameservers"))),
        details=_details(configuration, device),
    )


def _start(settings: Settings) -> StartMode:
    if settings.get("activation-mode") in ("manual", "off"):
        return StartMode.NONE
    return StartMode.HOTPLUG if truth(settings.get("optional")) else StartMode.ONBOOT


def _ip(settings: Settings, version: int) -> IpConfig | None:
    routes = [route for route in _routes(settings) if route.destination.version == version]
    defaults = [route for route in routes if route.destination.prefixlen == 0 and not route.metric]
    gateway = _parsed(ip_address, settings.get(f"gateway{version}"))
    gateway = gateway or next((route.gateway for route in defaults if route.gateway), None)
    overrides = mapping(settings.get(f"dhcp{version}-overrides"))
    config = IpConfig(
        dhcp=bool(truth(settings.get(f"dhcp{version}"))),
        autoconf=version == 6 and bool(truth(settings.get("accept-ra"))),
        peer_dns=truth(overrides.get("use-dns")),
        addresses=tuple(_ for _ in _addresses(settings) if _.version == version),
        gateway=gateway,
        routes=tuple(route for route in routes if route not in defaults),
    )
    said = version == 6 and "accept-ra" in settings
    return config if config != IpConfig() or said else None


def _addresses(settings: Settings) -> Iterator[Address]:
    for item in sequence(settings.get("addresses")):
        written = next(iter(item), None) if isinstance(item, dict) else item
        address = _parsed(ip_interface, written)
        if address is not None:
            yield address


def _routes(settings: Settings) -> Iterator[ConfiguredRoute]:
    for item in sequence(settings.get("routes")):
        route = mapping(item)
        gateway = _parsed(ip_address, route.get("via"))
        destination = _parsed(ip_network, _destination(text(route.get("to")), gateway))
        if destination is not None:
            yield ConfiguredRoute(destination, gateway, _parsed(int, route.get("metric")))


def _destination(to: str | None, gateway: IpAddress | None) -> str | None:
    if to != "default":
        return to
    return "::/0" if isinstance(gateway, IPv6Address) else "0.0.0.0/0"


def _dns(settings: Settings) -> DnsConfig:
    servers = (_parsed(ip_address, item) for item in sequence(settings.get("addresses")))
    search = (item for item in sequence(settings.get("search")) if isinstance(item, str))
    return DnsConfig(tuple(server for server in servers if server), tuple(search))


def _details(
    configuration: Configuration, device: Device
) -> BridgeConfig | BondConfig | VlanConfig | None:
    parameters = mapping(device.settings.get("parameters"))
    match device.section:
        case "bridges":
            stp, delay = truth(parameters.get("stp")), parameters.get("forward-delay")
            return BridgeConfig(_ports(configuration, device), stp, _parsed(float, delay))
        case "bonds":
            mode = text(parameters.get("mode"))
            return BondConfig(_ports(configuration, device), mode, _monitor(parameters))
        case "vlans":
            parent = configuration.device(text(device.settings.get("link")) or "")
            tag = _parsed(int, device.settings.get("id"))
            return VlanConfig(tag, parent.name) if parent and tag is not None else None
        case _:
            return None


def _ports(configuration: Configuration, device: Device) -> tuple[InterfaceConfig, ...]:
    return tuple(_port(configuration, id) for id in device.members)


def _port(configuration: Configuration, id: str) -> InterfaceConfig:
    device = configuration.device(id)
    if device is None or device.section == "bridges":
        return InterfaceConfig(id)
    return interface(configuration, device)


def _monitor(parameters: Settings) -> MiiMonitor | ArpMonitor | None:
    mii = _parsed(int, parameters.get("mii-monitor-interval"))
    if mii:
        up, down = (_parsed(int, parameters.get(key)) or 0 for key in ("up-delay", "down-delay"))
        return MiiMonitor(mii, down_delay=down, up_delay=up)
    arp = _parsed(int, parameters.get("arp-interval"))
    targets = sequence(parameters.get("arp-ip-targets"))
    if arp and targets and isinstance(targets[0], str):
        return ArpMonitor(arp, targets[0], text(parameters.get("arp-validate")))
    return None


def _parsed(parse: Callable[[str], _Parsed], plain: Plain) -> _Parsed | None:
    if not isinstance(plain, str):
        return None
    try:
        return parse(plain)
    except ValueError:
        return None
