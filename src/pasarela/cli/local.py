"""What the networks of this very host offer beyond a libvirt connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from pasarela.errors import NotSupportedByDriver

if TYPE_CHECKING:
    from pasarela.cli.context import Context
    from pasarela.engine.engine import Engine


def engine_of(context: Context) -> Engine:
    """The engine behind the connection.

    Raises:
        NotSupportedByDriver: the connection is one that speaks libvirt only.
    """
    connection = context.connection
    if not hasattr(connection, "plan_start"):
        raise NotSupportedByDriver(
            "this needs Pasarela on this host", remedy="leave -c out, and run it on the host itself"
        )
    return cast("Engine", connection)
