"""What forbids that an interface becomes the port of a bridge."""

from __future__ import annotations

from pasarela.errors import HostnetFileError, HostnetRefused, Location
from pasarela.hostnet.ifupdown.document import Configuration, Section, Selection, Stanza, Stray
from pasarela.hostnet.ifupdown.reading import bond_ports, bridge_ports, selects

_METHODS = frozenset({"", "manual", "static", "dhcp", "auto", "bootp", "ipv4ll"})


def check_readable(configuration: Configuration) -> None:
    """Refuse files that ifup itself does not read to the end.

    Raises:
        HostnetFileError: a line belongs to no stanza, or a stanza has no name.
    """
    for section in configuration.sections:
        if isinstance(section, Stray):
            line = configuration.line(section)
            raise HostnetFileError(
                f"'{line.key}' belongs to no stanza, so ifup reads no further",
                location=_place(configuration, section),
                remedy="put it below the iface line that it is for, or take it away",
            )
        if isinstance(section, Stanza) and not section.name:
            raise HostnetFileError(
                "iface without a name",
                location=_place(configuration, section),
                remedy="write: iface NAME inet METHOD",
            )


def check_port(configuration: Configuration, port: str, bridge: str) -> None:
    """Refuse a port whose stanzas cannot simply move.

    Raises:
        HostnetRefused: with the line, and what to do first.
    """
    if port in ("lo", bridge):
        raise HostnetRefused(f"{port} cannot be a port of {bridge}", remedy="name a network card")
    _check_wifi(configuration, port)
    _check_kind(configuration, port)
    _check_method(configuration, port)
    _check_master(configuration, port, bridge)
    _check_mapped(configuration, port)
    _check_heirs(configuration, port)


def _check_wifi(configuration: Configuration, port: str) -> None:
    for stanza in configuration.of(port):
        if any(one.name.startswith(("wpa-", "wireless-")) for one in stanza.options):
            raise HostnetRefused(
                f"{port} is a Wi-Fi card: an access point takes frames of its own clients alone,"
                " so guests behind a bridge would hear nothing",
                location=_place(configuration, stanza),
                remedy="use a cable's card, or a NAT network: pasarela net-new NAME --kind nat",
            )


def _check_kind(configuration: Configuration, port: str) -> None:
    for stanza in configuration.of(port):
        if any(one.name == "bridge-ports" for one in stanza.options):
            raise HostnetRefused(
                f"{port} is a bridge itself, and a bridge cannot be a port of another",
                location=_place(configuration, stanza),
                remedy=f"put guests on {port}, or bridge its port instead",
            )
    stanzas = configuration.of(port)
    if stanzas and all(one.is_alias for one in stanzas):
        raise HostnetRefused(
            f"{port} has stanzas of aliases and none of its own",
            location=_place(configuration, stanzas[0]),
            remedy=f"write one: iface {port} inet manual",
        )


def _check_method(configuration: Configuration, port: str) -> None:
    for stanza in configuration.of(port):
        if stanza.family not in ("inet", "inet6", "") or stanza.method not in _METHODS:
            raise HostnetRefused(
                f"{port} is '{stanza.family} {stanza.method}', which makes an interface of its own"
                " kind and cannot move to a bridge",
                location=_place(configuration, stanza),
                remedy="bridge the network card that lies below it",
            )


def _check_master(configuration: Configuration, port: str, bridge: str) -> None:
    for stanza in configuration.stanzas:
        if stanza.device not in (bridge, port) and (
            port in bridge_ports(stanza.options)
            or port in bond_ports(configuration, stanza.device, stanza.options)
        ):
            raise HostnetRefused(
                f"{port} is already a port of {stanza.device}",
                location=_place(configuration, stanza),
                remedy=f"bridge {stanza.device}, or take {port} out of it first",
            )


def _check_mapped(configuration: Configuration, port: str) -> None:
    """Names that ifup itself makes out of the port's: a mapping, or ``auto /en*=lan``."""
    for mapping in configuration.mappings:
        if selects((f"/{pattern}" for pattern in mapping.patterns), port):
            raise HostnetRefused(
                f"a mapping chooses what {port} is, so its stanza is known only when it comes up",
                location=_place(configuration, mapping),
                remedy=f"leave {port} out of the mapping and write it a stanza of its own",
            )
    for selection in configuration.selections:
        if _gives_other_name(selection, port):
            raise HostnetRefused(
                f"{port} comes up under another name",
                location=_place(configuration, selection),
                remedy=f"write 'auto {port}' and a stanza 'iface {port}' of its own",
            )


def _gives_other_name(selection: Selection, port: str) -> bool:
    return any(
        selects((name.partition("=")[0],), port)
        for name in selection.names
        if "=" in name and selection.keyword != "rename"
    )


def _check_heirs(configuration: Configuration, port: str) -> None:
    for stanza in configuration.stanzas:
        if stanza.inherits == port and stanza.device != port:
            raise HostnetRefused(
                f"{stanza.name} inherits from {port}, so it would change with it",
                location=_place(configuration, stanza),
                remedy=f"give {stanza.name} its own options first",
            )


def _place(configuration: Configuration, section: Section) -> Location:
    return Location(str(section.path), configuration.line(section).number)
