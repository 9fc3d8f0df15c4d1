"""Bridges and their ports: what cuts the host off, or keeps guests from getting an address."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pasarela.hostnet.ifupdown.addresses import clean
from pasarela.hostnet.ifupdown.document import Option, Stanza
from pasarela.hostnet.ifupdown.hooks import is_about_link, is_hook, names
from pasarela.hostnet.ifupdown.reading import bond_ports, bridge_ports, mac_of, selects
from pasarela.hostnet.ifupdown.report import Report, did_you_mean, option_of
from pasarela.model.values import MacAddress

_WIFI_NAME = re.compile(r"wl(an|p|o|s|x)?[0-9a-f].*|ath\d+|ra\d+")
_DEFAULT_DELAY = 15.0  # seconds, the kernel's


def check_bridges(report: Report) -> None:
    for stanza in report.bridges.values():
        _starts(report, stanza)
        if not report.by_ifupdown2:  # which has defaults of its own
            _delays(report, stanza)
            _own_mac(report, stanza)
        _programs(report, stanza)
    for port, masters in report.masters.items():
        if "," in port:
            _in_one_word(report, port, masters[0])
            continue
        _masters(report, port, masters)
        _wifi(report, port, masters[0])
        _present(report, port, masters[0])
        _port(report, port, masters[0])
    _hooks(report)
    _macs(report)


# the bridge


def _starts(report: Report, stanza: Stanza) -> None:
    keywords = _keywords(report, stanza.device)
    if not keywords:
        report.warning(
            stanza,
            None,
            f"{stanza.device} does not come up at boot",
            f"add a line: auto {stanza.device}",
        )
    elif not keywords & {"auto", "allow-auto"}:
        report.warning(
            stanza,
            None,
            f"{stanza.device} waits for being plugged in, which a bridge never is",
            f"write auto instead of allow-hotplug: auto {stanza.device}",
        )


def _keywords(report: Report, name: str) -> set[str]:
    selections = report.configuration.selections
    keywords = {one.keyword for one in selections if selects(one.names, name)}
    return {one for one in keywords if one == "auto" or one.startswith("allow-")}


def _delays(report: Report, stanza: Stanza) -> None:
    """Until a port forwards, guests' DHCP goes nowhere, and the host's own neither.

    Source: the kernel keeps a new port learning for the forward delay, twice as long with STP.
    """
    delay = _number(report, stanza, "bridge-fd")
    stp = option_of(stanza, "bridge-stp")
    late = "forwards only after {:g} s, and DHCP gives up before"
    port = f"a port of {stanza.device}"
    if stp is not None and clean(stp.value) in ("on", "yes"):
        report.warning(
            stanza,
            stp,
            f"with STP {port} {late.format(2 * (delay or _DEFAULT_DELAY))}",
            "bridge_stp off, unless cables may form a ring",
        )
    elif not _is_said(stanza, "bridge-fd"):
        message = f"without bridge_fd {port} {late.format(_DEFAULT_DELAY)}"
        report.warning(stanza, None, message, "add a line: bridge_fd 0")
    elif delay:
        option = option_of(stanza, "bridge-fd")
        report.warning(stanza, option, f"{port} {late.format(delay)}", "bridge_fd 0")
    _wait(report, stanza, _DEFAULT_DELAY if delay is None else delay)


def _wait(report: Report, stanza: Stanza, delay: float) -> None:
    """How long ifup waits: as bridge-utils' script computes it from the forward delay."""
    _number(report, stanza, "bridge-maxwait")
    if not _is_said(stanza, "bridge-maxwait") and stanza.last("bridge-ports") != "none":
        seconds = 2 * (int(delay) + 1)
        report.warning(
            stanza,
            None,
            f"without bridge_maxwait ifup waits up to {seconds} s for the ports of {stanza.device}",
            "add a line: bridge_maxwait 0",
        )


def _is_said(stanza: Stanza, name: str) -> bool:
    return option_of(stanza, name) is not None


def _number(report: Report, stanza: Stanza, name: str) -> float | None:
    """A time in seconds; what is none is told."""
    option = option_of(stanza, name)
    value = clean(option.value) if option else None
    if value is None:
        return None
    if re.fullmatch(r"\d+" if name == "bridge-maxwait" else r"\d+(\.\d+)?", value):
        return float(value)
    report.error(
        stanza, option, f"'{value}' is no time for {name.replace('-', '_')}", "give seconds, as 0"
    )
    return None


def _own_mac(report: Report, stanza: Stanza) -> None:
    """A bridge that DHCP servers know by a MAC address that nobody has chosen.

    Source: the news of bridge-utils 1.7-1: since Debian 11 udev makes one up for each bridge.
    """
    stanzas = report.configuration.of(stanza.device)
    asks = any(one.method in ("dhcp", "auto") for one in stanzas)
    told = any(option_of(one, "hwaddress", "hw-mac-address", "bridge-hw") for one in stanzas)
    ports = bridge_ports(stanza.options)
    if asks and ports and not told and "," not in ports[0]:
        report.warning(
            stanza,
            None,
            f"udev gives {stanza.device} a MAC address of its own, so that the DHCP server does not"
            f" know it for {ports[0]}",
            f"add a line: hwaddress ether, and the MAC address of {ports[0]}"
            f" (ip link show {ports[0]}); or: bridge_hw {ports[0]}",
        )


def _programs(report: Report, stanza: Stanza) -> None:
    if "brctl" in report.around.missing_programs and not report.by_ifupdown2:
        report.error(
            stanza,
            option_of(stanza, "bridge-ports"),
            f"ifup makes no bridge {stanza.device}: brctl is not installed",
            "apt install bridge-utils",
        )


# its ports


def _in_one_word(report: Report, ports: str, master: Stanza) -> None:
    report.error(
        master,
        option_of(master, "bridge-ports"),
        f"'{ports}' is one word, and there is no such port",
        f"write spaces between them: {' '.join(filter(None, ports.split(',')))}",
    )


def _masters(report: Report, port: str, masters: list[Stanza]) -> None:
    for stanza in masters[1:]:
        report.error(
            stanza,
            option_of(stanza, "bridge-ports"),
            f"{port} is a port of {masters[0].device} already",
            "a card has one bridge: take it out of one of the two",
        )
    for bond in report.configuration.stanzas:
        if bond.device != port and port in bond_ports(
            report.configuration, bond.device, bond.options
        ):
            report.error(
                masters[0],
                option_of(masters[0], "bridge-ports"),
                f"{port} is a port of the bond {bond.device}",
                f"bridge {bond.device} instead",
            )
            return


def _wifi(report: Report, port: str, master: Stanza) -> None:
    stanzas = report.configuration.of(port)
    told = any(
        one.name.startswith(("wpa-", "wireless-")) for stanza in stanzas for one in stanza.options
    )
    sure = told or port in report.around.wireless
    if not sure and not _WIFI_NAME.fullmatch(port):
        return
    add = report.error if sure else report.warning
    add(
        master,
        option_of(master, "bridge-ports"),
        f"{port} {'is' if sure else 'seems to be'} a Wi-Fi card: the access point drops the frames"
        " of guests behind it",
        "use a cable's card, or a NAT network: pasarela net-new NAME --kind nat",
    )


def _present(report: Report, port: str, master: Stanza) -> None:
    there = report.around.interfaces
    if not there or port in there or (report.configuration.of(port) and _is_made(report, port)):
        return
    meant = did_you_mean(port, there - {"lo"}, 0.5)
    report.error(
        master,
        option_of(master, "bridge-ports"),
        f"this host has no interface {port}",
        f"did you mean {meant}?" if meant else "pasarela iface-list --all shows which there are",
    )


def _is_made(report: Report, port: str) -> bool:
    """Whether ifup makes the interface itself: a VLAN, a bond, or a hook's work."""
    stanzas = report.configuration.of(port)
    return "." in port or any(
        one.name.startswith(("bond-", "vlan-", "bridge-")) or one.key == "pre-up"
        for stanza in stanzas
        for one in stanza.options
    )


def _port(report: Report, port: str, master: Stanza) -> None:
    stanzas = report.configuration.of(port)
    for stanza in stanzas:
        if stanza.method in ("static", "dhcp", "auto", "ipv4ll"):
            report.error(
                stanza,
                None,
                f"{port} is a port of {master.device} and keeps "
                + {"static": "an address", "auto": "IPv6 autoconfiguration"}.get(
                    stanza.method, stanza.method.upper()
                ),
                f"write: iface {port} inet manual, and the address into the stanza of"
                f" {master.device}",
            )
    if any(one.options for one in stanzas) and not _keywords(report, port):
        report.warning(
            stanzas[0],
            None,
            f"{port} does not come up by itself, so what its stanza says does not happen",
            f"add a line: auto {port}",
        )


def _hooks(report: Report) -> None:
    """Commands that were written while a port still had the addresses."""
    for stanza, option in _commands(report):
        for port, masters in report.masters.items():
            if names(option.value, port) and not is_about_link(option.value):
                report.warning(
                    stanza,
                    option,
                    f"the command names {port}, which has no addresses as a port of"
                    f" {masters[0].device}",
                    f"name {masters[0].device} instead, if it is about addresses, routes or"
                    " the firewall",
                )


def _commands(report: Report) -> Iterator[tuple[Stanza, Option]]:
    for stanza in report.configuration.stanzas:
        for option in stanza.options:
            if is_hook(option):
                yield stanza, option


# MAC addresses


def _macs(report: Report) -> None:
    first: dict[MacAddress, Stanza] = {}
    for stanza in report.configuration.stanzas:
        option = option_of(stanza, "hwaddress", "hw-mac-address")
        if option is None or stanza.template:
            continue
        mac = mac_of([option])
        if mac is None or mac.is_multicast:
            _no_mac(report, stanza, option)
            continue
        earlier = first.setdefault(mac, stanza)
        _same_mac(report, stanza, earlier, option, mac)


def _no_mac(report: Report, stanza: Stanza, option: Option) -> None:
    value = (clean(option.value) or "").removeprefix("ether ").strip()
    if value in ("random",):
        return
    ports = [port for port, masters in report.masters.items() if stanza in masters]
    of = ports[0] if ports else stanza.device
    placeholder = value.startswith("<") or "xx" in value.lower()
    report.error(
        stanza,
        option,
        f"'{value}' still stands where the MAC address belongs"
        if placeholder
        else f"'{value}' is no MAC address of a card",
        f"put that of {of} there (ip link show {of}), or take the line away",
    )


def _same_mac(
    report: Report, stanza: Stanza, earlier: Stanza, option: Option, mac: MacAddress
) -> None:
    """Two bridges with one MAC; a bridge and its own port may well share it."""
    pair = (earlier.device, stanza.device)
    if stanza.device != earlier.device and all(one in report.bridges for one in pair):
        report.error(
            stanza,
            option,
            f"{earlier.device} has the MAC address {mac} already: two hosts in the network's eyes",
            f"give {stanza.device} the MAC address of its own port",
        )
        return
    if stanza.device not in report.bridges:
        return
    related = {stanza.device, earlier.device, *report.masters}
    for name, other in sorted((report.around.macs or {}).items()):
        if other.lower() == mac and name not in related:
            report.warning(
                stanza,
                option,
                f"{name} has the MAC address {mac}, and is no port of {stanza.device}",
                f"give {stanza.device} the MAC address of its own port",
            )
