"""What is written down of a running network, besides its live definition."""

from __future__ import annotations

from dataclasses import dataclass, field

from pasarela.model.floors import Floors
from pasarela.model.network import Network

HOOK_SCRIPT = "hook-script"


@dataclass(frozen=True, slots=True)
class Status:
    """A running network. ``taints`` are libvirt's words for what was done to it from outside."""

    network: Network
    floors: Floors = field(default_factory=Floors)
    taints: tuple[str, ...] = ()
