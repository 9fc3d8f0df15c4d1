"""The sockets: made here, or handed over by systemd; and taking clients in."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import socket
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pasarela.daemon.access import Credentials, Policy
from pasarela.daemon.client_stream import ClientStream
from pasarela.daemon.config import Config
from pasarela.daemon.peer import HIGH_WATER, Peer
from pasarela.daemon.service import Service
from pasarela.engine.files import make_folder, system_errors

log = logging.getLogger(__name__)

DRIVERS = {"virtnetworkd": "network", "virtinterfaced": "interface"}
BACKLOG = 1024  # those who find it full are turned away
AT_ONCE = 64  # clients taken in before those who are in are served again
FIRST_FD = 3  # SD_LISTEN_FDS_START
RETRY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Listener:
    """A listening socket: whose it is in libvirt, and its path if that is ours to remove."""

    socket: socket.socket
    readonly: bool
    driver: str
    path: Path | None = None


def inherited(environment: Mapping[str, str]) -> list[Listener]:
    """The sockets that systemd has opened for us (sd_listen_fds)."""
    if environment.get("LISTEN_PID") != str(os.getpid()):
        return []
    count = int(environment.get("LISTEN_FDS", "0"))
    names = [*environment.get("LISTEN_FDNAMES", "").split(":"), *[""] * count]
    handed = [_adopted(FIRST_FD + index, names[index]) for index in range(count)]
    found = [one for one in handed if one is not None]
    if found and all(one.readonly for one in found):
        log.warning(
            "systemd handed over no socket for those who may change networks: if that is not meant "
            "so, see why (systemctl status pasarelad.socket)"
        )
    return found


def _adopted(fd: int, name: str) -> Listener | None:
    """What a socket is for, its path tells, or its unit's name, as in libvirt.

    None for what Pasarela has not: whoever came by libvirt's administration socket, say, would
    else be let in to change networks.
    """
    os.set_inheritable(fd, False)
    found = socket.socket(fileno=fd)
    found.setblocking(False)
    path = str(found.getsockname())
    if found.family != socket.AF_UNIX or "-admin" in path + name:
        log.warning("systemd handed over a socket that nobody answers at: %s %s", name, path)
        found.close()
        return None
    readonly = path.endswith("-ro") or name.endswith("-ro.socket")
    interfaces = "virtinterfaced" in (path + name)
    return Listener(found, readonly, "interface" if interfaces else "network")


def made(folder: Path, config: Config) -> list[Listener]:
    """Our own sockets, where libvirt's daemons have theirs.

    Raises:
        SystemCallFailed: there is no making them there.
    """
    make_folder(folder)
    return [
        _listen(folder / f"{name}-sock{'-ro' if readonly else ''}", readonly, driver, config)
        for name, driver in DRIVERS.items()
        for readonly in (False, True)
    ]


def _listen(path: Path, readonly: bool, driver: str, config: Config) -> Listener:
    """A socket that nobody can connect to before it has its mode."""
    made_here = socket.socket(socket.AF_UNIX)
    with system_errors(f"cannot listen at {path}"):
        path.unlink(missing_ok=True)  # a dead daemon's: we hold the lock
        before = os.umask(0o777)
        try:
            made_here.bind(os.fspath(path))
        finally:
            os.umask(before)
        if config.group is not None and not readonly:
            with suppress(PermissionError):  # in a user namespace that does not have the group
                os.chown(path, -1, config.group)
        path.chmod(config.ro_mode if readonly else config.rw_mode)
        made_here.listen(BACKLOG)
    made_here.setblocking(False)
    return Listener(made_here, readonly, driver, path)


class Door:
    """Takes clients in, no more than the configured number at once.

    Those who may only look, anybody, leave a tenth of the places to those who may change networks.
    """

    def __init__(self, listeners: Iterable[Listener], policy: Policy, max_clients: int) -> None:
        self._listeners = list(listeners)
        self._policy = policy
        self._places = {False: max_clients, True: max_clients - max_clients // 10}
        self._inside = {False: 0, True: 0}  # those who may change, and those who may not
        self._loop = asyncio.get_running_loop()
        self._service: Service
        self._open: set[socket.socket] = set()

    def open(self, service: Service | None = None) -> None:
        """For all who find room."""
        if service is not None:
            self._service = service
        for listener in self._listeners:
            if listener.socket not in self._open and self._has_room(listener.readonly):
                self._open.add(listener.socket)
                self._loop.add_reader(listener.socket, self._accept, listener)

    def shut(self) -> None:
        """Let those who want to connect wait."""
        for listener in self._listeners:
            self._shut(listener)

    def _shut(self, listener: Listener) -> None:
        self._open.discard(listener.socket)
        self._loop.remove_reader(listener.socket)

    def left(self, readonly: bool) -> None:
        """A client has gone, so another one may come in."""
        self._inside[readonly] -= 1
        self.open()

    def close(self) -> None:
        self.shut()
        for listener in self._listeners:
            listener.socket.close()
            if listener.path is not None:
                listener.path.unlink(missing_ok=True)
        self._listeners.clear()

    def _accept(self, listener: Listener) -> None:
        for _ in range(AT_ONCE):
            try:
                connection, _ = listener.socket.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._rest(error)
                return
            self._admit(connection, listener)
            if listener.socket not in self._open:
                return

    def _admit(self, connection: socket.socket, listener: Listener) -> None:
        refusal = None
        if not listener.readonly:
            refusal = self._policy.refusal(Credentials.of(connection))
        readonly = listener.readonly or refusal is not None
        if not self._has_room(readonly):
            connection.close()
            return
        self._inside[readonly] += 1
        connection.setblocking(False)
        stream = ClientStream(connection, self._service.is_changing, HIGH_WATER)
        Peer(self._service, listener.driver, stream, readonly=readonly, refusal=refusal)
        for one in self._listeners:
            if not self._has_room(one.readonly):
                self._shut(one)

    def _has_room(self, readonly: bool) -> bool:
        inside = self._inside
        full = sum(inside.values()) >= self._places[False]
        return not full and (not readonly or inside[True] < self._places[True])

    def _rest(self, error: OSError) -> None:
        """Out of descriptors or memory: stop for a moment, as others leave."""
        if error.errno not in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
            raise error
        log.warning("cannot take in another client: %s", error)
        self.shut()
        self._loop.call_later(RETRY_SECONDS, self.open)
