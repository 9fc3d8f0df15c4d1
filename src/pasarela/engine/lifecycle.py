"""Starting and stopping networks, one or many in a batch.

A batch gives the host the union of what its networks want in one go: one firewall transaction,
one send of link messages, the dnsmasqs in parallel.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from pasarela.engine import crank
from pasarela.engine.bridges import check_bridges_are_free
from pasarela.engine.context import Context
from pasarela.engine.document import status_text
from pasarela.engine.files import remove
from pasarela.engine.hooks import run_hook, tell_hook
from pasarela.engine.journal import Intent, Operation
from pasarela.engine.live import live_definition
from pasarela.engine.servers import note_served
from pasarela.engine.traces import traces_of
from pasarela.engine.wanted import facts_for_start, wanted_new, wanted_running
from pasarela.errors import InternalError, PasarelaError, SystemCallFailed
from pasarela.model.network import Network
from pasarela.model.status import Status
from pasarela.plan.actions import Action, Change, Meanwhile, nothing
from pasarela.plan.checks_start import check_start
from pasarela.plan.facts import Facts, ResolverPolicy
from pasarela.plan.resources import HostState, Sysctl, TextFile

NO_INOTIFY = "failed to create inotify"  # dnsmasq's words


@dataclass(frozen=True, slots=True)
class Candidate:
    """A network that may start, and what it will be on the host."""

    status: Status
    facts: Facts
    wanted: HostState
    warnings: tuple[str, ...]

    @property
    def network(self) -> Network:
        return self.status.network

    @property
    def name(self) -> str:
        return self.status.network.name


def start(context: Context, definition: Network) -> None:
    """Bring a network up; its status document is what makes it active.

    Raises:
        PasarelaError: it cannot start, and everything is as it was.
    """
    bring_up(context, [prepare(context, definition, facts_for_start(context, definition))])


def stop(context: Context, name: str) -> None:
    """Take a running network down, with its ports.

    Raises:
        PasarelaError: the host refused, and the network is as it was.
    """
    take_down(context, [context.store.live(name)])


def prepare(context: Context, definition: Network, facts: Facts) -> Candidate:
    """See whether a network may start.

    Raises:
        PasarelaError: a hook, the host or the definition itself is against it.
    """
    status = run_hook(
        context.hooks, Status(live_definition(definition, facts.virtual_functions)), "start"
    )
    check_start(status.network, facts)
    return _candidate(context, status, facts)


def bring_up(
    context: Context, candidates: Sequence[Candidate], meanwhile: Meanwhile = nothing
) -> None:
    """Start all of them.

    Where other programs have used up the host's inotify instances, dnsmasq cannot follow
    resolv.conf, and the networks are served instead (engine/resolver.py).

    Args:
        meanwhile: is called while their dnsmasqs come up, if they have any.

    Raises:
        PasarelaError: one cannot start, so none has been started.
    """
    try:
        _bring_up(context, candidates, meanwhile)
    except InternalError as error:
        if NO_INOTIFY not in error.message:
            raise
        served = [_served(context, candidate) for candidate in candidates]
        _bring_up(context, served, meanwhile)


def _candidate(context: Context, status: Status, facts: Facts) -> Candidate:
    wanted = wanted_new(context, status.network, facts)
    return Candidate(status, facts, wanted.state, wanted.warnings)


def _served(context: Context, candidate: Candidate) -> Candidate:
    facts = replace(candidate.facts, resolver=ResolverPolicy.SERVED)
    return _candidate(context, candidate.status, facts)


def _bring_up(context: Context, candidates: Sequence[Candidate], meanwhile: Meanwhile) -> None:
    check_bridges_are_free(context.store, (candidate.network for candidate in candidates))
    wanted = union(candidate.wanted for candidate in candidates)
    observed = crank.look_before_start(context.machine, wanted)
    for candidate in candidates:
        context.ports.drop(candidate.network)
    actions = crank.changes(observed, wanted)
    overwriting = tuple(action for action in actions if isinstance(action, Change))
    new = {one.name: _lease_files_to_come(context, one.network) for one in candidates}
    intents = [_start_intent(one, overwriting, new[one.name]) for one in candidates]
    for intent in intents:
        context.journal.begin(intent)
    names = list(new)
    with removing(chain(*new.values())), taking_back(context, names, observed, wanted):
        crank.establish(context.machine, actions, wanted, meanwhile=meanwhile)
        note_served(context, (candidate.wanted for candidate in candidates))
        _save_started(context, candidates, [intent.after for intent in intents])
    for candidate in candidates:
        context.warn(candidate.warnings)


def take_down(context: Context, statuses: Sequence[Status]) -> None:
    """Stop all of them, with their ports.

    Raises:
        PasarelaError: the host refused, and all are as they were.
    """
    facts = context.machine.basics()
    wanted = union(wanted_running(context, one.network, facts).state for one in statuses)
    observed = crank.look(context.machine, wanted)
    for status in statuses:
        intent = Intent(Operation.STOP, status.network.name, before=status_text(status))
        context.journal.begin(intent)
    with taking_back(context, [one.network.name for one in statuses], observed, wanted):
        crank.perform(context.machine, crank.changes(observed, crank.NOTHING))
        crank.verify(context.machine, crank.NOTHING, wanted)
        _forget_lives(context, statuses)
    for status in statuses:
        _tell_of_unplugged(context, status.network)
        finish_stop(context, status)


def _tell_of_unplugged(context: Context, network: Network) -> None:
    """Guests' devices do not come back by themselves when the bridge does."""
    with suppress(PasarelaError):  # an unreadable port is no reason not to stop
        ports = context.ports.ports(network.name).values()
        if ports and network.forward.mode.owns_bridge:
            guests = ", ".join(sorted({port.owner_name for port in ports}))
            context.warn(
                (
                    f"network '{network.name}': guests have lost their bridge, and starting the "
                    f"network again does not plug them in: {guests}",
                )
            )


def finish_stop(context: Context, status: Status) -> None:
    """What is left of a stop once the network is neither on the host nor on record."""
    network = status.network
    context.plans.pop(network.name, None)
    with suppress(SystemCallFailed):  # no way back; and the next start drops ports again
        context.ports.drop(network)
        if not context.store.has_definition(network.name):  # it was transient
            bridge = network.bridge.name if network.forward.mode.owns_bridge else None
            for path in traces_of(context.paths, network.name, bridge):
                remove(path)
    tell_hook(context.hooks, status, "stopped", "end")


@contextmanager
def removing(files: Iterable[Path]) -> Iterator[None]:
    """If what is done inside fails, remove what dnsmasq has begun to keep."""
    try:
        yield
    except BaseException:
        for path in files:
            with suppress(SystemCallFailed):
                remove(path)
        raise


def _lease_files_to_come(context: Context, network: Network) -> list[Path]:
    """The lease files that a start will make, for they are not there yet."""
    paths = [context.paths.dnsmasq_leases(network.name)]
    if network.bridge.name is not None and network.forward.mode.owns_bridge:
        paths.append(context.paths.lease_status(network.bridge.name))
    return [path for path in paths if not path.exists()]


@contextmanager
def taking_back(
    context: Context, names: Iterable[str], before: HostState, touched: HostState
) -> Iterator[None]:
    """If what is done inside fails, bring the host back to ``before``.

    Where the host refuses that too, the journal keeps its records, and the next command tries
    again.
    """
    try:
        yield
    except BaseException as error:
        try:
            crank.reach(context.machine, before, touched)
        except (PasarelaError, OSError) as second:
            error.add_note(f"and taking it back failed: {second}")
        else:
            for name in names:
                context.journal.end(name)
        raise


def overwritten_by(
    actions: tuple[Action, ...],
) -> tuple[dict[str, str], dict[str, tuple[str, int]]]:
    """The kernel settings and the files, with their modes, that actions overwrite."""
    before = [action.before for action in actions if isinstance(action, Change)]
    sysctls = {one.path: one.value for one in before if isinstance(one, Sysctl)}
    files = {str(one.path): (one.content, one.mode) for one in before if isinstance(one, TextFile)}
    return sysctls, files


def union(states: Iterable[HostState]) -> HostState:
    return frozenset().union(*states)


def _save_started(context: Context, candidates: Sequence[Candidate], texts: Sequence[str]) -> None:
    """Write the status documents, after the hooks have agreed; all of them or none."""
    saved: list[str] = []
    try:
        for candidate, text in zip(candidates, texts, strict=True):
            status = run_hook(context.hooks, candidate.status, "started")
            context.store.save_live(status, text if status is candidate.status else None)
            saved.append(candidate.name)
        _end_all(context, [candidate.name for candidate in candidates])
    except BaseException:
        for name in saved:
            context.store.remove_live(name)
        raise


def _forget_lives(context: Context, statuses: Sequence[Status]) -> None:
    """Remove the status documents; all of them or none."""
    try:
        for status in statuses:
            context.store.remove_live(status.network.name)
        _end_all(context, [status.network.name for status in statuses])
    except BaseException:
        for status in statuses:
            context.store.save_live(status)
        raise


def _end_all(context: Context, names: Iterable[str]) -> None:
    """Close the records; until this is done, everything may still be taken back."""
    for name in names:
        context.journal.end(name)


def _start_intent(
    candidate: Candidate, overwriting: tuple[Change, ...], new: Iterable[Path]
) -> Intent:
    """The record of a start: the network, and what of its own or common to all it overwrites."""
    keys = {resource.key for resource in candidate.wanted}
    own = tuple(action for action in overwriting if action.resource.key in keys)
    sysctls, files = overwritten_by(own)
    return Intent(
        Operation.START,
        candidate.name,
        after=status_text(candidate.status),
        sysctls=sysctls,
        files=files,
        documents={str(path): None for path in new},
    )
