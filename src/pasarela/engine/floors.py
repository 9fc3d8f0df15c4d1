"""The traffic classes of the ports' floors, made to fit the ports that a network has."""

from __future__ import annotations

from pasarela.engine import crank
from pasarela.engine.context import Context
from pasarela.engine.wanted import wanted_shaping
from pasarela.errors import PasarelaError
from pasarela.model.network import Network
from pasarela.plan.resources import HostState


def move_floors(context: Context, network: Network, before: HostState) -> None:
    """Bring the classes from ``before`` to what the ports are promised now, if that differs.

    Raises:
        PasarelaError: the host refused.
    """
    if wanted_shaping(context, network) != before:
        keep_floors(context, network)


def drop_floors(context: Context, network: Network, before: HostState) -> None:
    """The same for a port that goes, which no trouble of the host's may keep (a lost bridge)."""
    try:
        move_floors(context, network, before)
    except PasarelaError as error:
        name = network.name
        context.warn((f"network '{name}': {error.message}; to mend it: pasarela net-repair",))


def keep_floors(context: Context, network: Network) -> None:
    """Make the classes fit the ports, whatever they were.

    Raises:
        PasarelaError: the host refused.
    """
    goal = wanted_shaping(context, network)
    if goal:
        crank.reach(context.machine, goal)
