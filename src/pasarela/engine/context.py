"""What the parts of the engine share."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pasarela.engine.events import EventLog
from pasarela.engine.hooks import Hooks
from pasarela.engine.journal import Journal
from pasarela.engine.machine import Machine
from pasarela.engine.portstore import PortStore
from pasarela.engine.resolver import policy_for_new, policy_of_running
from pasarela.engine.store import Store
from pasarela.model.handles import Lifecycle, LifecycleEvent, NetworkRef
from pasarela.model.paths import Paths
from pasarela.plan.facts import Facts
from pasarela.plan.network import Desired, desired

if TYPE_CHECKING:
    from pasarela.model.network import Network


@dataclass(slots=True)
class Context:
    """The engine's parts, and the warnings that its user has not seen yet."""

    paths: Paths
    machine: Machine
    store: Store
    journal: Journal
    hooks: Hooks
    event_log: EventLog
    ports: PortStore
    warnings: list[str] = field(default_factory=list)

    @classmethod
    def make(cls, paths: Paths, machine: Machine) -> Context:
        return cls(
            paths=paths,
            machine=machine,
            store=Store(paths),
            journal=Journal(paths),
            hooks=Hooks(paths.hooks),
            event_log=EventLog(paths.state / "pasarela-events"),
            ports=PortStore(paths),
        )

    def facts_for_start(self, network: Network) -> Facts:
        """The host as a network that starts now finds it."""
        facts = self.machine.facts_for([network])
        return replace(facts, resolver=policy_for_new(len(self.store.active_names())))

    def wanted(self, network: Network, facts: Facts) -> Desired:
        """What a network that is about to start should be on the host."""
        return desired(network, facts, self.paths)

    def wanted_running(self, network: Network, facts: Facts | None = None) -> Desired:
        """What a running network should be; it keeps the resolver policy that it started with."""
        facts = self.machine.basics() if facts is None else facts
        policy = policy_of_running(self.paths, network.name)
        return desired(network, replace(facts, resolver=policy), self.paths)

    def forget(self) -> None:
        """Another process has written since: look at everything anew."""
        self.store.refresh()
        self.ports.forget()

    def warn(self, warnings: tuple[str, ...]) -> None:
        self.warnings.extend(warning for warning in warnings if warning not in self.warnings)

    def emit(self, network: NetworkRef, event: Lifecycle) -> None:
        self.event_log.append(LifecycleEvent(network, event))
