"""The engine's view of the host: what it needs from the adapters, and nothing more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

from pasarela.model.network import Network
from pasarela.model.values import PciAddress
from pasarela.plan.actions import Action, ApplyError, Meanwhile, nothing
from pasarela.plan.facts import Facts
from pasarela.plan.resources import HostState, Scope

if TYPE_CHECKING:
    from pasarela.model.interface import HostInterface  # 3 ms that starting need not pay

__all__ = ["ApplyError", "Interfaces", "Machine", "Meanwhile", "Scope", "nothing"]


class Machine(Protocol):
    """A host. The one implementation for the real thing is host.linux.LinuxHost."""

    def facts(self) -> Facts:
        """A snapshot of all that planning depends on; its cost grows with the host."""
        ...

    def facts_for(self, networks: Sequence[Network]) -> Facts:
        """What starting these networks depends on: all but the addresses, and of the routes the
        IPv4 ones."""
        ...

    def basics(self) -> Facts:
        """What the plan of a running network depends on: no links, addresses or routes."""
        ...

    def is_virtual_function(self, address: PciAddress) -> bool:
        """Whether a PCI device is an SR-IOV virtual function, as a guest may have whole."""
        ...

    def observe(self, scope: Scope) -> HostState:
        """What is there of the scope's resources."""
        ...

    def guards(self, bridges: Iterable[str]) -> bool:
        """Whether the firewall still has something to say about each of these bridges' packets.

        A glance at a cost that hardly grows with their number; ``observe`` looks closely.
        """
        ...

    def apply(self, actions: Sequence[Action], meanwhile: Meanwhile = nothing) -> None:
        """Carry the actions out, in order, each adapter's neighbours in one batch.

        Args:
            meanwhile: is called while processes that start come up, if any do.

        Raises:
            ApplyError: one failed; everything after it was not tried. What ``meanwhile`` raises
                comes as one, too.
        """
        ...

    def reload(self, networks: frozenset[str]) -> None:
        """Make these networks' dnsmasqs re-read their host files."""
        ...

    def end_strays(self, state: HostState) -> None:
        """End processes of this state that a killed command left behind unrecorded."""
        ...


class Interfaces(Protocol):
    """The host's own interfaces (host.interfaces.HostInterfaces)."""

    def listed(self) -> Sequence[HostInterface]: ...

    def by_name(self, name: str) -> HostInterface:
        """Raises:
        InterfaceNotFound: there is none of that name."""
        ...

    def by_mac(self, mac: str) -> HostInterface:
        """Raises:
        InterfaceNotFound: there is none.
        MultipleInterfaces: there are several."""
        ...
