"""Hosts for tests: one in memory, and wrappers around any that break at a chosen step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from pasarela.engine.machine import Machine, Scope
from pasarela.errors import SystemCallFailed
from pasarela.model.network import Network
from pasarela.plan.actions import Action, ApplyError, Meanwhile, Remove, nothing
from pasarela.plan.facts import Facts, RouteFact
from pasarela.plan.resources import BridgeLink, HostState, LinkAddress, Resource, Sysctl


class MemoryMachine:
    """A host that is a set of resources, as obedient as a host can be."""

    def __init__(self) -> None:
        self.state: dict[tuple[str, ...], Resource] = {}
        self.base = Facts()
        self.applied: list[Action] = []
        self.reloaded: list[str] = []
        for path in ("net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding"):
            self.put(Sysctl(path, "0"))

    def put(self, resource: Resource) -> None:
        self.state[resource.key] = resource

    def facts(self) -> Facts:
        links = frozenset(one.name for one in self.state.values() if isinstance(one, BridgeLink))
        addresses = [one for one in self.state.values() if isinstance(one, LinkAddress)]
        routes = tuple(RouteFact(one.address.network, one.link) for one in addresses)
        return replace(self.base, links=self.base.links | links, routes=self.base.routes + routes)

    def facts_for(self, networks: Sequence[Network]) -> Facts:
        return self.facts()

    def basics(self) -> Facts:
        return self.base

    def observe(self, scope: Scope) -> HostState:
        keys = {resource.key for resource in scope.expected}
        return frozenset(self.state[key] for key in keys & self.state.keys())

    def guards(self, bridges: Iterable[str]) -> bool:
        return all(("firewall", bridge) in self.state for bridge in bridges)

    def apply(self, actions: Sequence[Action], meanwhile: Meanwhile = nothing) -> None:
        for action in actions:
            self.applied.append(action)
            if not isinstance(action, Remove):
                self.put(action.resource)
            elif not isinstance(action.resource, Sysctl):
                self._remove(action.resource)
        meanwhile()

    def reload(self, networks: frozenset[str]) -> None:
        self.reloaded += sorted(networks)

    def end_strays(self, state: HostState) -> None:
        """There are none."""

    def _remove(self, resource: Resource) -> None:
        del self.state[resource.key]
        if isinstance(resource, BridgeLink):  # a link takes its settings with it
            prefix = f"/{resource.name}/"
            self.state = {
                key: one
                for key, one in self.state.items()
                if not (isinstance(one, Sysctl) and prefix in one.path)
            }


class Fault:
    """Calls ``action`` at step number ``at``, once; counts the steps."""

    def __init__(self, at: int | None, action: Callable[[], None]) -> None:
        self.steps = 0
        self._at = at
        self._action = action

    def step(self) -> None:
        self.steps += 1
        if self.steps - 1 == self._at:
            self._action()


def refuse() -> None:
    raise SystemCallFailed("this step was made to fail: Input/output error", errno=5)


class BreakingMachine:
    """A machine each of whose calls and actions is a step of a fault."""

    def __init__(self, inner: Machine, fault: Fault) -> None:
        self._inner = inner
        self._fault = fault

    def facts(self) -> Facts:
        self._fault.step()
        return self._inner.facts()

    def facts_for(self, networks: Sequence[Network]) -> Facts:
        self._fault.step()
        return self._inner.facts_for(networks)

    def basics(self) -> Facts:
        self._fault.step()
        return self._inner.basics()

    def observe(self, scope: Scope) -> HostState:
        self._fault.step()
        return self._inner.observe(scope)

    def guards(self, bridges: Iterable[str]) -> bool:
        return self._inner.guards(bridges)  # not a step: refusing this keeps nobody from anything

    def apply(self, actions: Sequence[Action], meanwhile: Meanwhile = nothing) -> None:
        for position, action in enumerate(actions):
            try:
                self._fault.step()
            except SystemCallFailed as error:
                raise ApplyError(actions[:position], error) from error
            self._inner.apply([action])
        meanwhile()
        self._fault.step()

    def reload(self, networks: frozenset[str]) -> None:
        self._fault.step()
        self._inner.reload(networks)
        self._fault.step()

    def end_strays(self, state: HostState) -> None:
        self._inner.end_strays(state)
