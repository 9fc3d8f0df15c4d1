"""What stanzas say of interfaces, as the model has it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from pasarela.hostnet.ifupdown.addresses import IpInterface, clean, interface_of, ip_of
from pasarela.hostnet.ifupdown.document import Configuration, Option, Stanza, split_names
from pasarela.hostnet.ifupdown.hooks import route
from pasarela.model.interface import ArpMonitor, InterfaceType, MiiMonitor
from pasarela.model.interface_config import (
    BondConfig,
    BridgeConfig,
    DnsConfig,
    InterfaceConfig,
    IpConfig,
    StartMode,
    VlanConfig,
)
from pasarela.model.values import IpAddress, MacAddress

BOND_PORTS = ("bond-slaves", "slaves", "bond-ports")
_VLAN_NAME = re.compile(r"(?P<parent>.+)\.(?P<tag>\d+)|vlan0*(?P<only>\d+)")


def interfaces(configuration: Configuration) -> tuple[InterfaceConfig, ...]:
    """Every interface that has a stanza, by name."""
    names = sorted({one.device for one in configuration.stanzas if one.name and not one.template})
    return tuple(interface(configuration, name) for name in names)


def interface(
    configuration: Configuration, name: str, seen: frozenset[str] = frozenset()
) -> InterfaceConfig:
    """What the files say of one interface; ``seen`` are those that it is a port of."""
    stanzas = [inherited(configuration, one) for one in configuration.of(name)]
    options = [option for stanza in stanzas if not stanza.is_alias for option in stanza.options]
    details = _details(configuration, name, options, seen | {name})
    return InterfaceConfig(
        name,
        _type(details),
        start(configuration, name),
        mac_of(options),
        _number(_last(options, "mtu")),
        ip_config([one for one in stanzas if one.family in ("inet", "")], version=4),
        ip_config([one for one in stanzas if one.family == "inet6"], version=6),
        dns(stanzas),
        details,
    )


def inherited(configuration: Configuration, stanza: Stanza) -> Stanza:
    """The stanza with the options of the one that it inherits from before its own."""
    base = next(
        (
            one
            for one in configuration.stanzas
            if one.name == stanza.inherits
            and one is not stanza
            and stanza.family in ("", one.family)
        ),
        None,
    )
    if base is None:
        return stanza
    return Stanza(
        stanza.path,
        stanza.head,
        stanza.name,
        stanza.family or base.family,
        stanza.method or base.method,
        None,
        stanza.extra,
        (*base.options, *stanza.options),
    )


def start(configuration: Configuration, name: str) -> StartMode:
    keywords = {one.keyword for one in configuration.selections if selects(one.names, name)}
    if keywords & {"auto", "allow-auto"}:
        return StartMode.ONBOOT
    return StartMode.HOTPLUG if "allow-hotplug" in keywords else StartMode.NONE


def selects(names: Iterable[str], device: str) -> bool:
    """Whether a line with ``names`` is about ``device``, by name or by a pattern of names."""
    return any(
        name == device or (name.startswith("/") and fnmatchcase(device, name[1:].split("/")[0]))
        for name in names
    )


# addresses


def ip_config(stanzas: Sequence[Stanza], *, version: int) -> IpConfig | None:
    """How the stanzas of a family come by addresses; None where none of them does."""
    addresses = [address for one in stanzas if (address := address_of(one)) is not None]
    dhcp = any(one.method == "dhcp" for one in stanzas)
    autoconf = any(_is_autoconf(one) for one in stanzas)
    if not (addresses or dhcp or autoconf):
        return None
    gateways = [gateway for one in stanzas if (gateway := gateway_of(one)) is not None]
    routes = [found for one in stanzas for option in one.options if (found := route(option))]
    return IpConfig(
        dhcp=dhcp,
        autoconf=autoconf,
        addresses=tuple(one for one in addresses if one.version == version),
        gateway=next(iter(gateways), None),
        routes=tuple(one for one in routes if one.destination.version == version),
    )


def address_of(stanza: Stanza) -> IpInterface | None:
    """A static stanza's address; ifupdown2 needs no method for it."""
    if stanza.method not in ("static", ""):
        return None
    return interface_of(clean(stanza.last("address")), clean(stanza.last("netmask")))


def gateway_of(stanza: Stanza) -> IpAddress | None:
    return ip_of(clean(stanza.last("gateway")))


def _is_autoconf(stanza: Stanza) -> bool:
    if stanza.family != "inet6":
        return False
    return stanza.method == "auto" or clean(stanza.last("autoconf")) == "1"


def dns(stanzas: Iterable[Stanza]) -> DnsConfig:
    told = list(stanzas)
    servers = _words(told, "dns-nameservers", "dns-nameserver")
    addresses = [address for word in servers if (address := ip_of(word)) is not None]
    search = _words(told, "dns-search", "dns-domain")
    return DnsConfig(tuple(dict.fromkeys(addresses)), tuple(dict.fromkeys(search)))


def _words(stanzas: Iterable[Stanza], *names: str) -> list[str]:
    return [word for one in stanzas for value in one.values(*names) for word in split_names(value)]


# the link


def mac_of(options: Sequence[Option]) -> MacAddress | None:
    value = _last(options, "hwaddress", "hw-mac-address", "bridge-hw")
    text = value.split()[-1] if value else ""
    try:
        return MacAddress(text)
    except ValueError:
        return None


def _type(details: BridgeConfig | BondConfig | VlanConfig | None) -> InterfaceType:
    match details:
        case BridgeConfig():
            return InterfaceType.BRIDGE
        case BondConfig():
            return InterfaceType.BOND
        case VlanConfig():
            return InterfaceType.VLAN
    return InterfaceType.ETHERNET


def _details(
    configuration: Configuration, name: str, options: Sequence[Option], seen: frozenset[str]
) -> BridgeConfig | BondConfig | VlanConfig | None:
    told = {option.name for option in options}
    if "bridge-ports" in told:
        ports = _ports(configuration, bridge_ports(options), seen)
        return BridgeConfig(ports, stp(options), _seconds(_last(options, "bridge-fd")))
    if told & {*BOND_PORTS, "bond-mode"}:
        ports = _ports(configuration, bond_ports(configuration, name, options), seen)
        return BondConfig(ports, _last(options, "bond-mode"), _monitor(options))
    return _vlan(name, options)


def _ports(
    configuration: Configuration, names: Iterable[str], seen: frozenset[str]
) -> tuple[InterfaceConfig, ...]:
    known = {one.device for one in configuration.stanzas}
    return tuple(
        interface(configuration, name, seen)
        if name in known and name not in seen
        else InterfaceConfig(name, start=start(configuration, name))
        for name in dict.fromkeys(names)
    )


def bridge_ports(options: Iterable[Option]) -> list[str]:
    """The ports that are named; ``none``, ``all`` and patterns name none."""
    found: list[str] = []
    for option in options:
        if option.name == "bridge-ports":
            found += literal_ports(option.value)
    return found


def literal_ports(value: str) -> list[str]:
    ports: list[str] = []
    literal = True
    for word in split_names(value):
        if word in ("regex", "noregex", "all", "glob"):
            literal = word in ("noregex", "all")
        elif literal and word != "none":
            ports.append(word)
    return ports


def bond_ports(configuration: Configuration, name: str, options: Iterable[Option]) -> list[str]:
    """The ports that the bond names, then those that name the bond."""
    own = [
        word
        for option in options
        if option.name in BOND_PORTS
        for word in split_names(option.value)
        if word not in ("none", "all")
    ]
    theirs = [one.device for one in configuration.stanzas if one.last("bond-master") == name]
    return own + theirs


def stp(options: Sequence[Option]) -> bool | None:
    value = _last(options, "bridge-stp")
    return None if value is None else value in ("on", "yes", "true")


def _vlan(name: str, options: Sequence[Option]) -> VlanConfig | None:
    found = _VLAN_NAME.fullmatch(name)
    raw = _last(options, "vlan-raw-device")
    tag = _number(_last(options, "vlan-id")) or (
        int(found["tag"] or found["only"]) if found else None
    )
    parent = raw or (found["parent"] if found else None)
    return VlanConfig(tag, parent) if tag is not None and parent else None


def _monitor(options: Sequence[Option]) -> MiiMonitor | ArpMonitor | None:
    miimon = _number(_last(options, "bond-miimon"))
    if miimon:
        carrier = _last(options, "bond-use-carrier")
        return MiiMonitor(
            miimon,
            _number(_last(options, "bond-downdelay")) or 0,
            _number(_last(options, "bond-updelay")) or 0,
            "ioctl" if carrier == "0" else "netif",
        )
    interval = _number(_last(options, "bond-arp-interval"))
    target = _last(options, "bond-arp-ip-target")
    if interval and target:
        return ArpMonitor(interval, target, _last(options, "bond-arp-validate"))
    return None


def _last(options: Sequence[Option], *names: str) -> str | None:
    return clean(next((one.value for one in reversed(options) if one.name in names), None))


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdecimal() else None


def _seconds(text: str | None) -> float | None:
    try:
        return float(text) if text is not None else None
    except ValueError:
        return None
