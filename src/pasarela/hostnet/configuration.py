"""How the host's interfaces are configured, whatever manages them, and how that is changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from pasarela.errors import HostnetRefused
from pasarela.hostnet.checking.mistakes import refuse_new
from pasarela.hostnet.hardware import with_hardware
from pasarela.hostnet.manager import Bridging, FileEdit, Manager, Texts
from pasarela.model.interface_config import (
    BridgeConfig,
    DnsConfig,
    InterfaceConfig,
    IpConfig,
    VlanConfig,
)
from pasarela.model.values import MacAddress


class Files(Protocol):
    """The files of the host's managers."""

    def read(self, manager: Manager) -> Texts: ...

    def write(self, manager: Manager, edits: Sequence[FileEdit]) -> Sequence[str]:
        """Carry edits out, all or none; gives what the user should know.

        Raises:
            HostnetRefused: a file was changed meanwhile.
            SystemCallFailed: the system said no.
        """
        ...


@dataclass(frozen=True, slots=True)
class Configured:
    """An interface as the files of its manager say it."""

    manager: Manager
    config: InterfaceConfig


class Configuration:
    """What the files of all managers say together.

    Args:
        main: picks the manager of an interface that is new.

    Attributes:
        warnings: what the user should know of what was written.
    """

    def __init__(
        self, files: Files, managers: Sequence[Manager], main: Callable[[], Manager]
    ) -> None:
        self.warnings: list[str] = []
        self._files = files
        self._managers = managers
        self._main = main

    def all(self) -> dict[str, Configured]:
        """By name; of two managers that both say something, the first counts.

        Raises:
            HostnetFileError: a file cannot be read.
        """
        found: dict[str, Configured] = {}
        for manager in self._managers:
            for config in manager.interfaces(self._files.read(manager)):
                found.setdefault(config.name, Configured(manager, config))
        return found

    def define(self, wanted: InterfaceConfig, hardware: Mapping[str, MacAddress]) -> None:
        """Have the files say this of the interface.

        What a document cannot say (name servers, routes, an address of the network card's own)
        stays as it is. A bridge that is new takes the place of its first port, with all that the
        files say of that one's addresses.

        Args:
            hardware: the MAC addresses that interfaces have now.

        Raises:
            HostnetFileError: a file cannot be read.
            HostnetRefused: it cannot be said in the files, or an interface is in another's bridge.
        """
        known = self.all()
        _refuse_ports(wanted, known)
        self._refuse_two(wanted.name)
        before = known.get(wanted.name)
        wanted = _settled(wanted, before.config if before else None, hardware)
        manager = before.manager if before else self._manager_for(wanted, known)
        _refuse_strange_ports(wanted, manager, known)
        if before and before.config == wanted:
            return
        if isinstance(wanted.details, BridgeConfig) and before is None and wanted.ports:
            port = known.get(wanted.ports[0])
            change = _bridging(wanted, port.config if port else None)
            change = with_hardware(manager.name, change, hardware)
            self._edit(manager, lambda files: manager.bridge(files, change))
            return
        if before is not None:
            self._change_ports(manager, before.config, wanted)
        self._edit(manager, lambda files: manager.define(files, wanted))

    def undefine(self, configured: Configured) -> None:
        """Have the files say nothing of the interface; a bridge's addresses go to its first port.

        Raises:
            HostnetFileError: a file cannot be read.
            HostnetRefused: it is another's port, or the files cannot do without it.
        """
        manager, name = configured.manager, configured.config.name
        _refuse_port(name, self.all())
        self._refuse_two(name)
        if isinstance(configured.config.details, BridgeConfig) and configured.config.ports:
            self._edit(manager, lambda files: manager.unbridge(files, name))
        else:
            self._edit(manager, lambda files: manager.undefine(files, name))

    def _edit(self, manager: Manager, make: Callable[[Texts], Sequence[FileEdit]]) -> None:
        files = self._files.read(manager)
        edits = [edit for edit in make(files) if edit.before != edit.after]
        refuse_new(files, edits)
        self.warnings += self._files.write(manager, edits)

    def _refuse_two(self, name: str) -> None:
        """An interface that two managers configure: each would undo what the other does."""
        claims = [
            manager.name
            for manager in self._managers
            if any(one.name == name for one in manager.interfaces(self._files.read(manager)))
        ]
        if len(claims) > 1:
            raise HostnetRefused(
                f"{claims[0]} and {claims[1]} both look after {name}",
                remedy=f"take {name} out of the files of one of them",
            )

    def _manager_for(self, wanted: InterfaceConfig, known: Mapping[str, Configured]) -> Manager:
        """Of what is new: the manager of what it is made on, else the host's main one."""
        below = list(wanted.ports)
        if isinstance(wanted.details, VlanConfig):
            below.append(wanted.details.parent)
        found = next((known[name] for name in below if name in known), None)
        return found.manager if found else self._main()

    def _change_ports(
        self, manager: Manager, before: InterfaceConfig, wanted: InterfaceConfig
    ) -> None:
        if not isinstance(wanted.details, BridgeConfig):
            return
        for port in wanted.details.ports:
            if port.name not in before.ports:
                self._edit(manager, partial(manager.add_port, bridge=wanted.name, port=port))
        for name in before.ports:
            if name not in wanted.ports:
                self._edit(manager, partial(manager.remove_port, bridge=wanted.name, port=name))


def bridge_of(name: str, known: Mapping[str, Configured]) -> str | None:
    """The bridge or bond that an interface is a port of."""
    owners = (each.config.name for each in known.values() if name in each.config.ports)
    return next(owners, None)


def _refuse_port(name: str, known: Mapping[str, Configured]) -> None:
    owner = bridge_of(name, known)
    if owner is not None:
        raise HostnetRefused(
            f"interface '{name}' is a port of '{owner}'",
            remedy=f"configure {owner}, or give {name} back its addresses: "
            f"pasarela iface-unbridge {owner}",
        )


def _refuse_ports(wanted: InterfaceConfig, known: Mapping[str, Configured]) -> None:
    """Neither what is to be configured nor its ports may be in another's bridge."""
    _refuse_port(wanted.name, known)
    for port in wanted.ports:
        if bridge_of(port, known) not in (None, wanted.name):
            _refuse_port(port, known)


def _refuse_strange_ports(
    wanted: InterfaceConfig, manager: Manager, known: Mapping[str, Configured]
) -> None:
    for port in wanted.ports:
        other = known.get(port)
        if other is not None and other.manager.name != manager.name:
            raise HostnetRefused(
                f"interface '{port}' is managed by {other.manager.name}, "
                f"'{wanted.name}' by {manager.name}",
                remedy="an interface and its ports must have one manager: move one of the two",
            )


def _settled(
    wanted: InterfaceConfig, before: InterfaceConfig | None, hardware: Mapping[str, MacAddress]
) -> InterfaceConfig:
    """What is wanted, with what a document cannot say as it is, and no MAC but one of its own."""
    details = wanted.details
    if isinstance(details, BridgeConfig):
        ports = tuple(_without_hardware_mac(port, hardware) for port in details.ports)
        details = replace(details, ports=ports)
    settled = replace(_without_hardware_mac(wanted, hardware), details=details)
    if before is None:
        return settled
    return replace(
        settled,
        mac=settled.mac or before.mac,
        ipv4=_with_routes(settled.ipv4, before.ipv4),
        ipv6=_with_routes(settled.ipv6, before.ipv6),
        dns=before.dns,
    )


def _without_hardware_mac(
    config: InterfaceConfig, hardware: Mapping[str, MacAddress]
) -> InterfaceConfig:
    """A document names a card by its MAC; to write it down would be to set it."""
    if config.mac is None or config.mac != hardware.get(config.name):
        return config
    return replace(config, mac=None)


def _with_routes(wanted: IpConfig | None, before: IpConfig | None) -> IpConfig | None:
    if wanted is None or before is None:
        return wanted
    return replace(wanted, routes=before.routes)


def _bridging(wanted: InterfaceConfig, port: InterfaceConfig | None) -> Bridging:
    """How the bridge comes by its addresses: those of its port, or others."""
    if port is None or (_said(wanted.ipv4), _said(wanted.ipv6)) != (
        _said(port.ipv4),
        _said(port.ipv6),
    ):
        return Bridging(wanted, keep=port is None and not (wanted.ipv4 or wanted.ipv6))
    return Bridging(replace(wanted, ipv4=None, ipv6=None, dns=DnsConfig()), keep=True)


def _said(ip: IpConfig | None) -> IpConfig | None:
    """What a document says of it."""
    return None if ip is None else replace(ip, routes=())
