"""What a network's kind promises, as rules.

=============  =====================  ==========================  =========================
kind           guest to outside       outside to guest            host
=============  =====================  ==========================  =========================
nat            translated             only what was asked for     both ways
routed         its own subnets        its own subnets             both ways
isolated       refused                refused                     both ways
very isolated  dropped                dropped                     dropped, both ways
=============  =====================  ==========================  =========================

A network with forward mode open, and one on a bridge or a device that is not ours, has no rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TypeVar

from pasarela.model.network import ForwardMode, Nat, Network
from pasarela.model.values import IpAddress, PortRange
from pasarela.plan.facts import Facts
from pasarela.plan.links import route_prefix
from pasarela.plan.nftables import (
    ACCEPT,
    DROP,
    RETURN,
    Chain,
    CtState,
    CtStatus,
    Direction,
    Element,
    Family,
    Field,
    IfName,
    Match,
    Protocol,
    Reject,
    Rule,
    SourceNat,
    State,
    Status,
    Table,
    Verdict,
    goto,
    jump,
    rule,
)
from pasarela.plan.ruleset import (
    CUT_OFF,
    FORWARD_FROM,
    FORWARD_TO,
    NAT_FROM,
    NAT_HOST4,
    NAT_HOST6,
    NO_IPV6,
    SERVED4,
    SERVED6,
    SERVED_ON4,
    SERVED_ON6,
    FirewallSection,
)

Subnet = IPv4Network | IPv6Network
T = TypeVar("T")

# What a guest sends from a low port leaves from a high one, as under libvirt: a server must not
# take a guest for something privileged on the host.
_UNPRIVILEGED = PortRange(1024, 65535)
# Packets that no router forwards keep their source: libvirt's exceptions from translation.
_LINK_LOCAL: dict[int, tuple[Subnet, ...]] = {
    4: (IPv4Network("224.0.0.0/24"), IPv4Network("255.255.255.255/32")),
    6: (IPv6Network("ff02::/16"),),
}


def firewall_section(network: Network, facts: Facts | None = None) -> FirewallSection | None:
    """The network's part of our tables, or None for a kind that has no rules.

    Raises:
        ConfigUnsupported: the bridge's or the uplink's name cannot be a link's.
    """
    mode = network.forward.mode
    if not mode.owns_bridge or mode is ForwardMode.OPEN:
        return None
    kind = _Kind.of(network)
    able = kind.bridges_ipv6 or (facts or Facts()).capabilities.nft_bridge_meta
    return kind.section(filters_bridged=able)


def firewall_warnings(network: Network, facts: Facts) -> Iterator[str]:
    """What the kernel lacks for what the network's kind promises."""
    if bridges_ipv6(network) or facts.capabilities.nft_bridge_meta:
        return
    if not facts.capabilities.bridged_ipv6_filtered:
        yield (
            f"network '{network.name}': this kernel's firewall cannot see what passes within a "
            "bridge (CONFIG_NFT_BRIDGE_META is missing, and br_netfilter is not active), so the "
            "network's guests reach each other over IPv6; 'modprobe br_netfilter' ends that (and "
            "net.bridge.bridge-nf-call-ip6tables=1, where somebody has changed it)"
        )


def bridges_ipv6(network: Network) -> bool:
    """Whether guests may speak IPv6 to each other; a very isolated network has to be asked."""
    return bool(network.ips or network.ipv6 or network.forward.mode is not ForwardMode.NONE)


@dataclass(frozen=True, slots=True)
class _Kind:
    """A network as far as its rules depend on it."""

    bridge: IfName
    uplink: IfName | None
    routed: tuple[Subnet, ...]
    translated: tuple[Subnet, ...]
    translated_addresses: tuple[IpAddress, ...]
    served_addresses: tuple[IpAddress, ...]
    nat: Nat
    cut_off: bool
    bridges_ipv6: bool

    @classmethod
    def of(cls, network: Network) -> _Kind:
        forward = network.forward
        nat = forward.nat or Nat()
        versions = _translated_versions(forward.mode, nat)
        translated = [ip for ip in network.ips if ip.address.version in versions]
        return cls(
            bridge=IfName(network.bridge.name or ""),
            uplink=IfName(forward.dev) if forward.dev else None,
            routed=_unique(_routed_subnets(network, versions)),
            translated=_unique(ip.network for ip in translated),
            translated_addresses=_unique(ip.address for ip in translated),
            served_addresses=_unique(ip.address for ip in network.ips if _serves(network)),
            nat=nat,
            cut_off=forward.mode is ForwardMode.NONE and not network.ips,
            bridges_ipv6=bridges_ipv6(network),
        )

    def section(self, *, filters_bridged: bool) -> FirewallSection:
        chains = [
            Chain(self._chain("to"), tuple(self._to_rules())),
            Chain(self._chain("from"), tuple(self._from_rules())),
        ]
        if self.translated:
            chains.append(Chain(self._chain("nat"), tuple(self._nat_rules())))
        elements = list(self._elements())
        if not self.bridges_ipv6 and filters_bridged:
            elements.append(Element(NO_IPV6, (self.bridge,), table=Table.BRIDGE))
        return FirewallSection.of(self.bridge, chains, elements)

    def _chain(self, purpose: str) -> str:
        return f"{purpose}_{self.bridge.identifier()}"

    def _to_rules(self) -> Iterator[Rule]:
        """Towards the guests. A permission returns, for the link it came from has a say too."""
        # Bridged packets come here where br_netfilter shows them: both links are the bridge. The
        # table of the bridge family sees them everywhere, where the kernel has what it needs.
        if not self.bridges_ipv6:
            yield rule(Match(Field.NFPROTO, Family.IPV6), Match(Field.IIFNAME, self.bridge), DROP)
        yield rule(Match(Field.IIFNAME, self.bridge), RETURN)
        for subnet in self.translated:
            yield self._inward(subnet, State(CtState.ESTABLISHED), Direction(reply=True))
            yield self._inward(subnet, State(CtState.RELATED))
            # What the administrator forwards to a guest by DNAT was asked for, in another table.
            yield self._inward(subnet, Status(CtStatus.DNAT))
        for subnet in self.routed:
            yield self._inward(subnet)
        yield self._refusal()

    def _from_rules(self) -> Iterator[Rule]:
        """From the guests: what is not of their subnets is spoofed, and refused too."""
        yield rule(Match(Field.OIFNAME, self.bridge), ACCEPT)
        for subnet in self.routed:
            yield self._outward(subnet)
        if self.translated:
            yield from self._untranslatable_rules()
        for subnet in self.translated:
            yield self._outward(subnet)
        yield self._refusal()

    def _untranslatable_rules(self) -> Iterator[Rule]:
        """Packets that would leave with the guest's own address.

        Translation is decided at a connection's first packet: one that conntrack does not follow
        has none, and a connection that began without (the network was routed then) never gets one.
        """
        begun = CtStatus.CONFIRMED
        yield rule(State(CtState.INVALID | CtState.UNTRACKED), DROP)
        yield rule(Direction(reply=False), Status(begun, among=begun | CtStatus.SNAT), DROP)

    def _nat_rules(self) -> Iterator[Rule]:
        yield rule(Match(Field.OIFNAME, self.bridge), RETURN)
        for version in sorted({subnet.version for subnet in self.translated}):
            for group in _LINK_LOCAL[version]:
                yield rule(Match(Field.destination(group), group), RETURN)
        ports = self.nat.ports or _UNPRIVILEGED
        for subnet in self.translated:
            for protocol in Protocol:
                yield self._translation(subnet, ports, Match(Field.L4PROTO, protocol))
            yield self._translation(subnet, None)

    def _inward(self, subnet: Subnet, *more: State | Direction | Status) -> Rule:
        uplink = [Match(Field.IIFNAME, self.uplink)] if self.uplink else []
        return rule(Match(Field.destination(subnet), subnet), *uplink, *more, RETURN)

    def _outward(self, subnet: Subnet) -> Rule:
        return rule(Match(Field.source(subnet), subnet), *self._by_uplink(), ACCEPT)

    def _translation(self, subnet: Subnet, ports: PortRange | None, *more: Match) -> Rule:
        addresses = self.nat.addresses
        fits = addresses and addresses.start.version == subnet.version
        pool = (addresses.start, addresses.end) if addresses and fits else None
        source = Match(Field.source(subnet), subnet)
        return rule(source, *self._by_uplink(), *more, SourceNat(ports, pool))

    def _by_uplink(self) -> list[Match]:
        return [Match(Field.OIFNAME, self.uplink)] if self.uplink else []

    def _refusal(self) -> Rule:
        return rule(DROP if self.cut_off else Reject())

    def _elements(self) -> Iterator[Element]:
        yield Element(FORWARD_TO, (self.bridge,), jump(self._chain("to")))
        yield Element(FORWARD_FROM, (self.bridge,), jump(self._chain("from")))
        if self.cut_off:
            yield Element(CUT_OFF, (self.bridge,))
        yield from self._nat_elements(goto(self._chain("nat")))
        for address in self.served_addresses:
            four = address.version == 4
            yield Element(SERVED_ON4 if four else SERVED_ON6, (self.bridge, address))
            yield Element(SERVED4 if four else SERVED6, (address,))

    def _nat_elements(self, verdict: Verdict) -> Iterator[Element]:
        if self.translated:
            yield Element(NAT_FROM, (self.bridge,), verdict)
        for address in self.translated_addresses:
            yield Element(NAT_HOST4 if address.version == 4 else NAT_HOST6, (address,), verdict)


def _translated_versions(mode: ForwardMode, nat: Nat) -> tuple[int, ...]:
    """The IP versions that a mode translates; without ``<nat ipv6='yes'>`` v6 is routed."""
    if mode is not ForwardMode.NAT:
        return ()
    return (4, 6) if nat.ipv6 else (4,)


def _routed_subnets(network: Network, translated: tuple[int, ...]) -> Iterator[Subnet]:
    """Subnets whose packets pass as they are.

    On a routed network these are also the ``<route>`` destinations: they lie behind a guest that
    routes for them, so their packets cross the bridge in both directions.
    """
    if network.forward.mode is ForwardMode.NONE:
        return
    for ip in network.ips:
        if ip.address.version not in translated:
            yield ip.network
    if network.forward.mode is ForwardMode.ROUTE:
        for route in network.routes:
            yield ip_network(f"{route.address}/{route_prefix(route)}", strict=False)


def _serves(network: Network) -> bool:
    """Whether a dnsmasq of ours answers on the bridge's addresses."""
    names = network.dns is None or network.dns.enable is not False
    return names or any(ip.has_dhcp or ip.tftp_root for ip in network.ips)


def _unique(items: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(items))
