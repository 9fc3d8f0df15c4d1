"""Bandwidth limits of a network's bridge, as the kernel's traffic control has them."""

from __future__ import annotations

from collections.abc import Iterator

from pasarela.model.network import Network
from pasarela.plan.facts import Facts
from pasarela.plan.resources import Resource


def shaping_resources(network: Network, facts: Facts) -> Iterator[Resource]:
    """What limits the network as a whole; nothing where the kernel cannot."""
    return iter(())


def shaping_warnings(network: Network, facts: Facts) -> Iterator[str]:
    """What the kernel lacks for the limits that the definition asks for."""
    if network.bandwidth is not None and not facts.capabilities.shaping_htb:
        yield (
            f"network '{network.name}': this kernel cannot limit bandwidth "
            "(CONFIG_NET_SCH_HTB); the network has no limit"
        )
