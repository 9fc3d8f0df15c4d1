"""What the stanzas of an interface should say: its configuration as options, by topic."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from ipaddress import ip_network

from pasarela.errors import HostnetRefused
from pasarela.hostnet.ifupdown.addresses import IpInterface
from pasarela.hostnet.ifupdown.editing import Style
from pasarela.hostnet.ifupdown.hooks import route_hooks
from pasarela.model.interface import ArpMonitor, MiiMonitor
from pasarela.model.interface_config import (
    BondConfig,
    BridgeConfig,
    ConfiguredRoute,
    InterfaceConfig,
    IpConfig,
    VlanConfig,
)
from pasarela.model.values import IpAddress

Options = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A stanza that should be there.

    ``link`` are the options that are not about addresses, each by its name with ``-``.
    """

    family: str
    method: str
    address: IpInterface | None = None
    gateway: IpAddress | None = None
    autoconf: bool = False
    routes: tuple[ConfiguredRoute, ...] = ()
    dns: Options = ()
    link: dict[str, str] = field(default_factory=dict)


def wanted(interface: InterfaceConfig) -> list[Wanted]:
    """The stanzas for an interface; the first one has all that is not about addresses.

    Raises:
        HostnetRefused: interfaces(5) has no words for it.
    """
    _check(interface)
    stanzas = [*_family(interface.ipv4, "inet"), *_family(interface.ipv6, "inet6")]
    if not stanzas or (stanzas[0].family == "inet6" and link_options(interface)):
        stanzas.insert(0, Wanted("inet", "manual"))
    first = replace(stanzas[0], link=link_options(interface))
    told = next((i for i, one in enumerate(stanzas) if one.method != "manual"), 0)
    stanzas[0] = first
    stanzas[told] = replace(stanzas[told], dns=_dns(interface))
    return stanzas


def _check(interface: InterfaceConfig) -> None:
    for config in (interface.ipv4, interface.ipv6):
        if config is not None and config.peer_dns is not None and not config.peer_dns:
            raise HostnetRefused(
                f"/etc/network/interfaces cannot say that {interface.name} takes no name servers"
                " from DHCP",
                remedy="say so in /etc/dhcp/dhclient.conf (supersede domain-name-servers …)"
                " and leave it out here",
            )


def _family(config: IpConfig | None, family: str) -> Iterator[Wanted]:
    """The stanzas of one family: DHCP or autoconfiguration first, then one for each address."""
    if config is None:
        return
    stanzas = [Wanted(family, "static", address) for address in config.addresses]
    if config.dhcp:
        stanzas.insert(0, Wanted(family, "dhcp", autoconf=config.autoconf))
    elif config.autoconf:
        stanzas.insert(0, Wanted(family, "auto", autoconf=True))
    routes = config.routes
    holder = next((i for i, one in enumerate(stanzas) if one.method == "static"), None)
    if config.gateway is not None and holder is not None:
        stanzas[holder] = replace(stanzas[holder], gateway=config.gateway)
    elif config.gateway is not None:
        everywhere = ip_network("0.0.0.0/0" if family == "inet" else "::/0")
        routes = (ConfiguredRoute(everywhere, config.gateway), *routes)
    if stanzas:
        stanzas[0] = replace(stanzas[0], routes=routes)
    yield from stanzas


def _dns(interface: InterfaceConfig) -> Options:
    options = []
    if interface.dns.servers:
        options.append(("dns-nameservers", " ".join(map(str, interface.dns.servers))))
    if interface.dns.search:
        options.append(("dns-search", " ".join(interface.dns.search)))
    return tuple(options)


def stanza_lines(name: str, stanza: Wanted, style: Style) -> list[str]:
    options = [*_address_options(stanza), *stanza.dns]
    options += [(spelled(key, style), value) for key, value in stanza.link.items()]
    options += [hook for one in stanza.routes for hook in route_hooks(one)]
    head = f"iface {name} {stanza.family} {stanza.method}"
    return [head, *(f"{style.indent}{key} {value}" for key, value in options)]


def spelled(name: str, style: Style) -> str:
    """An option's name as the file writes it: ``bridge_fd`` as in Debian's manual, or with -."""
    return name.replace("-", style.dash) if name.startswith("bridge-") else name


def _address_options(stanza: Wanted) -> list[tuple[str, str]]:
    options = []
    if stanza.address is not None:
        options.append(("address", str(stanza.address)))
    if stanza.gateway is not None:
        options.append(("gateway", str(stanza.gateway)))
    if stanza.autoconf and stanza.method == "dhcp":
        options.append(("autoconf", "1"))
    return options


# the link


def link_options(interface: InterfaceConfig) -> dict[str, str]:
    """Every option that is not about addresses, in the order to write them in."""
    options: dict[str, str] = {}
    match interface.details:
        case BridgeConfig() as bridge:
            options |= bridge_options(bridge)
        case BondConfig() as bond:
            options |= _bond_options(bond)
        case VlanConfig() as vlan:
            options |= _vlan_options(interface.name, vlan)
    if interface.mtu is not None:
        options["mtu"] = str(interface.mtu)
    if interface.mac is not None:
        options["hwaddress"] = f"ether {interface.mac}"
    return options


def bridge_options(bridge: BridgeConfig) -> dict[str, str]:
    """The bridge's options; where it does not wait for STP, ifup need not wait for it."""
    options = {"bridge-ports": " ".join(port.name for port in bridge.ports) or "none"}
    if bridge.stp is not None:
        options["bridge-stp"] = "on" if bridge.stp else "off"
    if bridge.forward_delay is not None:
        options["bridge-fd"] = f"{bridge.forward_delay:g}"
    if not bridge.stp and not bridge.forward_delay:
        options["bridge-maxwait"] = "0"
    return options


def _bond_options(bond: BondConfig) -> dict[str, str]:
    options = {"bond-slaves": " ".join(port.name for port in bond.ports) or "none"}
    if bond.mode is not None:
        options["bond-mode"] = bond.mode
    match bond.monitor:
        case MiiMonitor(frequency=frequency, down_delay=down, up_delay=up, carrier=carrier):
            options["bond-miimon"] = str(frequency)
            options |= {"bond-downdelay": str(down)} if down else {}
            options |= {"bond-updelay": str(up)} if up else {}
            options |= {"bond-use-carrier": "0"} if carrier == "ioctl" else {}
        case ArpMonitor(interval=interval, target=target, validate=validate):
            options["bond-arp-interval"] = str(interval)
            options["bond-arp-ip-target"] = target
            options |= {"bond-arp-validate": validate} if validate else {}
    return options


def _vlan_options(name: str, vlan: VlanConfig) -> dict[str, str]:
    """ifupdown makes ``eth0.5`` itself; ``vlan5`` takes Debian's package vlan."""
    if name != f"{vlan.parent}.{vlan.tag}" and not re.fullmatch(f"vlan0*{vlan.tag}", name):
        raise HostnetRefused(
            f"ifupdown takes the tag of a VLAN from its name, and '{name}' has no {vlan.tag}",
            remedy=f"call it {vlan.parent}.{vlan.tag} or vlan{vlan.tag}",
        )
    return {"vlan-raw-device": vlan.parent}


DETAIL_NAMES = (
    "bridge-ports",
    "bridge-stp",
    "bridge-fd",
    "bridge-maxwait",
    "bond-slaves",
    "bond-mode",
    "bond-miimon",
    "bond-downdelay",
    "bond-updelay",
    "bond-use-carrier",
    "bond-arp-interval",
    "bond-arp-ip-target",
    "bond-arp-validate",
    "vlan-raw-device",
)
"""What a bridge, bond or VLAN is told of itself; bridge-maxwait is written and never taken away."""
