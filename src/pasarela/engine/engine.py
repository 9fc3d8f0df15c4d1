"""The engine: every operation on networks, in this process, under the lock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from pasarela.engine.context import Context
from pasarela.engine.flags import (
    AFFECT,
    NETWORK_FILTERS,
    check_exclusive,
    check_flags,
    check_metadata_key,
    check_metadata_kind,
    check_title,
)
from pasarela.engine.interface_calls import InterfaceCalls
from pasarela.engine.lazy import LazyModule
from pasarela.engine.port_calls import PortCalls
from pasarela.engine.session import by_name, by_uuid
from pasarela.engine.store import Entry, require_active
from pasarela.errors import InternalError, OperationInvalid
from pasarela.model.handles import (
    Affect,
    Lease,
    Lifecycle,
    MetadataType,
    NetworkEvent,
    NetworkFilter,
    NetworkRef,
    UpdateCommand,
    UpdateSection,
)
from pasarela.model.paths import Paths
from pasarela.version import __version__

if TYPE_CHECKING:
    from pasarela.engine import (
        bulk,
        changes,
        definitions,
        dryrun,
        foreign,
        leases,
        lifecycle,
        metadata,
        reconcile,
    )
    from pasarela.engine import events as event_log
    from pasarela.engine.machine import Interfaces, Machine
    from pasarela.model.network import Network
    from pasarela.plan.facts import Facts
else:
    bulk = LazyModule("pasarela.engine.bulk")
    changes = LazyModule("pasarela.engine.changes")
    definitions = LazyModule("pasarela.engine.definitions")
    dryrun = LazyModule("pasarela.engine.dryrun")
    event_log = LazyModule("pasarela.engine.events")
    foreign = LazyModule("pasarela.engine.foreign")
    leases = LazyModule("pasarela.engine.leases")
    lifecycle = LazyModule("pasarela.engine.lifecycle")
    metadata = LazyModule("pasarela.engine.metadata")
    reconcile = LazyModule("pasarela.engine.reconcile")


class Engine(PortCalls, InterfaceCalls):
    """Satisfies client.connection.Connection, and does more that a libvirt connection cannot.

    Args:
        paths: where everything lies on disk.
        machine: makes the host, when something must be known of it or done to it.
        interfaces: makes the reader of the host's own interfaces.
        read_leases: reads a lease file.
    """

    def __init__(
        self,
        paths: Paths,
        machine: Callable[[], Machine],
        interfaces: Callable[[], Interfaces],
        read_leases: Callable[[Path], Sequence[Lease]],
    ) -> None:
        PortCalls.__init__(self, Context(paths, machine))
        InterfaceCalls.__init__(self, interfaces)
        self._read_leases = read_leases

    def close(self) -> None:
        """Nothing is held between two calls; running networks go on."""

    def take_warnings(self) -> tuple[str, ...]:
        """What users should know of the calls since the last time, also of files left out."""
        found = (*self._context.warnings, *self._context.store.problems())
        self._context.warnings.clear()
        return found

    def daemon_version(self) -> str:
        return __version__

    # looking up and listing

    def list_networks(self, flags: NetworkFilter = NetworkFilter.ALL) -> Sequence[NetworkRef]:
        check_flags(flags, NETWORK_FILTERS, "networkConnectListAllNetworks")
        entries = self._reading().store.entries()
        return [entry.ref for entry in entries if _matches(entry, int(flags))]

    def lookup_by_name(self, name: str) -> NetworkRef:
        return by_name(self._reading().store, name).ref

    def lookup_by_uuid(self, uuid: UUID) -> NetworkRef:
        return by_uuid(self._reading().store, uuid).ref

    def is_active(self, network: NetworkRef) -> bool:
        return self._look(network).active

    def is_persistent(self, network: NetworkRef) -> bool:
        return self._look(network).persistent

    def autostart(self, network: NetworkRef) -> bool:
        return self._look(network).autostart

    def bridge_name(self, network: NetworkRef) -> str:
        entry = self._look(network)
        name = self._current(entry).bridge.name
        if name is None:
            raise InternalError(f"network '{entry.name}' does not have a bridge name.")
        return name

    def xml_desc(self, network: NetworkRef, *, inactive: bool = False) -> str:
        from pasarela.model.ports import with_connections  # noqa: PLC0415
        from pasarela.xml.network import format_network  # noqa: PLC0415  (lxml: 25 ms)

        entry, context = self._look(network), self._context
        if entry.persistent and (inactive or not entry.active):
            return format_network(context.store.definition(entry.name), inactive=inactive)
        ports = context.ports.ports(entry.name)
        live = with_connections(context.store.live(entry.name).network, ports.values())
        return format_network(live, inactive=inactive, connections=len(ports))

    def dhcp_leases(self, network: NetworkRef, mac: str | None = None) -> Sequence[Lease]:
        return leases.leases_of(
            mac,
            lambda: self._current(self._look(network)),
            self._context.paths,
            self._read_leases,
        )

    # life cycle

    def define_xml(self, xml: str, *, validate: bool = False) -> NetworkRef:
        with self._writing() as context:
            return definitions.define(context, xml, validate=validate)

    def create_xml(self, xml: str, *, validate: bool = False) -> NetworkRef:
        with self._writing() as context:
            return definitions.create(context, xml, validate=validate)

    def start(self, network: NetworkRef) -> None:
        with self._writing() as context:
            entry = self._entry(network)
            _refuse_active(context, entry)
            lifecycle.start(context, context.store.definition(entry.name))
            context.emit(entry.ref, Lifecycle.STARTED)

    def destroy(self, network: NetworkRef) -> None:
        with self._writing() as context:
            entry = self._entry(network)
            require_active(entry)
            lifecycle.stop(context, entry.name)
            context.emit(entry.ref, Lifecycle.STOPPED)

    def undefine(self, network: NetworkRef) -> None:
        with self._writing() as context:
            definitions.undefine(context, self._entry(network))

    def set_autostart(self, network: NetworkRef, enabled: bool) -> None:
        with self._writing() as context:
            definitions.set_autostart(context, self._entry(network), enabled)

    # many at once, and the host as a whole

    def start_many(self, networks: Iterable[NetworkRef]) -> list[bulk.Failure]:
        """Start networks in a few batches; those that could not be started come back."""
        with self._writing() as context:
            return bulk.start_entries(context, [self._entry(ref) for ref in networks])

    def destroy_many(self, networks: Iterable[NetworkRef]) -> list[bulk.Failure]:
        """Stop networks in a few batches; those that could not be stopped come back."""
        with self._writing() as context:
            return bulk.stop_entries(context, [self._entry(ref) for ref in networks])

    def autostart_all(self) -> list[bulk.Failure]:
        """Start what is marked for it, once per boot; those that could not be come back."""
        with self._writing() as context:
            return bulk.autostart_all(context)

    def reconcile(self, *, rebuild: bool = True) -> tuple[str, ...]:
        """Bring every active network back to what it should be; says what was wrong.

        Args:
            rebuild: make vanished bridges again, rather than stop their networks.
        """
        with self._writing(closing=False) as context:
            found = reconcile.reconcile(context, rebuild=rebuild)
            foreign.warn_of_foreign(context)
            return found

    def facts(self) -> Facts:
        """The host, as choosing a subnet or a bridge for a new network needs to know it."""
        return self._context.machine.facts()

    def plan_start(self, xml: str, *, validate: bool = False) -> dryrun.StartPlan:
        """What starting this document would do, without doing any of it."""
        return dryrun.plan_start(self._context, xml, validate=validate)

    # changes

    def update(
        self,
        network: NetworkRef,
        command: UpdateCommand | int,
        section: UpdateSection | int,
        xml: str,
        *,
        parent_index: int = -1,
        flags: Affect = Affect.CURRENT,
    ) -> None:
        from pasarela.xml.fragment import update_network  # noqa: PLC0415  (lxml: 25 ms)

        check_flags(flags, AFFECT, "networkUpdate")

        def edit(definition: Network) -> Network:
            return update_network(definition, int(command), int(section), parent_index, xml)

        with self._writing() as context:
            changes.change(context, self._entry(network), flags, edit)

    def metadata(
        self,
        network: NetworkRef,
        kind: MetadataType,
        uri: str | None = None,
        flags: Affect = Affect.CURRENT,
    ) -> str:
        check_flags(flags, AFFECT, "virNetworkGetMetadata")
        check_metadata_kind(kind, uri, "virNetworkGetMetadata")
        check_exclusive(flags)
        return metadata.get(self._context, self._look(network), kind, uri, flags)

    def set_metadata(
        self,
        network: NetworkRef,
        kind: MetadataType,
        text: str | None,
        key: str | None = None,
        uri: str | None = None,
        flags: Affect = Affect.CURRENT,
    ) -> None:
        check_flags(flags, AFFECT, "networkSetMetadata")
        check_metadata_kind(kind, uri, "virNetworkSetMetadata")
        check_metadata_key(kind, text, key, "virNetworkSetMetadata")
        if kind is MetadataType.TITLE:
            check_title(text)
        with self._writing() as context:
            metadata.put(context, self._entry(network), kind, text, key, uri, flags)

    # events

    def events(
        self,
        handler: Callable[[NetworkEvent], bool],
        *,
        network: NetworkRef | None = None,
        timeout: float | None = None,
    ) -> None:
        """Hand events to ``handler`` until it returns False or ``timeout`` seconds have passed."""
        reader = event_log.EventReader(self._context.paths)
        try:
            reader.pump(_only(handler, network), timeout=timeout)
        finally:
            reader.close()

    def _current(self, entry: Entry) -> Network:
        """The live definition of a running network, else the persistent one."""
        store = self._context.store
        return store.live(entry.name).network if entry.active else store.definition(entry.name)


def _matches(entry: Entry, flags: int) -> bool:
    """Each pair of flags filters only if exactly one of it is set."""
    return (
        _passes(flags, _ACTIVE, _INACTIVE, entry.active)
        and _passes(flags, _PERSISTENT, _TRANSIENT, entry.persistent)
        and _passes(flags, _AUTOSTART, _NO_AUTOSTART, entry.autostart)
    )


def _passes(flags: int, yes: int, no: int, value: bool) -> bool:
    return not flags & (yes | no) or bool(flags & (yes if value else no))


# As plain numbers, which are twenty times as fast: this is done for each network of a list.
_INACTIVE, _ACTIVE, _PERSISTENT, _TRANSIENT, _AUTOSTART, _NO_AUTOSTART = map(int, NETWORK_FILTERS)


def _refuse_active(context: Context, entry: Entry) -> None:
    if not entry.active:
        return
    bridge = context.store.live(entry.name).network.bridge.name
    lost = bridge is not None and bridge not in context.machine.facts_for([]).links
    raise OperationInvalid(
        "network is already active",
        remedy=f"its bridge {bridge} is gone; make it again: pasarela net-repair" if lost else None,
    )


def _only(
    handler: Callable[[NetworkEvent], bool], network: NetworkRef | None
) -> Callable[[NetworkEvent], bool]:
    if network is None:
        return handler
    return lambda event: handler(event) if event.network.uuid == network.uuid else True
