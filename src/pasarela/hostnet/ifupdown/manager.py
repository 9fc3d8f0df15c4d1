"""ifupdown's files, as one of the managers of the host's interfaces."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from pasarela.errors import HostnetRefused
from pasarela.hostnet.ifupdown import bridging, reading
from pasarela.hostnet.ifupdown.checking import check
from pasarela.hostnet.ifupdown.document import Stanza, read
from pasarela.hostnet.ifupdown.editing import Editing, edits
from pasarela.hostnet.ifupdown.movable import check_port, check_readable
from pasarela.hostnet.ifupdown.placing import end_of, set_value
from pasarela.hostnet.ifupdown.reconcile import Scope, reconcile
from pasarela.hostnet.ifupdown.writing import spelled
from pasarela.hostnet.manager import Bridging, FileEdit, Finding, Surroundings, Texts
from pasarela.model.interface_config import (
    BondConfig,
    BridgeConfig,
    InterfaceConfig,
)

Step = Callable[[Editing], None]


class Ifupdown:
    """``/etc/network/interfaces`` and what it sources, for Debian 12's ifupdown and bridge-utils.

    Files are read as ifup does; those that no ``source`` line takes in are left alone.
    """

    name = "ifupdown"
    patterns = ("etc/network/*", "etc/network/interfaces*/*")

    def interfaces(self, files: Texts) -> Sequence[InterfaceConfig]:
        """What the files say, by name.

        Raises:
            HostnetFileError: a line belongs to no stanza, so that ifup refuses the file.
        """
        configuration = read(files)
        check_readable(configuration)
        return reading.interfaces(configuration)

    def bridge(self, files: Texts, change: Bridging) -> Sequence[FileEdit]:
        bridge = _complete(change.bridge)
        if not bridge.ports:
            raise HostnetRefused(
                f"{bridge.name} has no port", remedy="name the network card that it is for"
            )
        keep = change.keep and bridge.ipv4 is None and bridge.ipv6 is None
        configuration = read(files)
        for name in bridge.ports:
            check_port(configuration, name, bridge.name)
        there = bool(configuration.of(bridge.name))
        steps: list[Step] = [_taking_over(bridge)] if not there else [_refusing_two(bridge)]
        steps += [_demoting(port, bridge.name) for port in bridge.ports]
        steps += [_quietening(port) for port in _ports(change.bridge) if _hears_routers(port)]
        steps += [_adding(bridge.name, port) for port in bridge.ports if there]
        wanted = bridge if not there else _said(bridge, change.bridge, files)
        scope = Scope.LINK | Scope.START if keep else Scope.ALL
        steps += _reconciling(wanted, scope, said_only=True)
        if not there:
            steps.append(_keeping_mac(bridge))
        return _run(files, steps)

    def unbridge(self, files: Texts, name: str) -> Sequence[FileEdit]:
        configuration = read(files)
        if not configuration.of(name):
            return ()
        plain = [one for one in configuration.of(name) if not one.is_alias]
        options = [option for one in plain for option in one.options]
        ports = reading.bridge_ports(options)
        if not ports:
            raise HostnetRefused(
                f"{name} names no port that could take its addresses",
                remedy=f"pasarela iface-undefine {name} takes it away with them",
            )
        steps = [_waking(port) for port in ports]
        return _run(files, [*steps, lambda editing: bridging.give_back(editing, name, ports[0])])

    def add_port(self, files: Texts, bridge: str, port: InterfaceConfig) -> Sequence[FileEdit]:
        check_port(read(files), port.name, bridge)
        steps = [_demoting(port.name, bridge), _adding(bridge, port.name), _linking(port)]
        return _run(files, [*steps, _quietening(port)] if _hears_routers(port) else steps)

    def remove_port(self, files: Texts, bridge: str, port: str) -> Sequence[FileEdit]:
        return _run(files, [_removing(bridge, port), _waking(port)])

    def define(self, files: Texts, interface: InterfaceConfig) -> Sequence[FileEdit]:
        configuration = read(files)
        for port in _all_ports(interface):
            check_port(configuration, port.name, interface.name)
        return _run(files, _defining(interface))

    def undefine(self, files: Texts, name: str) -> Sequence[FileEdit]:
        return _run(files, [lambda editing: _forget(editing, name)])

    def check(self, files: Texts, around: Surroundings) -> Sequence[Finding]:
        return check(files, around)


def _run(files: Texts, steps: Sequence[Step]) -> Sequence[FileEdit]:
    """Take the steps one after the other, each on what the one before gave."""
    texts: Texts = dict(files)
    for step in steps:
        editing = Editing(texts, files)
        check_readable(editing.configuration)
        step(editing)
        texts = editing.texts()
    return edits(files, texts)


def _complete(bridge: InterfaceConfig) -> InterfaceConfig:
    """A bridge that forwards at once, where nothing else is asked for; as guests' DHCP needs it."""
    details = bridge.details
    if not isinstance(details, BridgeConfig):
        details = BridgeConfig()
    stp = bool(details.stp)
    delay = details.forward_delay
    if delay is None and not stp:
        delay = 0.0
    return replace(bridge, details=replace(details, stp=stp, forward_delay=delay))


def _said(bridge: InterfaceConfig, asked: InterfaceConfig, files: Texts) -> InterfaceConfig:
    """For a bridge that is there: the ports that it has too, and only what was asked for."""
    there = reading.interface(read(files), bridge.name)
    assert isinstance(bridge.details, BridgeConfig)
    told = asked.details if isinstance(asked.details, BridgeConfig) else BridgeConfig()
    ports = tuple(InterfaceConfig(name) for name in there.ports)
    missing = tuple(one for one in told.ports if one.name not in there.ports)
    return replace(bridge, details=replace(told, ports=(*ports, *missing)))


def _taking_over(bridge: InterfaceConfig) -> Step:
    """The stanzas of the first port become the bridge's, where it has any."""
    port = bridge.ports[0]

    def step(editing: Editing) -> None:
        if any(not one.is_alias for one in editing.configuration.of(port)):
            bridging.move(editing, port, bridge.name, bridge.start)

    return step


def _refusing_two(bridge: InterfaceConfig) -> Step:
    """Where the bridge is there: a port that has addresses too leaves open which shall hold."""
    port = bridge.ports[0]

    def step(editing: Editing) -> None:
        found = [
            one
            for one in editing.configuration.of(port)
            if one.is_alias or one.method not in ("manual", "")
        ]
        if found:
            raise HostnetRefused(
                f"{bridge.name} is there already, and {port} has addresses of its own:"
                " it is open which shall hold",
                remedy=f"take away those of {port}, or the stanza of {bridge.name}",
            )

    return step


def _keeping_mac(bridge: InterfaceConfig) -> Step:
    """Where no MAC address is given, the bridge takes its port's, whatever udev would make up.

    Source: bridge_hw in bridge-utils-interfaces(5); ifupdown2 takes the first port's anyway.
    """

    def step(editing: Editing) -> None:
        stanzas = editing.configuration.of(bridge.name)
        told = {option.name for one in stanzas for option in one.options}
        stanza = _bridge_stanza(editing, bridge.name)
        if stanza.family and not told & {"hwaddress", "hw-mac-address", "bridge-hw"}:
            key = spelled("bridge-hw", editing.style(stanza))
            lines = editing.option_lines(stanza, [(key, bridge.ports[0])])
            editing.insert(stanza.path, end_of(stanza), lines)

    return step


def _demoting(port: str, master: str) -> Step:
    """Without addresses; a port that its master has already needs no stanza for that."""

    def step(editing: Editing) -> None:
        configuration = editing.configuration
        is_port = port in reading.interface(configuration, master).ports
        if configuration.of(port) or not is_port:
            bridging.demote(editing, port)

    return step


def _ports(bridge: InterfaceConfig) -> tuple[InterfaceConfig, ...]:
    return bridge.details.ports if isinstance(bridge.details, BridgeConfig) else ()


def _hears_routers(port: InterfaceConfig) -> bool:
    return port.ipv6 is not None and port.ipv6.autoconf


def _quietening(port: InterfaceConfig) -> Step:
    return lambda editing: bridging.quieten(editing, port.name)


def _waking(port: str) -> Step:
    return lambda editing: bridging.waken(editing, port)


def _adding(bridge: str, port: str) -> Step:
    def step(editing: Editing) -> None:
        stanza = _bridge_stanza(editing, bridge)
        option = next(one for one in stanza.options if one.name == "bridge-ports")
        if port in reading.literal_ports(option.value):
            return
        words = option.value.split()
        ports = [word for word in words if word != "none"]
        set_value(editing, stanza, option, " ".join([port] if not ports else [*ports, port]))

    return step


def _removing(bridge: str, port: str) -> Step:
    def step(editing: Editing) -> None:
        stanza = _bridge_stanza(editing, bridge)
        for option in stanza.options:
            if option.name == "bridge-ports" and port in option.value.split():
                left = [word for word in option.value.split() if word != port]
                set_value(editing, stanza, option, " ".join(left) or "none")

    return step


def _bridge_stanza(editing: Editing, bridge: str) -> Stanza:
    for stanza in editing.configuration.of(bridge):
        if any(one.name == "bridge-ports" for one in stanza.options):
            return stanza
    raise HostnetRefused(
        f"/etc/network/interfaces has no bridge '{bridge}'",
        remedy=f"pasarela host-bridge create {bridge} --port NAME makes it",
    )


def _all_ports(interface: InterfaceConfig) -> Iterator[InterfaceConfig]:
    if isinstance(interface.details, BridgeConfig | BondConfig):
        yield from interface.details.ports


def _defining(interface: InterfaceConfig) -> list[Step]:
    """The ports first, which are without addresses; a port may be a bond with ports of its own."""
    steps: list[Step] = []
    for port in _all_ports(interface):
        if port.details is None:
            steps += [_demoting(port.name, interface.name), _linking(port)]
        else:
            steps += _defining(replace(port, ipv4=None, ipv6=None))
    return steps + _reconciling(interface, Scope.DEFINITION)


def _reconciling(
    interface: InterfaceConfig, scope: Scope, *, said_only: bool = False
) -> list[Step]:
    """A step for each part of the scope: the stanzas must be settled before their options."""

    def step(part: Scope) -> Step:
        return lambda editing: reconcile(editing, interface, part, said_only=said_only)

    first = scope & (Scope.ADDRESSES | Scope.COMMANDS)
    parts = (first, scope & Scope.DNS, scope & Scope.LINK, scope & Scope.START)
    return [step(part) for part in parts if part]


def _linking(port: InterfaceConfig) -> Step:
    """A port's own MAC and MTU, where it says any."""
    said = port.mac is not None or port.mtu is not None

    def step(editing: Editing) -> None:
        if said:
            reconcile(editing, replace(port, details=None), Scope.LINK, said_only=True)

    return step


def _forget(editing: Editing, name: str) -> None:
    for stanza in editing.configuration.of(name):
        editing.drop_stanza(stanza)
        if stanza.is_alias:
            editing.deselect(stanza.name)
    editing.deselect(name)
