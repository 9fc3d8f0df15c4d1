"""systemd-resolved: which name server to ask for the names of a network's domain.

Source: https://www.freedesktop.org/software/systemd/man/org.freedesktop.resolve1.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from ipaddress import ip_address
from socket import AF_INET, AF_INET6, if_nametoindex
from typing import Any

from pasarela.errors import ServiceFailed, SystemCallFailed
from pasarela.host.dbus.bus import Bus, Service
from pasarela.host.dbus.programs import BUS_NAMES, RESOLVED
from pasarela.model.values import IpAddress
from pasarela.plan.actions import Action, ApplyError, Remove
from pasarela.plan.resources import Resource
from pasarela.plan.services import RegisteredDomain

_NAME = BUS_NAMES[RESOLVED]
MANAGER = Service(_NAME, "/org/freedesktop/resolve1", f"{_NAME}.Manager", RESOLVED)
_PROPERTIES = "org.freedesktop.DBus.Properties"
_FAMILIES = {4: AF_INET, 6: AF_INET6}


class Resolved:
    """The adapter of domains that the host's resolver knows."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    def observe(self, expected: Iterable[Resource]) -> Iterator[Resource]:
        """The domains of links; nothing of a link that is gone or has none."""
        for domain in expected:
            assert isinstance(domain, RegisteredDomain)
            with suppress(OSError, ServiceFailed):
                found = self._found(domain)
                if found is not None:
                    yield found

    def apply(self, actions: Sequence[Action]) -> None:
        """Raises:
        ApplyError: the resolver refused."""
        for position, action in enumerate(actions):
            domain = action.resource
            assert isinstance(domain, RegisteredDomain)
            try:
                if isinstance(action, Remove):
                    self._revert(domain)
                else:
                    self._register(domain)
            except ServiceFailed as cause:
                raise ApplyError(actions[:position], cause) from cause
            except OSError as cause:
                failed = SystemCallFailed(
                    f"cannot register {domain.domain}: {cause.strerror}", errno=cause.errno
                )
                raise ApplyError(actions[:position], failed) from cause

    def _register(self, domain: RegisteredDomain) -> None:
        index = if_nametoindex(domain.link)
        server = (_FAMILIES[domain.server.version], domain.server.packed)
        self._bus.call(MANAGER, "SetLinkDNS", "ia(iay)", index, [server])
        self._bus.call(MANAGER, "SetLinkDomains", "ia(sb)", index, [(domain.domain, True)])

    def _revert(self, domain: RegisteredDomain) -> None:
        """Takes all of it back; where the link or the resolver is gone, nothing is left to take."""
        with suppress(OSError, ServiceFailed):
            self._bus.call(MANAGER, "RevertLink", "i", if_nametoindex(domain.link))

    def _found(self, expected: RegisteredDomain) -> RegisteredDomain | None:
        (path,) = self._bus.call(MANAGER, "GetLink", "i", if_nametoindex(expected.link))
        link = Service(_NAME, path, _PROPERTIES, MANAGER.program)
        servers = [_address(octets) for _, octets in self._property(link, "DNS")]
        domains = [name for name, routes_only in self._property(link, "Domains") if routes_only]
        if not servers or not domains:
            return None
        return replace(
            expected,
            domain=expected.domain if expected.domain in domains else domains[0],
            server=expected.server if expected.server in servers else servers[0],
        )

    def _property(self, link: Service, name: str) -> Any:
        ((_, value),) = self._bus.call(link, "Get", "ss", f"{_NAME}.Link", name)
        return value


def _address(octets: Iterable[int]) -> IpAddress:
    return ip_address(bytes(octets))
