"""Which of the programs that want to be told of networks run on this host.

It is only found out where a network has something to tell them, and anew for each command. On a
host where they are not installed there is nobody to ask: that costs a look at a path.
"""

from __future__ import annotations

from pathlib import Path

from pasarela.host.dbus.bus import Bus
from pasarela.host.dbus.firewalld import ZONES, Firewalld
from pasarela.host.dbus.resolved import MANAGER
from pasarela.plan.facts import Services

PROGRAMS = {
    ZONES.program: ("/usr/sbin/firewalld",),
    MANAGER.program: ("/usr/lib/systemd/systemd-resolved", "/lib/systemd/systemd-resolved"),
}


class BusServices(Services):
    """Services that are asked for when they are first read, and once."""

    __slots__ = ("_bus", "_resolved", "_zones")
    _bus: Bus
    _zones: frozenset[str] | None
    _resolved: bool

    def __init__(self, bus: Bus) -> None:
        object.__setattr__(self, "_bus", bus)

    @property
    def zones(self) -> frozenset[str] | None:
        if not hasattr(self, "_zones"):
            asked = is_installed(ZONES.program)
            object.__setattr__(self, "_zones", Firewalld(self._bus).zones() if asked else None)
        return self._zones

    @property
    def resolved(self) -> bool:
        if not hasattr(self, "_resolved"):
            reached = is_installed(MANAGER.program) and self._bus.reaches(MANAGER)
            object.__setattr__(self, "_resolved", reached)
        return self._resolved


def is_installed(program: str) -> bool:
    return any(Path(path).exists() for path in PROGRAMS[program])
