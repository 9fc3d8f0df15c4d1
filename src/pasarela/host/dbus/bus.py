"""The system bus, as far as programs on it know the links that we know.

In a network namespace of our own (the lab, a test, a container) the host's bus may well be within
reach, but the programs on it have other links: an index or a name of ours would mean one of
theirs. So a program counts as there only if its process is in our network namespace.
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from dataclasses import dataclass
from struct import Struct
from typing import TYPE_CHECKING, Any

from pasarela.errors import ServiceFailed

if TYPE_CHECKING:
    from jeepney import Message
    from jeepney.io.blocking import DBusConnection  # 9 ms that only these networks need pay

PATIENCE = 10.0  # seconds; firewalld takes one or two for a change on a slow host
_CREDENTIALS = Struct("=iII")


@dataclass(frozen=True, slots=True)
class Service:
    """An object of a program on the bus, and what of it is called."""

    name: str
    path: str
    interface: str
    program: str  # as users know it


_THE_BUS = Service("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "D-Bus")


class Bus:
    """Calls to programs on the system bus; connected when first needed, and again when lost."""

    def __init__(self) -> None:
        self._connection: DBusConnection | None = None

    def reaches(self, service: Service) -> bool:
        """Whether the program runs, and in our network namespace. It is not started for this."""
        try:
            (process,) = self.call(_THE_BUS, "GetConnectionUnixProcessID", "s", service.name)
            return _shares_network(process)
        except (ServiceFailed, OSError):
            return False

    def call(self, service: Service, method: str, signature: str, *body: object) -> tuple[Any, ...]:
        """What the method returns.

        Raises:
            ServiceFailed: the program refused, is not there, or does not answer.
        """
        from jeepney import DBusAddress, new_method_call  # noqa: PLC0415  (see above)

        address = DBusAddress(service.path, service.name, service.interface)
        reply = self._ask(service, method, new_method_call(address, method, signature, body))
        return tuple(reply.body)

    def _ask(self, service: Service, method: str, message: Message) -> Message:
        from jeepney import MessageFlag, MessageType  # noqa: PLC0415

        message.header.flags |= MessageFlag.no_auto_start
        try:
            reply = self._connected().send_and_get_reply(message, timeout=PATIENCE)
        except (OSError, EOFError) as error:  # a TimeoutError is an OSError
            self.close()
            raise ServiceFailed(f"{method}: {error or 'the bus has hung up'}") from error
        if reply.header.message_type is MessageType.error:
            raise _refusal(service, reply)
        return reply

    def _connected(self) -> DBusConnection:
        """Raises:
        OSError: there is no bus, or it is not of our world."""
        from jeepney.io.blocking import open_dbus_connection  # noqa: PLC0415

        if self._connection is None:
            self._connection = open_dbus_connection(bus="SYSTEM")
            if not _knows_our_processes(self._connection.sock):
                self.close()
                raise ConnectionRefusedError("the bus is one of another container's")
        return self._connection

    def close(self) -> None:
        """Hang up; the next call connects again."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(OSError):
                connection.close()


def _refusal(service: Service, reply: Message) -> ServiceFailed:
    """In libvirt's words, which are those of GLib."""
    from jeepney import HeaderFields  # noqa: PLC0415  (see above)

    name = reply.header.fields[HeaderFields.error_name]
    reason = ": ".join(str(part) for part in reply.body)
    return ServiceFailed(
        f"GDBus.Error:{name}: {reason}", remedy=f"see what {service.program} logs about it"
    )


def _knows_our_processes(sock: socket.socket) -> bool:
    """Whether the bus was started among the processes that we see; its numbers are ours then."""
    credentials = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return bool(_CREDENTIALS.unpack(credentials)[0])


def _shares_network(process: int) -> bool:
    """Raises:
    OSError: it has ended, or we may not look."""
    theirs = os.stat(f"/proc/{process}/ns/net")  # noqa: PTH116
    ours = os.stat("/proc/thread-self/ns/net")  # noqa: PTH116
    return os.path.samestat(theirs, ours)
