"""The real host: every adapter behind the one interface that the engine knows."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from itertools import groupby
from pathlib import Path
from socket import NETLINK_ROUTE
from typing import TYPE_CHECKING, Any, Protocol

from pasarela.errors import PasarelaError
from pasarela.host.capabilities import KernelCapabilities
from pasarela.host.dbus.services import BusServices
from pasarela.host.dnsmasq import Dnsmasqs
from pasarela.host.facts import read_basics, read_facts, read_for_start
from pasarela.host.files import Files
from pasarela.host.foreign import ForeignTables
from pasarela.host.links import Links
from pasarela.host.netlink.socket import NetlinkSocket
from pasarela.host.nftables.firewall import Firewall
from pasarela.host.shaping import Shaping
from pasarela.host.sriov import is_virtual_function
from pasarela.host.sysctl import Sysctls
from pasarela.model.network import Network
from pasarela.model.paths import Paths
from pasarela.model.values import PciAddress
from pasarela.plan.actions import Action, ApplyError, Meanwhile, Remove, nothing
from pasarela.plan.facts import Capabilities, Facts
from pasarela.plan.resources import (
    DhcpClient,
    DnsmasqProcess,
    HostState,
    Resource,
    Scope,
    SourceRule,
    Sysctl,
    TextFile,
)
from pasarela.plan.ruleset import FirewallSection
from pasarela.plan.services import RegisteredDomain, ZonedBridge
from pasarela.plan.shaping import BridgeShaping

if TYPE_CHECKING:
    from pasarela.host.dbus.bus import Bus
    from pasarela.host.dbus.firewalld import Firewalld
    from pasarela.host.dbus.resolved import Resolved
    from pasarela.host.dhcp_client import DhcpClients
    from pasarela.host.rules import Rules

_ADAPTERS: Mapping[type[Resource], str] = {
    Sysctl: "_sysctls",
    TextFile: "_files",
    DnsmasqProcess: "_dnsmasqs",
    DhcpClient: "_dhcp_clients",
    SourceRule: "_rules",
    FirewallSection: "_firewall",
    BridgeShaping: "_shaping",
    ZonedBridge: "_firewalld",
    RegisteredDomain: "_resolved",
}  # links' own are all the others

LEASE_HELPER = Path(__file__).with_name("lease_helper.py")


class Adapter(Protocol):
    """One mechanism of the kernel's or the system's; it is only asked for resources of its own."""

    def observe(self, expected: Iterable[Any]) -> Iterable[Resource]: ...
    def apply(self, actions: Sequence[Action]) -> None: ...


class LinuxHost:
    """The network namespace that this process was in when the host was first asked.

    Its sockets stay open and are not to be shared between threads.

    Args:
        paths: where the networks' files lie; those of dnsmasq are found by them at a reload.
    """

    def __init__(self, paths: Paths | None = None) -> None:
        self._paths = paths or Paths()
        self._foreign_tables = ForeignTables()

    def facts(self) -> Facts:
        services = BusServices(lambda: self._bus)
        return read_facts(self._route_socket, self._capabilities, services, lease_helper())

    def basics(self) -> Facts:
        return read_basics(self._capabilities, BusServices(lambda: self._bus), lease_helper())

    def facts_for(self, networks: Sequence[Network]) -> Facts:
        facts = read_for_start(self._route_socket, self.basics(), networks)
        return replace(facts, foreign=self._foreign_tables.read())

    def is_virtual_function(self, address: PciAddress) -> bool:
        return is_virtual_function(address)

    def observe(self, scope: Scope) -> HostState:
        by_adapter: dict[Adapter, list[Resource]] = {}
        for resource in scope.expected:
            by_adapter.setdefault(self._adapter(resource), []).append(resource)
        return frozenset(
            found for adapter, expected in by_adapter.items() for found in adapter.observe(expected)
        )

    def guards(self, bridges: Iterable[str]) -> bool:
        return self._firewall.dispatches(bridges)

    def apply(self, actions: Sequence[Action], meanwhile: Meanwhile = nothing) -> None:
        """Carry the actions out in order, each adapter's neighbours together.

        Args:
            meanwhile: is called while dnsmasqs that start come up.

        Raises:
            ApplyError: one failed, and those after it were not tried.
        """
        busy = [action for action in actions if not _is_idle(action)]
        with self._dnsmasqs.ahead(busy):
            self._apply(busy, meanwhile)

    def _apply(self, actions: Sequence[Action], meanwhile: Meanwhile) -> None:
        done: list[Action] = []
        for adapter, run in groupby(actions, key=lambda action: self._adapter(action.resource)):
            batch = list(run)
            try:
                if adapter is self._dnsmasqs:
                    self._dnsmasqs.apply(batch, meanwhile)
                else:
                    adapter.apply(batch)
            except ApplyError as error:
                raise ApplyError([*done, *error.done], error.cause) from error.cause
            except PasarelaError as error:  # of an adapter that does all or nothing
                raise ApplyError(done, error) from error
            done += batch

    def reload(self, networks: frozenset[str]) -> None:
        for name in sorted(networks):
            self._dnsmasqs.reload(self._paths.dnsmasq_pid(name), self._paths.dnsmasq_conf(name))

    def end_strays(self, state: HostState) -> None:
        """End dnsmasqs of these networks that a killed command left on their way up."""
        self._dnsmasqs.end_strays(one for one in state if isinstance(one, DnsmasqProcess))

    def _adapter(self, resource: Resource) -> Adapter:
        adapter: Adapter = getattr(self, _ADAPTERS.get(type(resource), "_links"))
        return adapter

    @cached_property
    def _capabilities(self) -> Capabilities:
        return KernelCapabilities(self._route_socket)

    @cached_property
    def _route_socket(self) -> NetlinkSocket:
        return NetlinkSocket(NETLINK_ROUTE)

    @cached_property
    def _links(self) -> Links:
        return Links(self._route_socket)

    @cached_property
    def _rules(self) -> Rules:
        from pasarela.host.rules import Rules  # noqa: PLC0415  (few networks have any)

        return Rules(self._route_socket)

    @cached_property
    def _dhcp_clients(self) -> DhcpClients:
        from pasarela.host.dhcp_client import DhcpClients  # noqa: PLC0415

        return DhcpClients(self._rules)

    @cached_property
    def _firewall(self) -> Firewall:
        return Firewall()

    @cached_property
    def _shaping(self) -> Shaping:
        return Shaping(self._route_socket)

    @cached_property
    def _bus(self) -> Bus:
        from pasarela.host.dbus.bus import Bus  # noqa: PLC0415  (few hosts need it, or what follows)

        return Bus()

    @cached_property
    def _firewalld(self) -> Firewalld:
        from pasarela.host.dbus.firewalld import Firewalld  # noqa: PLC0415

        return Firewalld(self._bus)

    @cached_property
    def _resolved(self) -> Resolved:
        from pasarela.host.dbus.resolved import Resolved  # noqa: PLC0415

        return Resolved(self._bus)

    @cached_property
    def _sysctls(self) -> Sysctls:
        return Sysctls()

    @cached_property
    def _files(self) -> Files:
        return Files()

    @cached_property
    def _dnsmasqs(self) -> Dnsmasqs:
        return Dnsmasqs()


def lease_helper() -> str | None:
    """The script that keeps the JSON lease files, if it can be run.

    An installer may have dropped its execute bit; whoever may, sets it again.
    """
    if not os.access(LEASE_HELPER, os.X_OK):
        with suppress(OSError):
            LEASE_HELPER.chmod(0o755)
    return str(LEASE_HELPER) if os.access(LEASE_HELPER, os.X_OK) else None


def _is_idle(action: Action) -> bool:
    """Taking a setting back is nothing; it must not part its neighbours either."""
    return isinstance(action, Remove) and isinstance(action.resource, Sysctl)
