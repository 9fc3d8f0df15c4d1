"""How the host's interfaces are configured, and the changes that are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from pasarela.engine.context import Context
from pasarela.errors import (
    ErrorDomain,
    HostnetFileError,
    HostnetRefused,
    InterfaceNotFound,
    OperationInvalid,
)
from pasarela.hostnet.host import Host
from pasarela.model.interface import InterfaceType
from pasarela.model.interface_config import BondConfig, BridgeConfig
from pasarela.model.values import MacAddress

if TYPE_CHECKING:
    from pasarela.engine.machine import Interfaces
    from pasarela.model.interface_config import InterfaceConfig


class Settings:
    """The interfaces' configuration as the calls about interfaces need it."""

    def __init__(self, context: Context, interfaces: Interfaces) -> None:
        self._context = context
        self._interfaces = interfaces

    @property
    def _host(self) -> Host:
        """Made anew each time: which managers there are may change."""
        return Host(self._context.paths.root, self._context.paths.interface_change)

    # reading

    def absent(self) -> tuple[str, ...]:
        """What is configured and not there; nothing where the files cannot be read."""
        try:
            configured = self._host.configuration.all()
        except HostnetFileError as error:
            self._context.warn((str(error),))
            return ()
        return tuple(name for name in sorted(configured) if not self._exists(name))

    def document(self, name: str) -> str | None:
        """What is configured of an interface; None if nothing is.

        Raises:
            HostnetFileError: a file cannot be read.
        """
        from pasarela.xml.interface_config import format_config  # noqa: PLC0415  (lxml: 25 ms)

        found = self._host.configuration.all().get(name)
        return None if found is None else format_config(self._with_macs(found.config))

    def _with_macs(self, config: InterfaceConfig) -> InterfaceConfig:
        """With the addresses that network cards have, by which documents name them."""
        details = config.details
        if isinstance(details, BridgeConfig | BondConfig):
            details = replace(details, ports=tuple(map(self._with_macs, details.ports)))
        mac = config.mac
        if mac is None and config.type is InterfaceType.ETHERNET:
            mac = self._mac(config.name)
        return replace(config, mac=mac, details=details)

    def _mac(self, name: str) -> MacAddress | None:
        """None for what is not there, and for links without one (tun, GRE)."""
        try:
            return MacAddress(self._interfaces.by_name(name).mac)
        except (InterfaceNotFound, ValueError):
            return None

    def _exists(self, name: str) -> bool:
        try:
            self._interfaces.by_name(name)
        except InterfaceNotFound:
            return False
        return True

    # changes

    def define(self, xml: str, *, validate: bool) -> str:
        """Have the files say this; gives the interface's name.

        Raises:
            PasarelaError: the document is wrong, or it cannot be said in the files.
        """
        from pasarela.xml.interface_config import parse_interface  # noqa: PLC0415

        config = parse_interface(xml, validate=validate)
        with self._changing(config.name) as host:
            known = host.configuration.all()
            if not known.keys() & {config.name, *config.ports}:
                config = self._without_live_mtu(config)
            host.configuration.define(config, self._macs(config))
            self._context.warn(tuple(host.configuration.warnings))
        return config.name

    def undefine(self, name: str) -> None:
        """Raises:
        InterfaceNotFound: nothing is configured of it."""
        with self._changing(name) as host:
            configured = host.configuration.all().get(name)
            if configured is None:
                raise InterfaceNotFound(
                    f"couldn't find interface named '{name}'",
                    remedy="no file says anything of it, so there is nothing to remove",
                )
            host.configuration.undefine(configured)
            self._context.warn(tuple(host.configuration.warnings))

    def start(self, name: str) -> None:
        with self._changing(name) as host:
            host.running.start(name)

    def stop(self, name: str) -> None:
        with self._changing(name) as host:
            host.running.stop(name)

    def begin(self) -> None:
        with self._changing() as host:
            host.running.begin()

    def commit(self) -> None:
        with self._changing() as host:
            host.running.commit()

    def rollback(self) -> None:
        host = self._host
        with host.changing():
            host.running.rollback()

    def recover(self) -> tuple[str, ...]:
        """Take back what a reboot ended; says so."""
        host = self._host
        with host.changing():
            if not host.running.recover():
                return ()
        return ("the change of the interfaces that a reboot ended has been taken back",)

    @contextmanager
    def _changing(self, name: str | None = None) -> Iterator[Host]:
        """Alone with the interfaces, after taking back what a reboot ended.

        Raises:
            HostnetRefused: it is the loopback interface, or host-bridge has a change on trial.
            OperationInvalid: it is the bridge of a network.
        """
        if name is not None:
            self._check(name)
        host = self._host
        with host.changing():
            host.running.recover()
            yield host

    def _check(self, name: str) -> None:
        """Refuse what is not for these calls.

        Raises:
            HostnetRefused: it is the loopback interface.
            OperationInvalid: it is the bridge of a network.
        """
        if name == "lo":
            raise HostnetRefused(
                "interface 'lo' is the host's own",
                remedy="programs of this host talk to each other over it: leave it as it is",
            )
        store = self._context.store
        for network in store.active_names():
            live = store.live(network).network
            if live.forward.mode.owns_bridge and live.bridge.name == name:
                raise OperationInvalid(
                    f"interface '{name}' is the bridge of network '{network}'",
                    domain=ErrorDomain.INTERFACE,
                    remedy=f"change the network: pasarela net-edit {network}, or net-destroy",
                )

    def _without_live_mtu(self, config: InterfaceConfig) -> InterfaceConfig:
        """Of what nothing has configured yet, a document has the MTU that it happens to have."""
        name = next(iter(config.ports), config.name)
        try:
            live = self._interfaces.by_name(name).mtu
        except InterfaceNotFound:
            return config
        return replace(config, mtu=None) if config.mtu == live else config

    def _macs(self, config: InterfaceConfig) -> dict[str, MacAddress]:
        """The addresses that it and its ports have now."""
        found = {name: self._mac(name) for name in (config.name, *config.ports)}
        return {name: mac for name, mac in found.items() if mac is not None}
