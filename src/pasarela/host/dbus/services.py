"""Which of the programs that want to be told of networks run on this host.

It is only found out where a network has something to tell them, and anew for each command. On a
host where they are not installed there is nobody to ask: that costs a look at a path, and nothing
that speaks D-Bus is imported.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pasarela.host.dbus.programs import FIREWALLD, RESOLVED, is_installed
from pasarela.plan.facts import Services

if TYPE_CHECKING:
    from pasarela.host.dbus.bus import Bus


class BusServices(Services):
    """Services that are asked for when they are first read, and once.

    Args:
        bus: makes the bus, or gives the one that there is.
    """

    __slots__ = ("_bus", "_resolved", "_zones")
    _bus: Callable[[], Bus]
    _zones: frozenset[str] | None
    _resolved: bool

    def __init__(self, bus: Callable[[], Bus]) -> None:
        object.__setattr__(self, "_bus", bus)

    @property
    def zones(self) -> frozenset[str] | None:
        if not hasattr(self, "_zones"):
            object.__setattr__(self, "_zones", self._ask_zones())
        return self._zones

    @property
    def resolved(self) -> bool:
        if not hasattr(self, "_resolved"):
            object.__setattr__(self, "_resolved", self._ask_resolved())
        return self._resolved

    def _ask_zones(self) -> frozenset[str] | None:
        if not is_installed(FIREWALLD):
            return None
        from pasarela.host.dbus.firewalld import Firewalld  # noqa: PLC0415  (see above)

        return Firewalld(self._bus()).zones()

    def _ask_resolved(self) -> bool:
        if not is_installed(RESOLVED):
            return False
        from pasarela.host.dbus.resolved import MANAGER  # noqa: PLC0415

        return self._bus().reaches(MANAGER)
