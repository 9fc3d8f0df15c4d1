"""Many networks at once; one that fails keeps no other from being started or stopped."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from ipaddress import IPv4Network
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
from pasarela.plan.checks_start import check_start, ipv4_destinations

T = TypeVar("T")

# Enough to keep two processors busy, few enough for the first dnsmasqs to start soon. And where one
# of a batch fails, the others of it have to start again.
_BATCH = 32


@dataclass(frozen=True, slots=True)
class Failure:
    """A network of a batch that could not be started or stopped, and why."""

    name: str
    error: PasarelaError


class Upcoming:
    """Networks that are to be started, of which the next batch may be prepared ahead.

    Attributes:
        clashing: those that cannot start together with another one.
        failures: those that cannot start.
    """

    def __init__(self, context: Context, definitions: Sequence[Network]) -> None:
        self._context = context
        self._facts = context.machine.facts_for(definitions)
        self._rest = deque(definitions)
        self._batch: list[Candidate] = []
        self._active = len(context.store.active_names())
        self._taken: set[IPv4Network] = set()
        self.clashing: list[Candidate] = []
        self.failures: list[Failure] = []

    def take(self) -> list[Candidate]:
        """The next batch; nothing if there are no more."""
        self.prepare()
        batch, self._batch = self._batch, []
        return batch

    def prepare(self) -> None:
        """See to it that the next batch is ready."""
        while self._rest and len(self._batch) < _BATCH:
            definition = self._rest.popleft()
            self.failures += _attempt(definition.name, partial(self._add, definition))

    def _add(self, definition: Network) -> None:
        facts = replace(self._facts, resolver=policy_for_new(self._active))
        candidate = prepare(self._context, definition, facts)
        self._active += 1
        destinations = ipv4_destinations(candidate.network)
        if self._taken.isdisjoint(destinations):
            self._taken |= destinations
            self._batch.append(candidate)
        else:
            self.clashing.append(candidate)


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
    """Start networks; those that cannot be are told, the others run.

    They start in batches: while the dnsmasqs of one come up, the next is prepared.
    """
    upcoming = Upcoming(context, definitions)
    start = partial(bring_up, context, meanwhile=upcoming.prepare)
    failures: list[Failure] = []
    while batch := upcoming.take():
        failures += _in_batches(batch, start, _name_of_candidate)
    for candidate in upcoming.clashing:
        failures += _attempt(candidate.name, partial(_start_alone, context, candidate))
    return upcoming.failures + failures


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
