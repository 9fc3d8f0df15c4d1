"""Hearing that firewalld or systemd-resolved has forgotten what it was told of networks.

A reload of firewalld takes bridges out of the zones that they were put into, and a restart of
either forgets everything.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from pasarela.host.dbus.programs import BUS_NAMES, FIREWALLD, PROGRAMS, is_installed

if TYPE_CHECKING:
    from jeepney import Message
    from jeepney.io.blocking import DBusConnection

log = logging.getLogger(__name__)

_PATIENCE = 10.0  # seconds, for the bus to answer
_BUS = "org.freedesktop.DBus"


class BusWatch:
    """Calls back, in the event loop, when one of the programs has started or been reloaded.

    Where neither is installed, there is nothing to hear, and the bus is not asked.
    """

    def __init__(self, forgotten: Callable[[], object]) -> None:
        self._forgotten = forgotten
        self._loop = asyncio.get_running_loop()
        self._connection: DBusConnection | None = None
        self._connecting: asyncio.Task[None] | None = None
        if any(map(is_installed, PROGRAMS)):
            self._connecting = asyncio.create_task(self._connect(), name="bus watch")

    def is_deaf(self) -> bool:
        """Whether nothing is heard: not yet, or not at all."""
        return self._connection is None

    def close(self) -> None:
        if self._connecting is not None:
            self._connecting.cancel()
        if self._connection is not None:
            self._loop.remove_reader(self._connection.sock)
            self._connection.close()
            self._connection = None

    async def _connect(self) -> None:
        try:
            connection = await asyncio.to_thread(_subscribed)
        except (OSError, EOFError) as error:
            log.info("reloads of firewalld are not heard of: %s", error)
            return
        self._connection = connection
        self._loop.add_reader(connection.sock, self._heard, connection)

    def _heard(self, connection: DBusConnection) -> None:
        """Take all that has come; one call back is enough for it."""
        messages: list[Message] = []
        try:
            while True:
                messages.append(connection.receive(timeout=0))
        except TimeoutError:
            pass
        except (OSError, EOFError) as error:
            log.warning("the bus has hung up: %s", error or "end of file")
            self.close()
        if any(map(_means_forgotten, messages)):
            self._forgotten()


def _subscribed() -> DBusConnection:
    """A connection to the bus that is told what matters here.

    Raises:
        OSError: there is no bus, or it does not answer.
    """
    from jeepney import DBusAddress, new_method_call  # noqa: PLC0415  (9 ms, in another thread)
    from jeepney.io.blocking import open_dbus_connection  # noqa: PLC0415

    connection = open_dbus_connection(bus="SYSTEM")
    the_bus = DBusAddress("/org/freedesktop/DBus", _BUS, _BUS)
    for rule in _rules():
        request = new_method_call(the_bus, "AddMatch", "s", (rule,))
        connection.send_and_get_reply(request, timeout=_PATIENCE)
    return connection


def _rules() -> list[str]:
    started = [
        f"type='signal',sender='{_BUS}',member='NameOwnerChanged',arg0='{name}'"
        for name in BUS_NAMES.values()
    ]
    return [*started, f"type='signal',sender='{BUS_NAMES[FIREWALLD]}',member='Reloaded'"]


def _means_forgotten(message: Message) -> bool:
    from jeepney import HeaderFields  # noqa: PLC0415

    member = message.header.fields.get(HeaderFields.member)
    if member == "NameOwnerChanged":
        name, _, owner = message.body
        return bool(owner) and name in BUS_NAMES.values()
    return bool(member == "Reloaded")
