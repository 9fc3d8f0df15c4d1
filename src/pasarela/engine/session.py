"""Reading and writing under the rules that all operations share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING
from uuid import UUID

from pasarela.engine.context import Context
from pasarela.engine.files import system_errors
from pasarela.engine.flushed import restore_firewall
from pasarela.engine.lazy import LazyModule
from pasarela.engine.pending import pending
from pasarela.engine.store import Entry, Store
from pasarela.errors import NetworkNotFound, StoreOwned, SystemCallFailed
from pasarela.model.handles import NetworkRef

if TYPE_CHECKING:
    from pasarela.engine import definitions, lock, repair, servers
else:
    definitions = LazyModule("pasarela.engine.definitions")
    lock = LazyModule("pasarela.engine.lock")
    repair = LazyModule("pasarela.engine.repair")
    servers = LazyModule("pasarela.engine.servers")


class Session:
    """One user of the files: takes the lock for what writes, and repairs what it finds broken."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._turn: int | None = None

    @contextmanager
    def _writing(self, *, wait: bool = True, closing: bool = True) -> Iterator[Context]:
        """Hold the lock, with everything repaired that others left half done.

        Args:
            wait: for the lock, if another one holds it.
            closing: see to it that the firewall is not left open.

        Raises:
            StoreOwned: a libvirt daemon holds the files.
            SystemCallFailed: the lock cannot be taken, most often for want of permission.
        """
        context = self._context
        with (
            system_errors("the host refused a step"),
            lock.writing(context.paths, wait=wait) as turn,
            context.steady(),
        ):
            if turn.previous != self._turn:
                context.forget()
                context.store.tidy()
                repair.repair(context)
            elif context.journal.open:  # of our own last turn, which could not end it
                repair.repair(context)
            self._turn = turn.current
            if closing:
                restore_firewall(context)
            definitions.heal(context)
            servers.refresh_servers(context)
            yield context

    def _reading(self) -> Context:
        """The context, after trying to repair what a killed command left half done."""
        context = self._context
        if pending(context.paths) or context.store.incomplete_names():
            with suppress(StoreOwned, SystemCallFailed, BlockingIOError), self._writing(wait=False):
                pass  # a command at work has its record there, too; then this is busy
        return self._context

    def _look(self, ref: NetworkRef) -> Entry:
        """A network, for reading."""
        return find(self._reading().store, ref)

    def _entry(self, ref: NetworkRef) -> Entry:
        """A network, for writing."""
        return find(self._context.store, ref)


def find(store: Store, ref: NetworkRef) -> Entry:
    """The network that a handle means; only the UUID counts.

    Raises:
        NetworkNotFound: it is gone.
    """
    entry = store.by_name(ref.name)
    if entry is None or entry.uuid != ref.uuid:
        entry = store.by_uuid(ref.uuid)
    if entry is None:
        raise NetworkNotFound(f"no network with matching uuid '{ref.uuid}' ({ref.name})")
    return entry


def by_name(store: Store, name: str) -> Entry:
    """Raises:
    NetworkNotFound: there is none of that name."""
    entry = store.by_name(name)
    if entry is None:
        raise NetworkNotFound(f"no network with matching name '{name}'", remedy=_hint(store, name))
    return entry


def by_uuid(store: Store, uuid: UUID) -> Entry:
    """Raises:
    NetworkNotFound: there is none of that UUID."""
    entry = store.by_uuid(uuid)
    if entry is None:
        raise NetworkNotFound(f"no network with matching uuid '{uuid}'", remedy=_hint(store))
    return entry


def _hint(store: Store, name: str = "") -> str:
    problem = store.unreadable(name)
    if problem is not None:
        return (
            f"its definition cannot be read: {problem}; correct it (pasarela net-edit {name}), "
            "or remove that file"
        )
    names = store.names()
    if not names:
        return "no network is defined yet"
    shown = ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
    return f"there are: {shown}"
