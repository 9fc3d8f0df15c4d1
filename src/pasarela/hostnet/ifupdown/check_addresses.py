"""Addresses, masks and gateways that do not fit together."""

from __future__ import annotations

from difflib import get_close_matches
from ipaddress import IPv4Interface, IPv6Address

from pasarela.hostnet.ifupdown.addresses import IpInterface, clean, interface_of, ip_of, is_mask
from pasarela.hostnet.ifupdown.document import Stanza, split_names
from pasarela.hostnet.ifupdown.reading import address_of, inherited
from pasarela.hostnet.ifupdown.report import Report, option_of
from pasarela.model.values import IpAddress


def check_addresses(report: Report) -> None:
    for stanza in report.configuration.stanzas:
        if stanza.template:
            continue
        whole = inherited(report.configuration, stanza)
        if whole.method == "static" and whole.family in ("inet", "inet6"):
            _static(report, stanza, whole)
        _mtu(report, stanza)
        _name_servers(report, stanza)
    _gateways(report)
    _same_address(report)
    _dhcp_twice(report)


def _static(report: Report, stanza: Stanza, whole: Stanza) -> None:
    given = clean(whole.last("address"))
    if given is None and any(one.inherits == stanza.name for one in report.configuration.stanzas):
        return
    if given is None:
        report.error(
            stanza,
            None,
            f"{stanza.name} is static and has no address",
            "add a line: address ADDRESS/PREFIX",
        )
        return
    option = option_of(stanza, "address")
    plain = ip_of(given.partition("/")[0])
    if plain is None:
        report.error(stanza, option, f"'{given}' is not an address", "write it as 192.168.1.10/24")
    elif (plain.version == 6) != (whole.family == "inet6"):
        report.error(
            stanza,
            option,
            f"'{given}' is an IPv{plain.version} address in a stanza of {whole.family}",
            f"write iface {stanza.name} {'inet6' if plain.version == 6 else 'inet'} static",
        )
    elif _mask(report, stanza, whole, given):
        address = interface_of(given, clean(whole.last("netmask")))
        if address is not None:
            _fitting(report, stanza, address)


def _mask(report: Report, stanza: Stanza, whole: Stanza, given: str) -> bool:
    """Check the prefix or mask; whether there is one to go on with."""
    prefix = given.partition("/")[2]
    mask = clean(whole.last("netmask"))
    ipv6 = whole.family == "inet6"
    for value, name in ((prefix, "address"), (mask or "", "netmask")):
        if value and not is_mask(value, ipv6=ipv6):
            report.error(
                stanza,
                option_of(stanza, name),
                f"'{value}' is not a netmask",
                "write the prefix with the address, as 192.168.1.10/24",
            )
            return False
    if not prefix and mask is None:
        understood = interface_of(given, None)
        report.warning(
            stanza,
            option_of(stanza, "address"),
            f"{given} has no prefix, so ifup takes /{understood.network.prefixlen}"
            if understood
            else f"{given} has no prefix",
            "write it with the address, as " + given + ("/64" if ipv6 else "/24"),
        )
    return not prefix or mask is None or _agree(report, stanza, given, mask)


def _agree(report: Report, stanza: Stanza, given: str, mask: str) -> bool:
    one, other = interface_of(given, None), interface_of(given.partition("/")[0], mask)
    if one != other:
        report.warning(
            stanza,
            option_of(stanza, "netmask"),
            f"the netmask {mask} contradicts {given}, which wins",
            "take the netmask line away",
        )
    return True


def _fitting(report: Report, stanza: Stanza, address: IpInterface) -> None:
    if isinstance(address, IPv4Interface):
        _told(report, stanza, "network", str(address.network.network_address), address)
        broadcast = str(address.network.broadcast_address)
        if (clean(stanza.last("broadcast")) or "+") not in ("+", "-"):
            _told(report, stanza, "broadcast", broadcast, address)
        _is_host(report, stanza, address)
    if stanza.last("gateway") is not None:
        _gateway(report, stanza, address)


def _told(report: Report, stanza: Stanza, name: str, right: str, address: IpInterface) -> None:
    value = clean(stanza.last(name))
    if value is not None and value.partition("/")[0] != right:
        report.warning(
            stanza,
            option_of(stanza, name),
            f"{name} {value} does not fit {address}",
            f"take the line away: ifup works it out ({right})",
        )


def _is_host(report: Report, stanza: Stanza, address: IPv4Interface) -> None:
    network = address.network
    if network.prefixlen < 31 and address.ip in (
        network.network_address,
        network.broadcast_address,
    ):
        report.error(
            stanza,
            option_of(stanza, "address"),
            f"{address.ip} stands for the network {network} itself, not for a host in it",
            "choose an address within it",
        )


def _gateway(report: Report, stanza: Stanza, address: IpInterface) -> None:
    text = clean(stanza.last("gateway")) or ""
    gateway = ip_of(text)
    option = option_of(stanza, "gateway")
    network = address.network
    if gateway is None or gateway.version != address.version:
        report.error(
            stanza,
            option,
            f"the gateway '{text}' is not an IPv{address.version} address",
            f"give the router's address in {network}",
        )
    elif gateway == address.ip:
        report.error(
            stanza,
            option,
            f"the gateway {gateway} is this interface's own address",
            f"give the router's address in {network}",
        )
    elif gateway not in network and not _reached_otherwise(stanza, address, gateway):
        report.error(
            stanza,
            option,
            f"the gateway {gateway} is not in the network {network} of {stanza.name}",
            _likely(gateway, address),
        )


def _reached_otherwise(stanza: Stanza, address: IpInterface, gateway: IpAddress) -> bool:
    """Hosts that are alone in their network, and IPv6 routers by their link-local address."""
    alone = address.network.prefixlen == address.max_prefixlen
    link_local = isinstance(gateway, IPv6Address) and gateway.is_link_local
    return alone or link_local or stanza.last("pointopoint") is not None


def _likely(gateway: IpAddress, address: IpInterface) -> str:
    """The way out: the address that was meant, if it takes only a stroke or two."""
    network = address.network
    size = network.max_prefixlen
    host = int(gateway) & ((1 << (size - network.prefixlen)) - 1)
    meant = type(gateway)(int(network.network_address) | host)
    near = get_close_matches(str(gateway), [str(meant)], cutoff=0.7)
    if near and meant != address.ip:
        return f"did you mean {near[0]}?"
    return f"give the router's address in {network}"


# several stanzas


def _gateways(report: Report) -> None:
    """A second default route of the same metric: ``ip route add`` refuses it, and ifup ends."""
    first: dict[tuple[str, str], Stanza] = {}
    for stanza in report.configuration.stanzas:
        if stanza.template or stanza.method != "static" or stanza.last("gateway") is None:
            continue
        key = (stanza.family, clean(stanza.last("metric")) or "0")
        earlier = first.setdefault(key, stanza)
        if earlier is not stanza:
            line = report.configuration.line(earlier).number
            add = report.error if stanza.family == "inet" else report.warning
            add(
                stanza,
                option_of(stanza, "gateway"),
                f"a second default gateway: {earlier.name} has one already (its stanza is in line"
                f" {line})",
                "keep the one towards the internet; or give this one a larger metric",
            )


def _same_address(report: Report) -> None:
    """One address said twice: the kernel refuses it on one link, and ifup ends."""
    first: dict[str, Stanza] = {}
    for stanza in report.configuration.stanzas:
        address = None if stanza.template else address_of(stanza)
        if address is None:
            continue
        earlier = first.setdefault(str(address.ip), stanza)
        if earlier is stanza:
            continue
        refused = earlier.device == stanza.device and address_of(earlier) == address
        line = report.configuration.line(earlier).number
        add = report.error if refused else report.warning
        add(
            stanza,
            option_of(stanza, "address"),
            f"{address.ip} is the address of {earlier.name} already (its stanza is in line {line})",
            "take one of the two away"
            if earlier.device == stanza.device
            else "give it another one",
        )


def _dhcp_twice(report: Report) -> None:
    """Two stanzas of one interface and family that cannot both hold."""
    first: dict[tuple[str, str], Stanza] = {}
    for stanza in report.configuration.stanzas:
        if stanza.method not in ("dhcp", "static") or stanza.template:
            continue
        earlier = first.setdefault((stanza.name, stanza.family), stanza)
        if earlier is stanza or "dhcp" not in (earlier.method, stanza.method):
            continue
        line = report.configuration.line(earlier).number
        both = earlier.method == stanza.method
        add = report.error if both else report.warning
        add(
            stanza,
            None,
            f"{stanza.name} is told {stanza.family} {stanza.method} here and"
            f" {earlier.method} in line {line}"
            + (f" of {earlier.path}" if earlier.path != stanza.path else ""),
            "keep one of the two stanzas",
        )


# single values


def _mtu(report: Report, stanza: Stanza) -> None:
    value = clean(stanza.last("mtu"))
    least = 1280 if stanza.family == "inet6" else 68
    if value is not None and not (value.isdecimal() and least <= int(value) <= 65535):
        report.error(
            stanza,
            option_of(stanza, "mtu"),
            f"'{value}' is no MTU",
            f"give a number from {least} to 65535, mostly 1500",
        )


def _name_servers(report: Report, stanza: Stanza) -> None:
    for option in stanza.options:
        if option.name not in ("dns-nameservers", "dns-nameserver"):
            continue
        for word in split_names(option.value):
            if ip_of(word.partition("%")[0]) is None:
                report.warning(
                    stanza,
                    option,
                    f"'{word}' is not the address of a name server",
                    "write addresses with spaces between them, as 192.168.1.1 1.1.1.1",
                )
