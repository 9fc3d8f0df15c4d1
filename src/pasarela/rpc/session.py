"""What a server knows of one client: authenticated, open, read-only, callbacks, features."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple
from uuid import UUID

from pasarela.errors import (
    AuthFailed,
    ErrorDomain,
    InternalError,
    NoDriver,
)
from pasarela.model.handles import (
    LifecycleEvent,
    NetworkEvent,
    NetworkRef,
)
from pasarela.rpc.errors import NotOpen
from pasarela.rpc.handles import Parameter, check_parameters

LIB_VERSION = 11003000  # the libvirt whose network calls are all here: 11.3.0
AUTH_NONE = 0
READ_ONLY = 1

# Passing descriptors, text parameters, keepalive, filtered event callbacks, close callbacks, and
# NETWORK_UPDATE's arguments in the right order.
FEATURES = frozenset((8, 9, 10, 14, 15, 16))
KEEPALIVE = 10

IDENTITY = {
    "user-name": "string",
    "unix-user-id": "ullong",
    "group-name": "string",
    "unix-group-id": "ullong",
    "process-id": "llong",
    "process-time": "ullong",
    "sasl-user-name": "string",
    "x509-distinguished-name": "string",
    "selinux-context": "string",
    "system.token": "string",
}

_HOW_TO_GET_IN = "join the group that may (then log in again), or only look: -r"

EVENT_LIFECYCLE, EVENT_METADATA = 0, 1
MAX_CALLBACKS = 1024  # of one client, who needs one for each kind of event
_URI = re.compile(r"(?P<scheme>[^:/?#]+):(//(?P<host>[^/?#]*))?(?P<path>[^?#]*)")
_DRIVERS = ("network", "interface", "qemu")  # qemu: a whole host's URI, as most people have it


class Limits(NamedTuple):
    """What one client may do; libvirt's defaults.

    Attributes:
        unanswered: calls that are read before one of them has its answer.
        silent_pings: questions whether it is alive before it is given up; with 0 it is asked
            nothing, and given up if it says nothing.
    """

    unanswered: int = 5
    silent_pings: int = 5


@dataclass(frozen=True, slots=True)
class Services:
    """What a server is, for all its clients.

    Attributes:
        driver: what it says of its own kind: ``network`` or ``interface``.
        path: the path that a URI must have: ``/system``, or ``/session`` for an ordinary user.
    """

    driver: str = "network"
    path: str = "/system"
    callback_ids: Iterator[int] = field(default_factory=count)
    limits: Limits = field(default_factory=Limits)

    @property
    def uri(self) -> str:
        return f"{self.driver}://{self.path}"


class Subscription(NamedTuple):
    event: int
    network: UUID | None  # its name, which may be long, tells nothing

    def wants(self, event: NetworkEvent) -> bool:
        kind = EVENT_LIFECYCLE if isinstance(event, LifecycleEvent) else EVENT_METADATA
        return self.event == kind and self.network in (None, event.network.uuid)


class SessionState:
    """A client's state; the methods are the calls that the protocol itself answers."""

    def __init__(self, services: Services, *, readonly: bool, refusal: str | None = None) -> None:
        self.services = services
        self._refusal = refusal
        self.readonly = readonly
        self.authenticated = False
        self.opened = False
        self.closed = False
        self.keepalive = False
        self.subscriptions: dict[int, Subscription] = {}

    # opening and closing

    def list_auth(self) -> tuple[list[int]]:
        """Who may connect is decided at the socket; asking is what authenticates."""
        if self._refusal is not None:
            self.closed = True
            raise AuthFailed(self._refusal, remedy=_HOW_TO_GET_IN)
        self.authenticated = True
        return ([AUTH_NONE],)

    def refuse_auth(self) -> tuple[()]:
        """Another way to authenticate than those that were offered."""
        raise AuthFailed("authentication failed")

    def open(self, name: str | None, flags: int) -> tuple[()]:
        if self.opened:
            raise NotOpen("connection already open")
        self._check_uri(name or "")
        self.opened = True
        self.readonly = self.readonly or bool(flags & READ_ONLY)
        return ()

    def close(self) -> tuple[()]:
        self.closed = True
        return ()

    def _check_uri(self, uri: str) -> None:
        if not uri:
            return
        parts = _URI.match(uri)
        if parts is None:
            raise NoDriver(f"URI '{uri}' does not include a driver name")
        scheme = parts["scheme"]
        if scheme not in _DRIVERS or parts["host"]:
            raise NoDriver(uri)
        if parts["path"] != self.services.path:
            raise InternalError(
                f"unexpected {scheme} URI path '{parts['path']}', try "
                f"{scheme}://{self.services.path}",
                domain=ErrorDomain.NONE,
            )

    # what the server is

    def supports(self, feature: int) -> tuple[int]:
        if feature == KEEPALIVE:  # the only one that clients ask for before they open
            self.keepalive = True
        else:
            self._need_open()
        return (int(feature in FEATURES),)

    def type(self) -> tuple[str]:
        self._need_open()
        return (self.services.driver,)

    def uri(self) -> tuple[str]:
        self._need_open()
        return (self.services.uri,)

    def is_secure(self) -> tuple[int]:
        self._need_open()
        return (1,)

    def lib_version(self) -> tuple[int]:
        self._need_open()
        return (LIB_VERSION,)

    def set_identity(self, parameters: list[Parameter], flags: int) -> tuple[()]:
        """Which user a daemon in between speaks for; whoever reached the socket may do all."""
        self._need_open()
        check_parameters(parameters, IDENTITY)
        return ()

    # callbacks

    def watch_close(self) -> tuple[()]:
        """Told of it if the daemon lost a connection of its own, as a hypervisor's driver can."""
        self._need_open()
        return ()

    def register_event(self, event: int, network: NetworkRef | None) -> tuple[int]:
        self._need_open("connection not open")
        if event not in (EVENT_LIFECYCLE, EVENT_METADATA):
            raise NotOpen(f"unsupported network event ID {event}")
        if len(self.subscriptions) >= MAX_CALLBACKS:
            raise NotOpen(f"this connection has {MAX_CALLBACKS} network event callbacks already")
        number = next(self.services.callback_ids) & 0x7FFFFFFF
        self.subscriptions[number] = Subscription(event, network.uuid if network else None)
        return (number,)

    def deregister_event(self, number: int) -> tuple[()]:
        self._need_open("connection not open")
        if self.subscriptions.pop(number, None) is None:
            raise NotOpen(f"network event callback {number} not registered")
        return ()

    def _need_open(self, text: str = "hypervisor connection not open") -> None:
        if not self.opened:
            raise NotOpen(text)
