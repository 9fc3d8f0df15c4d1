"""The whole of a network: everything on the host that makes it what its kind promises."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pasarela.model.network import ForwardMode, Network
from pasarela.model.paths import Paths
from pasarela.model.port import Port
from pasarela.plan.dnsmasq import dnsmasq_resources
from pasarela.plan.facts import Facts
from pasarela.plan.firewall import firewall_section, firewall_warnings
from pasarela.plan.foreign import foreign_warnings
from pasarela.plan.links import bridge_resources, forwards, wants_vlan_filtering
from pasarela.plan.resources import HostState, Resource
from pasarela.plan.services import service_resources, service_warnings, zone_of
from pasarela.plan.shaping import shaping_resources, shaping_warnings


@dataclass(frozen=True, slots=True)
class Desired:
    """What should be on the host, and what the user should know about it."""

    state: HostState
    warnings: tuple[str, ...] = ()


def desired(network: Network, facts: Facts, paths: Paths, ports: Iterable[Port] = ()) -> Desired:
    """What a started network is, with the bandwidth that its ports have been promised.

    Raises:
        ConfigUnsupported: a text of the document cannot be put into dnsmasq's configuration.
    """
    return Desired(
        state=frozenset(_resources(network, facts, paths, ports)),
        warnings=tuple(_warnings(network, facts)),
    )


def _resources(
    network: Network, facts: Facts, paths: Paths, ports: Iterable[Port]
) -> Iterator[Resource]:
    if network.forward.mode.owns_bridge:
        yield from bridge_resources(network, facts)
        yield from dnsmasq_resources(network, facts, paths)
        section = firewall_section(network, facts)
        if section is not None:
            yield section
        yield from service_resources(network, facts)
    elif network.metadata:
        from pasarela.plan.host_access import host_access_resources  # noqa: PLC0415  (few have it)

        yield from host_access_resources(network, facts, paths)
    yield from shaping_resources(network, facts, ports)


def _warnings(network: Network, facts: Facts) -> Iterator[str]:
    if network.forward.mode.owns_bridge:
        yield from _own_bridge_warnings(network, facts)
    else:
        yield from _borrowed_link_warnings(network, facts)
    yield from shaping_warnings(network, facts)


def _own_bridge_warnings(network: Network, facts: Facts) -> Iterator[str]:
    has_ipv6 = any(ip.address.version == 6 for ip in network.ips)
    if has_ipv6 and not facts.capabilities.ipv6:
        yield (
            f"network '{network.name}': the host has no IPv6, so its IPv6 addresses are left out "
            "(kernel command line ipv6.disable=1, or CONFIG_IPV6 is missing)"
        )
    if has_ipv6 and forwards(network):
        for uplink in sorted(facts.ra_uplinks):
            yield (
                f"network '{network.name}': {uplink} learns its IPv6 routes from router "
                "advertisements; net.ipv6.conf."
                f"{uplink}.accept_ra is set to 2 so that it keeps them while forwarding"
            )
    yield from firewall_warnings(network, facts)
    dev = network.forward.dev
    if dev is not None and facts.links and dev not in facts.links:
        yield (
            f"network '{network.name}': there is no device {dev} on this host (yet), and guests' "
            "packets leave by no other"
        )
    yield from foreign_warnings(network, facts.foreign, zone_of(network, facts))
    if wants_vlan_filtering(network) and not facts.capabilities.vlan_filtering:
        yield (
            f"network '{network.name}': this kernel's bridges have no VLAN filtering "
            "(CONFIG_BRIDGE_VLAN_FILTERING), so macTableManager='libvirt' has no effect"
        )
    yield from service_warnings(network, facts)


def _borrowed_link_warnings(network: Network, facts: Facts) -> Iterator[str]:
    """What will trouble a guest on a bridge or device that is not ours."""
    if not facts.links:
        return
    for name in _borrowed_links(network):
        if name not in facts.links:
            yield (
                f"network '{network.name}': there is no device {name} on this host (yet); "
                "guests cannot be plugged in until there is"
            )
        elif name in facts.wireless and network.forward.mode is not ForwardMode.HOSTDEV:
            yield (
                f"network '{network.name}': {name} is a Wi-Fi device; access points refuse "
                "frames from other MAC addresses, so guests will have no network through it "
                "(use a network with forward mode 'nat' or 'route')"
            )


def _borrowed_links(network: Network) -> Iterator[str]:
    if network.bridge.name is not None:
        yield network.bridge.name
    for interface in network.forward.interfaces:
        if interface.dev is not None:
            yield interface.dev
