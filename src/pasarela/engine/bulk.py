"""Many networks at once; one that fails keeps no other from being started or stopped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from pasarela.engine.context import Context
from pasarela.engine.files import write_atomic
from pasarela.engine.lifecycle import Candidate, bring_up, prepare, take_down
from pasarela.engine.resolver import policy_for_new
from pasarela.engine.store import Entry
from pasarela.errors import PasarelaError
from pasarela.model.handles import Lifecycle
from pasarela.model.network import Network
from pasarela.model.status import Status
from pasarela.plan.checks_start import check_start
from pasarela.plan.facts import Facts, RouteFact

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Failure:
    """A network of a batch that could not be started or stopped, and why."""

    name: str
    error: PasarelaError


def start_entries(context: Context, entries: Sequence[Entry]) -> list[Failure]:
    """Start networks by their definitions, and tell of those that have."""
    idle = [entry for entry in entries if not entry.active]
    definitions, failures = _definitions(context, idle)
    failures += start_many(context, definitions)
    _emit(context, idle, failures, Lifecycle.STARTED)
    return failures


def stop_entries(context: Context, entries: Sequence[Entry]) -> list[Failure]:
    """Stop networks, and tell of those that have."""
    running = [entry for entry in entries if entry.active]
    failures = stop_many(context, [entry.name for entry in running])
    _emit(context, running, failures, Lifecycle.STOPPED)
    return failures


def autostart_all(context: Context) -> list[Failure]:
    """Start what is marked for it, unless that has been done since the machine booted."""
    marker = context.paths.autostarted
    if marker.exists():
        return []
    marked = [entry for entry in context.store.entries() if entry.autostart]
    failures = start_entries(context, marked)
    write_atomic(marker, "")
    return failures


def start_many(context: Context, definitions: Sequence[Network]) -> list[Failure]:
    """Start networks in one batch; those that cannot be are told, the others run."""
    facts = context.machine.facts_for(definitions)
    candidates, failures = _prepare_all(context, definitions, facts)
    together, clashing = _compatible(candidates, facts)
    failures += _in_batches(together, partial(bring_up, context), _name_of_candidate)
    for candidate in clashing:
        failures += _attempt(candidate.name, partial(_start_alone, context, candidate))
    return failures


def stop_many(context: Context, names: Sequence[str]) -> list[Failure]:
    """Stop networks in one batch; those that cannot be are told, the others are down."""
    failures: list[Failure] = []
    statuses: list[Status] = []
    for name in names:
        failures += _attempt(name, partial(_append_live, context, name, statuses))
    return failures + _in_batches(statuses, partial(take_down, context), _name_of_status)


def _in_batches(
    items: Sequence[T], action: Callable[[Sequence[T]], None], name_of: Callable[[T], str]
) -> list[Failure]:
    """Do something to all at once; where that fails, to each half, down to who is to blame."""
    if not items:
        return []
    try:
        action(items)
    except PasarelaError as error:
        if len(items) == 1:
            return [Failure(name_of(items[0]), error)]
        middle = len(items) // 2
        first = _in_batches(items[:middle], action, name_of)
        return first + _in_batches(items[middle:], action, name_of)
    return []


def _name_of_candidate(candidate: Candidate) -> str:
    return candidate.name


def _name_of_status(status: Status) -> str:
    return status.network.name


def _definitions(context: Context, entries: Sequence[Entry]) -> tuple[list[Network], list[Failure]]:
    found: list[Network] = []
    failures: list[Failure] = []
    for entry in entries:
        failures += _attempt(entry.name, partial(_append_definition, context, entry.name, found))
    return found, failures


def _emit(
    context: Context, entries: Sequence[Entry], failures: Sequence[Failure], event: Lifecycle
) -> None:
    failed = {failure.name for failure in failures}
    for entry in entries:
        if entry.name not in failed:
            context.emit(entry.ref, event)


def _prepare_all(
    context: Context, definitions: Sequence[Network], facts: Facts
) -> tuple[list[Candidate], list[Failure]]:
    active = len(context.store.active_names())
    candidates: list[Candidate] = []
    failures: list[Failure] = []
    for definition in definitions:
        resolver = policy_for_new(active + len(candidates))
        try:
            candidates.append(prepare(context, definition, replace(facts, resolver=resolver)))
        except PasarelaError as error:
            failures.append(Failure(definition.name, error))
    return candidates, failures


def _compatible(
    candidates: list[Candidate], facts: Facts
) -> tuple[list[Candidate], list[Candidate]]:
    """Those that can start together, and those that clash with one of them."""
    together: list[Candidate] = []
    clashing: list[Candidate] = []
    routes = facts.routes
    for candidate in candidates:
        try:
            check_start(candidate.network, replace(facts, routes=routes))
        except PasarelaError:
            clashing.append(candidate)
        else:
            together.append(candidate)
            routes += _routes_of(candidate.network)
    return together, clashing


def _routes_of(network: Network) -> tuple[RouteFact, ...]:
    link = network.bridge.name
    if link is None or not network.forward.mode.owns_bridge:
        return ()
    return tuple(RouteFact(ip.network, link) for ip in network.ips)


def _start_alone(context: Context, candidate: Candidate) -> None:
    check_start(candidate.network, context.machine.facts_for([candidate.network]))
    bring_up(context, [candidate])


def _append_live(context: Context, name: str, statuses: list[Status]) -> None:
    statuses.append(context.store.live(name))


def _append_definition(context: Context, name: str, found: list[Network]) -> None:
    found.append(context.store.definition(name))


def _attempt(name: str, action: Callable[[], None]) -> list[Failure]:
    try:
        action()
    except PasarelaError as error:
        return [Failure(name, error)]
    return []
