"""This host's networks through the daemon that runs here, and plans by the engine in here."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NoReturn

from pasarela.client.remote import RemoteConnection
from pasarela.errors import NotSupportedByDriver

if TYPE_CHECKING:
    from pasarela.client.channel import Channel
    from pasarela.engine.dryrun import StartPlan
    from pasarela.engine.engine import Engine
    from pasarela.plan.facts import Facts


class LocalConnection(RemoteConnection):
    """Changes go to the daemon, which owns the files; plans are made here, where it all lies."""

    def __init__(self, channel: Channel, uri: str, root: str, *, readonly: bool = False) -> None:
        self._root = root
        super().__init__(channel, uri, readonly=readonly)

    @cached_property
    def _engine(self) -> Engine:
        from pasarela.client.embedded import open_embedded  # noqa: PLC0415  (few commands plan)

        return open_embedded(self._root)

    def facts(self) -> Facts:
        """The host, as choosing a subnet or a bridge for a new network needs to know it."""
        return self._engine.facts()

    def plan_start(self, xml: str, *, validate: bool = False) -> StartPlan:
        """What starting this document would do, without doing any of it."""
        return self._engine.plan_start(xml, validate=validate)

    def autostart_all(self) -> NoReturn:
        raise _its_own("starts what is marked for it when it starts")

    def reconcile(self) -> NoReturn:
        raise _its_own(
            "puts everything right when it starts or is reloaded, and stops networks whose bridge "
            "is gone"
        )


def _its_own(what: str) -> NotSupportedByDriver:
    return NotSupportedByDriver(
        f"the daemon that runs {what}", remedy="systemctl reload pasarelad, or send it SIGHUP"
    )
