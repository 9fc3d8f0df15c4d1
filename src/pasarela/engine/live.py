"""The live definition: what a definition becomes when its network starts."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address

from pasarela.model.network import ForwardMode, Nat, Network
from pasarela.model.values import PortRange

# The ports that NAT takes where the document names none (RFC 6056's range, as libvirt).
NAT_PORTS = PortRange(1024, 65535)


def live_definition(network: Network) -> Network:
    """The definition as ``net-dumpxml`` shows it while the network runs.

    Starting fills in the ports that NAT uses; libvirt 9 and 11 do so where there is an address
    whose guests are masqueraded.
    """
    nat = network.forward.nat or Nat()
    if not _masquerades(network, nat) or nat.ports is not None:
        return network
    forward = replace(network.forward, nat=replace(nat, ports=NAT_PORTS))
    return replace(network, forward=forward)


def _masquerades(network: Network, nat: Nat) -> bool:
    if network.forward.mode is not ForwardMode.NAT:
        return False
    return any(isinstance(ip.address, IPv4Address) or nat.ipv6 for ip in network.ips)
