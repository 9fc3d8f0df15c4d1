"""Closing the firewall again at the next command after somebody has flushed it.

``nft flush ruleset``, and so each restart of nftables.service, takes everybody's rules away. There
may be no daemon that hears of it, so each writing command takes a glance before it begins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pasarela.engine.context import Context
from pasarela.engine.lazy import LazyModule
from pasarela.errors import PasarelaError

if TYPE_CHECKING:
    from pasarela.engine import reconcile
else:
    reconcile = LazyModule("pasarela.engine.reconcile")

_SHOWN = 8


def restore_firewall(context: Context) -> None:
    """Bring the firewall of all active networks back if somebody has emptied it, and warn.

    That it cannot be brought back keeps nobody from stopping a network, so it is a warning, too.
    """
    bridges = context.store.guarded_bridges()
    try:
        if not bridges or context.machine.guards(bridges):
            return
        restored = reconcile.mend_firewall(context)
    except PasarelaError as error:
        context.warn((f"the firewall is not whole, and cannot be restored: {error.message}",))
    else:
        if restored:
            context.warn((f"the firewall had been flushed; restored for {_listed(restored)}",))


def _listed(names: list[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
