"""firewalld: which of its zones a bridge is in.

Source: https://firewalld.org/documentation/man-pages/firewalld.dbus.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

from pasarela.errors import ServiceFailed
from pasarela.host.dbus.bus import Bus, Service
from pasarela.host.dbus.programs import BUS_NAMES, FIREWALLD
from pasarela.plan.actions import Action, ApplyError, Remove
from pasarela.plan.resources import Resource
from pasarela.plan.services import ZonedBridge

_NAME = BUS_NAMES[FIREWALLD]
ZONES = Service(_NAME, "/org/fedoraproject/FirewallD1", f"{_NAME}.zone", FIREWALLD)


class Firewalld:
    """The adapter of bridges in zones. What is set here lasts until firewalld is reloaded."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    def zones(self) -> frozenset[str] | None:
        """The names of its zones; None where it does not run."""
        if not self._bus.reaches(ZONES):
            return None
        try:
            return frozenset(self._bus.call(ZONES, "getZones", "")[0])
        except ServiceFailed:
            return None

    def observe(self, expected: Iterable[Resource]) -> Iterator[Resource]:
        """The zones that bridges are in; nothing of one that is in none."""
        for bridge in expected:
            assert isinstance(bridge, ZonedBridge)
            with suppress(ServiceFailed):
                (zone,) = self._bus.call(ZONES, "getZoneOfInterface", "s", bridge.link)
                if zone:
                    yield replace(bridge, zone=zone)

    def apply(self, actions: Sequence[Action]) -> None:
        """Raises:
        ApplyError: firewalld refused."""
        for position, action in enumerate(actions):
            bridge = action.resource
            assert isinstance(bridge, ZonedBridge)
            method = "removeInterface" if isinstance(action, Remove) else "changeZoneOfInterface"
            try:
                self._bus.call(ZONES, method, "ss", bridge.zone, bridge.link)
            except ServiceFailed as cause:
                raise ApplyError(actions[:position], cause) from cause
