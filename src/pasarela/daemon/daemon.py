"""The daemon's life: take the lock, listen, adopt, serve, and leave the networks running."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pasarela.daemon.access import Policy
from pasarela.daemon.bus_watch import BusWatch
from pasarela.daemon.config import Config
from pasarela.daemon.firewall_watch import FirewallWatch
from pasarela.daemon.idle import IdleTimeout
from pasarela.daemon.lease_cache import LeaseCache
from pasarela.daemon.listening import Door, inherited, made
from pasarela.daemon.notify import notify
from pasarela.daemon.process_watch import ProcessWatch
from pasarela.daemon.resolver_watch import ResolverWatch
from pasarela.daemon.served import ServedEngine, failures_of
from pasarela.daemon.service import Service
from pasarela.engine import lock
from pasarela.engine.files import make_folder
from pasarela.errors import PasarelaError
from pasarela.model.handles import LifecycleEvent, NetworkEvent
from pasarela.model.paths import Paths

if TYPE_CHECKING:
    from pasarela.engine.machine import Interfaces, Machine

log = logging.getLogger(__name__)

RESOLV_CONF = Path("/etc/resolv.conf")  # host.facts has it too; importing that takes long


class Watch(Protocol):
    """Hears of something as long as it is open."""

    def close(self) -> None: ...


@contextmanager
def locks(root: Path) -> Iterator[None]:
    """libvirt's locks of both daemons that this one stands in for.

    Raises:
        StoreOwned: one of them runs.
    """
    interfaces = root / "run/libvirt/interface"
    make_folder(interfaces)
    with lock.holding(Paths.under(root)), lock.driver_lock(interfaces / "driver.pid"):
        yield


class Daemon:
    """Serves the networks below ``root``; whoever makes it holds the locks.

    Args:
        timeout: seconds without a client after which it ends; None for never.
    """

    def __init__(self, root: Path, config: Config, timeout: int | None = None) -> None:
        self._root = root
        self._config = config
        self._stopping = asyncio.Event()
        leases = LeaseCache()
        self._engine = self._make_engine(Paths.under(root), leases)
        policy = Policy(config.group, config.everybody_may_write)
        listeners = inherited(os.environ) or made(root / "run/libvirt", config)
        self._door = Door(listeners, policy, config.max_clients)
        self._service = Service(self._engine, leases, self._left, self._changed, config.limits)
        self._processes = ProcessWatch(
            self._engine.pid_files, self._service.is_changing, self._restart_processes
        )
        self._followed: Collection[str] = ()
        self._idle = IdleTimeout(timeout, self._service.is_idle, self._stopping.set)

    async def run(self) -> None:
        """Serve until told to stop."""
        self._engine.load()
        self._door.open(self._service)
        self._watch_signals()
        watches: list[Watch] = [self._processes, self._watch_resolver(), self._watch_bus()]
        ticking = asyncio.create_task(
            self._service.tick_forever(self._config.keepalive_interval), name="keepalive"
        )
        try:
            await self._service.work(self._settle)
            watches.append(self._watch_firewall())
            self._idle.begin()
            notify("READY=1\nSTATUS=Serving networks and interfaces")
            log.info("serving %s", self._root / "run/libvirt")
            await self._stopping.wait()
        finally:
            notify("STOPPING=1")
            log.info("stopping; networks stay up")
            ticking.cancel()
            self._idle.cancel()
            for watch in watches:
                watch.close()
            self._door.close()
            await self._service.close()

    def _left(self, readonly: bool) -> None:
        """A client has gone."""
        self._door.left(readonly)
        self._idle.begin()

    def _changed(self) -> None:
        """A change has ended."""
        active = self._engine.active()
        if active is not self._followed:
            self._followed = active
            self._processes.follow(frozenset(active))
        self._processes.change_ended()

    def _restart_processes(self, network: str) -> asyncio.Future[bool]:
        return self._service.work(partial(self._mend_processes, network))

    def _mend_processes(self, network: str) -> bool:
        try:
            _log_all(self._engine.mend_processes(network))
        except PasarelaError as error:
            log.error("a process of network '%s' does not run: %s", network, error.message)
            return False
        _log_all(self._engine.take_warnings())
        return True

    def _watch_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        loop.add_signal_handler(signal.SIGHUP, self._reload)

    def _watch_resolver(self) -> ResolverWatch:
        return ResolverWatch(RESOLV_CONF, lambda: self._service.work(self._follow_resolver))

    def _follow_resolver(self) -> None:
        try:
            self._engine.follow_resolver()
        except PasarelaError as error:
            log.error("name servers are as they were: %s", error.message)
        _log_all(self._engine.take_warnings())

    def _watch_firewall(self) -> FirewallWatch:
        return FirewallWatch(lambda: self._service.work(self._restore_firewall))

    def _restore_firewall(self) -> None:
        try:
            self._engine.restore_firewall()
        except PasarelaError as error:
            log.error("whether the firewall is whole cannot be told: %s", error.message)
        _log_all(self._engine.take_warnings())

    def _watch_bus(self) -> BusWatch:
        return BusWatch(lambda: self._service.work(self._tell_services))

    def _tell_services(self) -> None:
        try:
            _log_all(self._engine.tell_services())
        except PasarelaError as error:
            log.error("firewalld or systemd-resolved is not told of networks: %s", error.message)
        _log_all(self._engine.take_warnings())

    def _settle(self) -> None:
        """Adopt what runs, then start what is marked for it if this boot has not yet."""
        try:
            _log_all(self._engine.adopt())
            _log_all(failures_of(self._engine.autostart_all()))
        except PasarelaError as error:
            log.error("not everything could be adopted: %s", error.message)
        _log_all(self._engine.take_warnings())

    def _reload(self) -> None:
        notify(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")
        log.info("reloading")
        self._service.work(self._engine.reload).add_done_callback(_reloaded)

    def _announce(self, event: NetworkEvent) -> None:
        """To all clients, from any thread; who runs the daemon verbosely sees it too."""
        log.info("network %s: %s", event.network.name, _word(event))
        self._service.announce(event)

    def _make_engine(self, paths: Paths, leases: LeaseCache) -> ServedEngine:
        """The one place here that names the adapters of the host."""

        def machine() -> Machine:
            from pasarela.host.linux import LinuxHost  # noqa: PLC0415  (imports while we listen)

            return LinuxHost(paths)

        def interfaces() -> Interfaces:
            from pasarela.host.interfaces import HostInterfaces  # noqa: PLC0415

            return HostInterfaces()

        return ServedEngine(paths, machine, interfaces, leases, self._announce)


def _word(event: NetworkEvent) -> str:
    if isinstance(event, LifecycleEvent):
        return event.event.name.lower()
    return f"{event.type.name.lower()} changed"


def _reloaded(done: asyncio.Future[tuple[str, ...]]) -> None:
    notify("READY=1")
    with suppress(asyncio.CancelledError):
        error = done.exception()
        if error is not None:
            log.error("reloading failed", exc_info=error)
        else:
            _log_all(done.result())


def _log_all(lines: Sequence[str]) -> None:
    for line in lines:
        log.warning("%s", line)
