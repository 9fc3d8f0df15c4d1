"""What must be done to the host: frozen, printable, comparable, reversible."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile

from pasarela.plan.resources import HostState, Rank, Resource, TextFile


@dataclass(frozen=True, slots=True)
class Create:
    resource: Resource

    def inverse(self) -> Action:
        return Remove(self.resource)

    def describe(self) -> str:
        return f"+ {self.resource.describe()}"


@dataclass(frozen=True, slots=True)
class Change:
    before: Resource
    after: Resource

    @property
    def resource(self) -> Resource:
        return self.after

    def inverse(self) -> Action:
        return Change(self.after, self.before)

    def describe(self) -> str:
        before, after = self.before.describe(), self.after.describe()
        if before == after:
            return f"~ {after}, anew"
        return f"~ {before} -> {_difference(before, after)}"


@dataclass(frozen=True, slots=True)
class Remove:
    resource: Resource

    def inverse(self) -> Action:
        return Create(self.resource)

    def describe(self) -> str:
        return f"- {self.resource.describe()}"


def _difference(before: str, after: str) -> str:
    """The words of ``after`` from where the two part, or all where they begin differently."""
    old, new = before.split(" "), after.split(" ")
    same = len([*takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False))])
    rest = " ".join(new[same:]) or after
    return rest if rest.count("(") == rest.count(")") else rest.strip("()")


Action = Create | Change | Remove

Meanwhile = Callable[[], None]  # what is done while processes come up


def nothing() -> None:
    """Nothing to do meanwhile."""


class ApplyError(Exception):
    """Some of a batch failed; ``done`` is in effect, the cause is chained."""

    def __init__(self, done: Sequence[Action], cause: Exception) -> None:
        super().__init__(str(cause))
        self.done = tuple(done)
        self.cause = cause


def diff(observed: HostState, desired: HostState) -> tuple[Action, ...]:
    """The actions that turn ``observed`` into ``desired``, in an order that is safe.

    What is new comes up by rank, what is gone goes down in reverse rank and last of all, but for
    what stands in the way of something new.
    """
    before = {resource.key: resource for resource in observed}
    after = {resource.key: resource for resource in desired}
    up: list[Action] = [
        Create(resource) if key not in before else Change(before[key], resource)
        for key, resource in after.items()
        if before.get(key) != resource
    ]
    down: list[Action] = [Remove(before[key]) for key in before.keys() - after.keys()]
    return (*sorted(up, key=_up_order), *sorted(down, key=_down_order))


def undo(done: Iterable[Action]) -> tuple[Action, ...]:
    """The actions that take back ``done``, last first."""
    return tuple(action.inverse() for action in reversed(tuple(done)))


def readers_to_signal(actions: Iterable[Action]) -> frozenset[str]:
    """The networks whose dnsmasq must re-read its files after ``actions``."""
    return frozenset(
        action.resource.reader
        for action in actions
        if isinstance(action.resource, TextFile) and action.resource.reader
    )


def _up_order(action: Action) -> tuple[Rank, tuple[str, ...]]:
    return (action.resource.rank, action.resource.key)


def _down_order(action: Action) -> tuple[int, tuple[str, ...]]:
    return (-action.resource.rank, action.resource.key)
