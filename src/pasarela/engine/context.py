"""What the parts of the engine share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from pasarela.engine.store import Store
from pasarela.errors import SystemCallFailed
from pasarela.model.handles import Lifecycle, LifecycleEvent, NetworkEvent, NetworkRef
from pasarela.model.paths import Paths

if TYPE_CHECKING:
    from pasarela.engine.events import EventLog
    from pasarela.engine.hooks import Hooks
    from pasarela.engine.journal import Journal
    from pasarela.engine.machine import Machine
    from pasarela.engine.portstore import PortStore
    from pasarela.model.network import Network
    from pasarela.model.port import Port
    from pasarela.model.values import PciAddress
    from pasarela.plan.facts import Facts
    from pasarela.plan.network import Desired


class Context:
    """The engine's parts, each made when it is first needed, and warnings not yet seen.

    Args:
        machine: makes the host.
    """

    def __init__(self, paths: Paths, machine: Callable[[], Machine]) -> None:
        self.paths = paths
        self.store = Store(paths)
        self.warnings: list[str] = []
        self.plans: dict[str, tuple[Network, Facts, tuple[Port, ...], Desired]] = {}
        self._make_machine = machine

    @cached_property
    def machine(self) -> Machine:
        return self._make_machine()

    def is_virtual_function(self, address: PciAddress) -> bool:
        return self.machine.is_virtual_function(address)

    @cached_property
    def journal(self) -> Journal:
        from pasarela.engine.journal import Journal  # noqa: PLC0415  (see engine/lazy.py)

        return Journal(self.paths)

    @cached_property
    def hooks(self) -> Hooks:
        from pasarela.engine.hooks import Hooks  # noqa: PLC0415

        return Hooks(self.paths.hooks)

    @cached_property
    def event_log(self) -> EventLog:
        from pasarela.engine.events import EventLog  # noqa: PLC0415

        return EventLog(self.paths)

    @cached_property
    def ports(self) -> PortStore:
        from pasarela.engine.portstore import PortStore  # noqa: PLC0415

        return PortStore(self.paths)

    @contextmanager
    def steady(self) -> Iterator[None]:
        """While we hold the lock: one look at each folder is enough."""
        self.store.hold(True)
        self.ports.hold(True)
        try:
            yield
        finally:
            self.store.hold(False)
            self.ports.hold(False)

    def forget(self) -> None:
        """Another process has written since: look at everything anew."""
        self.store.refresh()
        self.ports.forget()

    def warn(self, warnings: tuple[str, ...]) -> None:
        self.warnings.extend(warning for warning in warnings if warning not in self.warnings)

    def emit(self, network: NetworkRef, event: Lifecycle) -> None:
        self.tell(LifecycleEvent(network, event))

    def tell(self, event: NetworkEvent) -> None:
        """Tell of what has been done; that it cannot be told does not undo it."""
        try:
            self.event_log.append(event)
        except SystemCallFailed as error:
            self.warn((f"nobody hears of this change: {error.message}",))
