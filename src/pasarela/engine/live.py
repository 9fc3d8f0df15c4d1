"""The live definition: what a definition becomes when its network starts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from ipaddress import IPv4Address

from pasarela.model.network import ForwardInterface, ForwardMode, Nat, Network
from pasarela.model.values import PortRange
from pasarela.plan.facts import VirtualFunction

# The ports that NAT takes where the document names none (RFC 6056's range, as libvirt).
NAT_PORTS = PortRange(1024, 65535)


Lent = Mapping[str, tuple[VirtualFunction, ...]]


def live_definition(network: Network, lent: Lent) -> Network:
    """The definition as ``net-dumpxml`` shows it while the network runs.

    Starting fills in the ports that NAT uses (libvirt 9 and 11 do so where there is an address
    whose guests are masqueraded), and the pool of what a physical function lends.
    """
    if network.forward.pf is not None:
        return _with_pool(network, lent.get(network.forward.pf, ()))
    nat = network.forward.nat or Nat()
    if not _masquerades(network, nat) or nat.ports is not None:
        return network
    forward = replace(network.forward, nat=replace(nat, ports=NAT_PORTS))
    return replace(network, forward=forward)


def _with_pool(network: Network, functions: Iterable[VirtualFunction]) -> Network:
    """With the functions by address where guests get them whole, else by name."""
    if network.forward.mode is ForwardMode.HOSTDEV:
        pool = tuple(ForwardInterface(address=one.address) for one in functions)
    else:
        pool = tuple(ForwardInterface(one.dev) for one in functions if one.dev is not None)
    return replace(network, forward=replace(network.forward, interfaces=pool))


def _masquerades(network: Network, nat: Nat) -> bool:
    if network.forward.mode is not ForwardMode.NAT:
        return False
    return any(isinstance(ip.address, IPv4Address) or nat.ipv6 for ip in network.ips)
