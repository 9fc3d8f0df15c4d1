"""Makes stanzas say what is wanted, line by line: what they say already stays as it is written."""

from __future__ import annotations

from dataclasses import replace
from enum import Flag, auto

from pasarela.hostnet.ifupdown.document import Stanza
from pasarela.hostnet.ifupdown.editing import Editing
from pasarela.hostnet.ifupdown.reading import interface as read_interface
from pasarela.hostnet.ifupdown.reading import start
from pasarela.hostnet.ifupdown.reconcile_addresses import reconcile_addresses, reconcile_dns
from pasarela.hostnet.ifupdown.reconcile_link import reconcile_link
from pasarela.hostnet.ifupdown.writing import DETAIL_NAMES, stanza_lines, wanted
from pasarela.model.interface_config import (
    BondConfig,
    BridgeConfig,
    InterfaceConfig,
    StartMode,
    VlanConfig,
)


class Scope(Flag):
    """What of an interface is made as wanted."""

    ADDRESSES = auto()
    DNS = auto()
    LINK = auto()
    START = auto()
    COMMANDS = auto()  # those about addresses that the model does not know, as ip rule
    DEFINITION = ADDRESSES | DNS | LINK | START
    ALL = DEFINITION | COMMANDS


def reconcile(
    editing: Editing, interface: InterfaceConfig, scope: Scope, *, said_only: bool = False
) -> None:
    """Change the stanzas of ``interface``, or write them where there are none.

    What they say already is not touched, however they say it. With ``said_only`` a link's option
    that the interface does not say is left as it is.
    """
    existing = editing.configuration.of(interface.name)
    if not existing:
        _write(editing, interface)
        return
    there = read_interface(editing.configuration, interface.name)
    stanzas = wanted(interface)
    if Scope.ADDRESSES in scope:
        commands_too = Scope.COMMANDS in scope
        if commands_too or (there.ipv4, there.ipv6) != (interface.ipv4, interface.ipv6):
            reconcile_addresses(editing, stanzas, existing, commands_too=commands_too)
    if Scope.DNS in scope and there.dns != interface.dns:
        reconcile_dns(editing, stanzas, existing)
    if Scope.LINK in scope:
        plain = [one for one in existing if not one.is_alias] or existing
        names = _differing(there, interface)
        reconcile_link(editing, stanzas[0].link, plain, names, said_only=said_only)
    if Scope.START in scope:
        _start(editing, interface, existing[0])


def _differing(there: InterfaceConfig, interface: InterfaceConfig) -> list[str]:
    """The link's options that may have to change."""
    names = [] if _alike(there, interface) else list(DETAIL_NAMES)
    if there.mtu != interface.mtu:
        names.append("mtu")
    if there.mac != interface.mac:
        names.append("hwaddress")
    return names


def _alike(one: InterfaceConfig, other: InterfaceConfig) -> bool:
    """Whether they are the same kind of bridge, bond or VLAN, of the same ports."""
    return one.ports == other.ports and _portless(one) == _portless(other)


def _portless(config: InterfaceConfig) -> BridgeConfig | BondConfig | VlanConfig | None:
    if isinstance(config.details, BridgeConfig | BondConfig):
        return replace(config.details, ports=())
    return config.details


def _write(editing: Editing, interface: InterfaceConfig) -> None:
    style = editing.main_style()
    lines = []
    if interface.start is not StartMode.NONE:
        lines.append(f"{_KEYWORD[interface.start]} {interface.name}")
    for stanza in wanted(interface):
        lines += stanza_lines(interface.name, stanza, style)
    editing.append(lines)


# when it comes up

_KEYWORD = {StartMode.ONBOOT: "auto", StartMode.HOTPLUG: "allow-hotplug"}


def _start(editing: Editing, interface: InterfaceConfig, first: Stanza) -> None:
    if start(editing.configuration, interface.name) is interface.start:
        return
    for selection in editing.configuration.selecting(interface.name):
        if selection.keyword in ("auto", "allow-auto", "allow-hotplug"):
            if selection.within:
                editing.delete(selection.path, selection.index)
                continue
            editing.deselect_in(selection, interface.name)
    if interface.start is not StartMode.NONE:
        line = f"{_KEYWORD[interface.start]} {interface.name}"
        editing.insert(first.path, first.head - 1, [line])
