"""The engine's view of the host: what it needs from the adapters, and nothing more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from pasarela.plan.actions import Action
from pasarela.plan.facts import Facts
from pasarela.plan.resources import HostState, Resource


@dataclass(frozen=True, slots=True)
class Scope:
    """Which resources to look at: those of the same keys as ``expected``, and no others.

    Looking costs the same however many other networks there are. ``expected`` is what the network
    would have; a resource that can only be recognised (a firewall section by its digest) comes
    back as the very value that was expected where it matches.
    """

    expected: HostState


class ApplyError(Exception):
    """Some of a batch failed; ``done`` is in effect, the cause is chained."""

    def __init__(self, done: Sequence[Action], cause: Exception) -> None:
        super().__init__(str(cause))
        self.done = tuple(done)
        self.cause = cause


class Machine(Protocol):
    """A host. The one implementation for the real thing is host.linux.LinuxHost."""

    def facts(self) -> Facts:
        """A snapshot of what planning depends on."""
        ...

    def observe(self, scope: Scope) -> HostState:
        """What is there of the scope's resources."""
        ...

    def apply(self, actions: Sequence[Action]) -> None:
        """Carry the actions out, in order, each adapter's neighbours in one batch.

        Raises:
            ApplyError: one failed; everything after it was not tried.
        """
        ...

    def reload(self, networks: frozenset[str]) -> None:
        """Make these networks' dnsmasqs re-read their host files."""
        ...


def resource_of(state: HostState, key: tuple[str, ...]) -> Resource | None:
    return next((resource for resource in state if resource.key == key), None)
