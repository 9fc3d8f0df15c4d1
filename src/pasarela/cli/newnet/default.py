"""The network 'default' that users expect to find."""

from __future__ import annotations

from dataclasses import replace

from pasarela.cli.newnet.recipe import new_network
from pasarela.cli.newnet.request import Request, Surroundings
from pasarela.model.network import Network


def default_network(around: Surroundings) -> Network:
    """libvirt's own document: NAT, virbr0, 192.168.122.0/24, or the next that are free.

    The bridge has STP as there, so that the document is what people know.
    """
    network = new_network(Request("default"), around)
    return replace(network, bridge=replace(network.bridge, stp=True))
