"""Defining, creating and undefining networks, and what starts at boot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from pasarela.engine import lifecycle
from pasarela.engine.context import Context
from pasarela.engine.files import is_there, remove
from pasarela.engine.identity import check_identity, complete, refuse_active, with_identity
from pasarela.engine.journal import Intent, Operation
from pasarela.engine.store import Entry
from pasarela.engine.traces import traces_of
from pasarela.errors import OperationInvalid, PasarelaError, SystemCallFailed
from pasarela.model.handles import Lifecycle, NetworkRef
from pasarela.model.network import Network


def define(context: Context, text: str, *, validate: bool) -> NetworkRef:
    """Make a definition, or replace one; what runs goes on as it is.

    Raises:
        PasarelaError: the document is wrong, or clashes with another network.
    """
    network = read(context, text, validate=validate)
    check_identity(network, context.store)
    context.store.save_definition(network)
    ref = ref_of(network)
    context.emit(ref, Lifecycle.DEFINED)
    return ref


def create(context: Context, text: str, *, validate: bool) -> NetworkRef:
    """Start a network that has no definition, or another than the one it has now.

    Raises:
        PasarelaError: the document is wrong, clashes, or cannot be started.
    """
    network = read(context, text, validate=validate)
    refuse_active(check_identity(network, context.store))
    lifecycle.start(context, network)
    ref = ref_of(network)
    context.emit(ref, Lifecycle.STARTED)
    return ref


def undefine(context: Context, entry: Entry) -> None:
    """Forget a definition; a network that runs goes on, as a transient one.

    Raises:
        OperationInvalid: there is no definition.
    """
    if not entry.persistent:
        raise OperationInvalid(
            "can't undefine transient network",
            remedy=f"it has no definition; net-destroy {entry.name} stops and forgets it",
        )
    bridge = context.store.own_bridge(entry.name)
    traces = [] if entry.active else traces_of(context.paths, entry.name, bridge)
    traces = [path for path in traces if is_there(path)]
    if entry.autostart or traces:  # else there is but one step, which cannot be half done
        doomed = [context.paths.autostart_link(entry.name), context.paths.definition(entry.name)]
        documents = {str(path): None for path in (*doomed, *traces)}
        context.journal.begin(Intent(Operation.UNDEFINE, entry.name, documents=documents))
    with _keeping_autostart(context, entry):
        context.store.remove_definition(entry.name)
    with suppress(SystemCallFailed):  # no way back: the next command does what could not be done
        for path in traces:
            remove(path)
        context.journal.end(entry.name)
    context.emit(entry.ref, Lifecycle.UNDEFINED)


@contextmanager
def _keeping_autostart(context: Context, entry: Entry) -> Iterator[None]:
    """Remove the autostart link, but put it back if what is done inside fails.

    One that could not be removed is there still: putting that back would fail for the same reason,
    and leave a record by which the next command forgets the network after all.
    """
    try:
        if entry.autostart:
            context.store.set_autostart(entry.name, False)
        yield
    except BaseException:
        if entry.autostart and not is_there(context.paths.autostart_link(entry.name)):
            context.store.set_autostart(entry.name, True)
        context.journal.end(entry.name)
        raise


def set_autostart(context: Context, entry: Entry, enabled: bool) -> None:
    """Raises:
    OperationInvalid: the network has no definition to start."""
    if not entry.persistent:
        raise OperationInvalid(
            "cannot set autostart for transient network",
            remedy="net-define it first: net-dumpxml --inactive NAME > FILE; net-define FILE",
        )
    if entry.autostart != enabled:
        context.store.set_autostart(entry.name, enabled)


def heal(context: Context) -> None:
    """Give definitions that were put there by hand the UUID and MAC that they lack.

    One that makes no sense stays as it is, and keeps nobody from what else there is to do.
    """
    for name in context.store.incomplete_names():
        try:
            network = with_identity(context.store.definition(name))
        except PasarelaError as error:
            context.warn((f"{context.paths.definition(name)}: {error.message}",))
        else:
            context.store.save_definition(network)


def read(context: Context, text: str, *, validate: bool) -> Network:
    """A document as a definition that could stand beside the others."""
    from pasarela.model.checks import check_definition  # noqa: PLC0415
    from pasarela.xml.network import parse_network  # noqa: PLC0415  (lxml: 25 ms)

    network = parse_network(text, validate=validate)
    network = complete(network, context.store, context.machine)
    check_definition(network, is_virtual_function=context.is_virtual_function)
    return network


def ref_of(network: Network) -> NetworkRef:
    assert network.uuid is not None  # every definition has one once it has been read
    return NetworkRef(network.name, network.uuid)
