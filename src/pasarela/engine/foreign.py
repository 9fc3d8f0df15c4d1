"""What other programs' filters refuse the networks that run; a start says it of its own network."""

from __future__ import annotations

from contextlib import suppress

from pasarela.engine.context import Context
from pasarela.errors import PasarelaError
from pasarela.plan.foreign import foreign_warnings
from pasarela.plan.services import zone_of


def warn_of_foreign(context: Context) -> None:
    facts = context.machine.facts_for([])
    if not facts.foreign:
        return
    for name in context.store.active_names():
        with suppress(PasarelaError):  # a broken status document, which the repair tells of
            network = context.store.live(name).network
            context.warn(tuple(foreign_warnings(network, facts.foreign, zone_of(network, facts))))
