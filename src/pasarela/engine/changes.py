"""Changing a network's definitions, live, persistent or both, and the host with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from pasarela.engine import crank
from pasarela.engine.context import Context
from pasarela.engine.document import status_text
from pasarela.engine.files import read_text
from pasarela.engine.hooks import run_hook
from pasarela.engine.journal import Intent, Operation
from pasarela.engine.lifecycle import overwritten_by, taking_back
from pasarela.engine.store import Entry
from pasarela.engine.wanted import wanted_running
from pasarela.errors import OperationInvalid, SystemCallFailed
from pasarela.model.handles import Affect
from pasarela.model.network import Network
from pasarela.model.ports import with_connections
from pasarela.model.status import Status
from pasarela.plan.actions import Action
from pasarela.plan.resources import DnsmasqProcess, HostState, Scope, TextFile

Edit = Callable[[Network], Network]


def impact(entry: Entry, flags: Affect) -> tuple[bool, bool]:
    """Whether the live and whether the persistent definition are meant.

    Raises:
        OperationInvalid: one that is meant is not there.
    """
    live, config = bool(flags & Affect.LIVE), bool(flags & Affect.CONFIG)
    if not live and not config:
        live, config = entry.active, not entry.active
    if live and not entry.active:
        from shlex import quote  # noqa: PLC0415  (only errors need it)

        raise OperationInvalid(
            "network is not running",
            remedy=f"pasarela net-start {quote(entry.name)}, or change its --config alone",
        )
    if config and not entry.persistent:
        raise OperationInvalid(
            "cannot change persistent config of a transient network",
            remedy="change it --live, or make it persistent first: "
            "net-dumpxml --inactive NAME > FILE; net-define FILE",
        )
    return live, config


def change(context: Context, entry: Entry, flags: Affect, edit: Edit) -> None:
    """Apply ``edit`` to the definitions that are meant, and to the host what follows from it.

    Both definitions change, or neither.

    Raises:
        PasarelaError: it is refused, or the host refused it; everything is as it was.
    """
    status, after, config = _edited(context, entry, flags, edit)
    if status is None or after is None:
        if config is not None:
            _change_config(context, entry, config)
        return
    _change_live(context, status, after, config)


def annotate(context: Context, entry: Entry, flags: Affect, edit: Edit) -> None:
    """Apply an ``edit`` that means nothing to the host, to both definitions or to neither."""
    status, after, config = _edited(context, entry, flags, edit)
    if status is None or after is None or config is None:
        if after is not None:
            context.store.save_live(after)
        if config is not None:
            context.store.save_definition(config)
        return
    documents = _documents(context, entry.name, config)
    context.journal.begin(Intent(Operation.CHANGE, entry.name, documents=documents))
    with all_or_none(context, status, config):
        context.store.save_definition(config)
        context.store.save_live(after)
        context.journal.end(entry.name)


def _edited(
    context: Context, entry: Entry, flags: Affect, edit: Edit
) -> tuple[Status | None, Status | None, Network | None]:
    """The live state before and after, and the new persistent definition; None if not meant."""
    to_live, to_config = impact(entry, flags)
    status = _live(context, entry) if to_live else None
    after = replace(status, network=edit(status.network)) if status is not None else None
    config = edit(context.store.definition(entry.name)) if to_config else None
    return status, after, config


def _live(context: Context, entry: Entry) -> Status:
    """The live state, with the counters that tell which of the pool's devices guests use."""
    status = context.store.live(entry.name)
    ports = context.ports.ports(entry.name).values()
    return replace(status, network=with_connections(status.network, ports))


def _change_config(context: Context, entry: Entry, config: Network) -> None:
    """Hooks are told of it as of any change, with what is current, and may refuse it."""
    if not context.hooks.scripts():
        context.store.save_definition(config)
        return
    before = context.store.definition(entry.name)
    context.store.save_definition(config)
    try:
        current = _live(context, entry) if entry.active else Status(config)
        run_hook(context.hooks, current, "updated")
    except BaseException:
        context.store.save_definition(before)
        raise


def _change_live(context: Context, before: Status, after: Status, config: Network | None) -> None:
    """Change the host by what differs between two live definitions, then the documents."""
    name = before.network.name
    old, new = _difference(context, before.network, after.network)
    touched = crank.merged(new, old)
    observed = crank.look(context.machine, touched)
    actions = crank.changes(observed, new)
    intent = _intent(context, before, after, config, actions)
    context.journal.begin(intent)
    with taking_back(context, [name], crank.merged(old, observed), touched):
        crank.establish(context.machine, actions, new, old)
        with all_or_none(context, before, config):
            if config is not None:
                context.store.save_definition(config)
            context.store.save_live(after, intent.after)
            _run_updated_hook(context, after)
            context.journal.end(name)


@contextmanager
def all_or_none(context: Context, before: Status, config: Network | None) -> Iterator[None]:
    """If writing the documents fails, those that have been written are as before."""
    name = before.network.name
    old = context.store.definition(name) if config is not None else None
    try:
        yield
    except BaseException:
        context.store.save_live(before)
        if old is not None:
            context.store.save_definition(old)
        with suppress(SystemCallFailed):
            context.journal.end(name)
        raise


def _run_updated_hook(context: Context, status: Status) -> None:
    hooked = run_hook(context.hooks, status, "updated")
    if hooked != status:
        context.store.save_live(hooked)


def _difference(context: Context, before: Network, after: Network) -> tuple[HostState, HostState]:
    """What only the one and what only the other wants: all that a change has to look at."""
    facts = context.machine.basics()
    old = wanted_running(context, before, facts)
    new = wanted_running(context, after, facts)
    context.warn(tuple(one for one in new.warnings if one not in old.warnings))
    ended = _ended(context, old.state & new.state)
    return old.state - new.state, (new.state - old.state) | ended


def _ended(context: Context, kept: HostState) -> HostState:
    """The network's dnsmasq if it has ended, and its files: a change would else help nobody.

    One that runs is left alone, whoever started it.
    """
    servers = frozenset(one for one in kept if isinstance(one, DnsmasqProcess))
    running = {one.key for one in context.machine.observe(Scope(servers))} if servers else set()
    ended = frozenset(one for one in servers if one.key not in running)
    if not ended:
        return ended
    context.warn(tuple(f"{one.describe()} had ended; it has been started again" for one in ended))
    return ended | {one for one in kept if isinstance(one, TextFile)}


def _intent(
    context: Context,
    before: Status,
    after: Status,
    config: Network | None,
    actions: tuple[Action, ...],
) -> Intent:
    sysctls, files = overwritten_by(actions)
    return Intent(
        Operation.CHANGE,
        before.network.name,
        status_text(before),
        status_text(after),
        sysctls,
        files,
        _documents(context, before.network.name, config),
    )


def _documents(context: Context, name: str, config: Network | None) -> dict[str, str | None]:
    """The stored documents that will be written, as they are now."""
    paths = [context.paths.status(name)]
    if config is not None:
        paths.append(context.paths.definition(name))
    return {str(path): read_text(path) for path in paths}
