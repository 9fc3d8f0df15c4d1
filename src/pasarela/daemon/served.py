"""The engine as the daemon uses it: alone with its files, changed by one thread, read by another.

Changes are made one after the other in the daemon's worker thread. Reads are answered in the event
loop meanwhile: what they look at is replaced as a whole and never changed in place
(engine/index.py), so they need no lock and wait for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pasarela.engine.context import Context
from pasarela.engine.engine import Engine
from pasarela.engine.events import EventLog
from pasarela.engine.files import system_errors
from pasarela.engine.flushed import restore_firewall
from pasarela.engine.lazy import LazyModule
from pasarela.engine.store import Entry
from pasarela.errors import PasarelaError
from pasarela.model.handles import Lease, NetworkEvent, NetworkFilter, NetworkRef
from pasarela.model.paths import Paths
from pasarela.rpc.procedures import NETWORKS
from pasarela.rpc.xdr import Encoded, to_bytes

if TYPE_CHECKING:
    from pasarela.engine import bulk, definitions, reconcile, repair, servers
    from pasarela.engine.machine import Interfaces, Machine
else:  # 70 ms that the first clients need not wait for
    definitions = LazyModule("pasarela.engine.definitions")
    reconcile = LazyModule("pasarela.engine.reconcile")
    repair = LazyModule("pasarela.engine.repair")
    servers = LazyModule("pasarela.engine.servers")

MAX_TEXTS = 4096  # documents kept as text

Announce = Callable[[NetworkEvent], None]


class Announcer(EventLog):
    """Tells the daemon's clients of events, and whoever follows the log, too."""

    def __init__(self, paths: Paths, announce: Announce) -> None:
        super().__init__(paths)
        self._announce = announce

    def append(self, event: NetworkEvent) -> None:
        super().append(event)
        self._announce(event)


class ServedEngine(Engine):
    """An engine in a process that holds the lock for all its life (engine.lock.holding).

    Args:
        announce: is told of each event, in the thread that caused it.
    """

    def __init__(
        self,
        paths: Paths,
        machine: Callable[[], Machine],
        interfaces: Callable[[], Interfaces],
        read_leases: Callable[[Path], Sequence[Lease]],
        announce: Announce,
    ) -> None:
        super().__init__(paths, machine, interfaces, read_leases)
        self._context.event_log = Announcer(paths, announce)
        self._texts: dict[tuple[str, bool], tuple[object, object, str]] = {}
        self._lists: dict[int, tuple[tuple[object, ...], tuple[Encoded, int]]] = {}

    def adopt(self) -> tuple[str, ...]:
        """Take over what runs and put right what does not; says what was wrong."""
        self._context.store.tidy()
        return self._recovered() + self.reconcile(rebuild=False)

    def _recovered(self) -> tuple[str, ...]:
        """The networks come up whatever becomes of the interfaces."""
        try:
            return self.recover_interfaces()
        except PasarelaError as error:
            way_out = f"; {error.remedy}" if error.remedy else ""
            return (f"a change of the interfaces is not taken back: {error.message}{way_out}",)

    def load(self) -> None:
        """Look at all the files; from here on nobody else writes them."""
        self._context.forget()
        self._context.store.own()
        self._context.store.names()
        self._context.ports  # noqa: B018  made here, before there are two threads

    def reload(self) -> tuple[str, ...]:
        """Look at everything anew, as libvirt's daemon does when told to; says what was wrong."""
        self.load()
        found = self.reconcile()
        idle = self.list_networks(NetworkFilter.INACTIVE | NetworkFilter.AUTOSTART)
        return found + failures_of(self.start_many(idle))

    def follow_resolver(self) -> None:
        """Tell the served networks of other name servers, if the host has others by now."""
        with self._writing():
            pass  # it is the first thing that each change does

    def restore_firewall(self) -> None:
        """Bring the firewall of active networks back if somebody has flushed it."""
        with self._writing():
            pass  # so is this

    def tell_services(self) -> tuple[str, ...]:
        """Tell other programs of the networks again; says which of them needed it."""
        with self._writing() as context:
            mended = reconcile.mend_services(context)
        return tuple(
            f"network '{name}': other programs have been told of it again" for name in mended
        )

    def mend_processes(self, network: str) -> tuple[str, ...]:
        """Start again what has ended of a network's processes, if it is still active."""
        with self._writing() as context:
            mended = reconcile.mend_processes(context, [network])
        return tuple(
            f"network '{name}': a process of it had ended, and has been started again"
            for name in mended
        )

    def active(self) -> Collection[str]:
        """The names of the active networks: the very same object as long as they are the same."""
        return self._context.store.active_view()

    def pid_files(self, network: str) -> tuple[Path, ...]:
        """Of all the processes that a network may have."""
        paths = self._context.paths
        access = (paths.host_access_pid(network, version) for version in (4, 6))
        return (paths.dnsmasq_pid(network), *access)

    def views(self) -> tuple[object, ...]:
        """Other objects than before as soon as any network has come, gone, started or stopped."""
        return self._context.store.views()

    def state_names(self, state: str) -> list[str]:
        """The interfaces whose operational state is exactly this; "down" is also what is
        configured and not there."""
        there = [one.name for one in self._interfaces.listed() if one.state == state]
        return there + (list(self._settings.absent()) if state == "down" else [])

    def network_list(self, flags: NetworkFilter) -> tuple[Encoded, int]:
        """The networks as they go over the wire, and how many there are."""
        views = self._context.store.views()
        known = self._lists.get(flags)
        if known is None or any(one is not two for one, two in zip(known[0], views, strict=True)):
            found = self.list_networks(flags)
            known = views, (Encoded(to_bytes(NETWORKS, found)), len(found))
            self._lists[flags] = known
        return known[1]

    def xml_desc(self, network: NetworkRef, *, inactive: bool = False) -> str:
        entry = self._look(network)
        key, sources = (entry.name, inactive), self._sources(entry, inactive)
        known = self._texts.get(key)
        if known is None or known[0] is not sources[0] or known[1] is not sources[1]:
            if len(self._texts) > MAX_TEXTS:
                self._texts.clear()
            known = (*sources, super().xml_desc(entry.ref, inactive=inactive))
            self._texts[key] = known
        return known[2]

    def _sources(self, entry: Entry, inactive: bool) -> tuple[object, object]:
        """What a network's document is made from: the same objects as long as it is the same."""
        store = self._context.store
        if entry.persistent and (inactive or not entry.active):
            return store.definition(entry.name), None
        return store.live(entry.name), self._context.ports.ports(entry.name)

    @contextmanager
    def _writing(self, *, wait: bool = True, closing: bool = True) -> Iterator[Context]:
        context = self._context
        with system_errors("the host refused a step"):
            repair.repair(context)
            if closing:
                restore_firewall(context)
            definitions.heal(context)
            servers.refresh_servers(context)
            yield context

    def _reading(self) -> Context:
        return self._context


def failures_of(failures: Sequence[bulk.Failure]) -> tuple[str, ...]:
    return tuple(f"network '{one.name}': {one.error.message}" for one in failures)
