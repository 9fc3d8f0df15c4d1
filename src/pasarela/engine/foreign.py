"""What other programs' filters refuse the networks that run; a start says it of its own network."""

from __future__ import annotations

from pasarela.engine.context import Context
from pasarela.plan.foreign import foreign_warnings


def warn_of_foreign(context: Context) -> None:
    tables = context.machine.facts_for([]).foreign
    if not tables:
        return
    for name in context.store.active_names():
        network = context.store.live(name).network
        context.warn(tuple(foreign_warnings(network, tables)))
