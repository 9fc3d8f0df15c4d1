"""The firewall's layout: tables of ours, what is always in them, and a network's section of them.

Base chains dispatch by maps that are keyed by interface names, so a packet costs the same and a
change costs the same however many networks there are. A forwarded packet is asked first whether
it may go *to* where it goes (a refusal is final, a permission only returns), then whether it may
come *from* where it comes, so no network's permission overrides another's refusal.

What stays within a bridge does not come to that table unless br_netfilter shows it. A second table,
of the bridge family, is there while a network refuses a protocol among its own guests.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import ClassVar

from pasarela.plan.nftables import (
    ACCEPT,
    DROP,
    RETURN,
    Chain,
    Element,
    EtherType,
    Field,
    Hook,
    IfName,
    Lookup,
    Match,
    NamedSet,
    Protocol,
    Table,
    jump,
    rule,
    table_text,
)
from pasarela.plan.resources import Key, Rank

FORWARD_TO = "forward_to"
FORWARD_FROM = "forward_from"
NAT_FROM = "nat_from"
NAT_HOST4 = "nat_host4"
NAT_HOST6 = "nat_host6"
CUT_OFF = "cut_off"
SERVED4 = "served4"
SERVED6 = "served6"
SERVED_ON4 = "served_on4"
SERVED_ON6 = "served_on6"
SERVICES = "services"
GUARD = "guard_services"
NO_IPV6 = "no_ipv6"

_LOOPBACK = IfName("lo")
_DNS, _DHCP, _TFTP, _DHCPV6 = 53, 67, 69, 547


def _service(protocol: Protocol, port: int) -> Element:
    return Element(SERVICES, (protocol, port))


BASE_SETS = (
    NamedSet(FORWARD_TO, (Field.OIFNAME,), verdicts=True),
    NamedSet(FORWARD_FROM, (Field.IIFNAME,), verdicts=True),
    NamedSet(NAT_FROM, (Field.IIFNAME,), verdicts=True),
    NamedSet(NAT_HOST4, (Field.IP_SADDR,), verdicts=True),
    NamedSet(NAT_HOST6, (Field.IP6_SADDR,), verdicts=True),
    NamedSet(CUT_OFF, (Field.IIFNAME,)),
    NamedSet(SERVED4, (Field.IP_DADDR,)),
    NamedSet(SERVED6, (Field.IP6_DADDR,)),
    NamedSet(SERVED_ON4, (Field.IIFNAME, Field.IP_DADDR)),
    NamedSet(SERVED_ON6, (Field.IIFNAME, Field.IP6_DADDR)),
    NamedSet(
        SERVICES,
        (Field.L4PROTO, Field.DPORT),
        elements=(
            _service(Protocol.TCP, _DNS),
            _service(Protocol.UDP, _DNS),
            _service(Protocol.UDP, _DHCP),
            _service(Protocol.UDP, _TFTP),
            _service(Protocol.UDP, _DHCPV6),
        ),
    ),
)

BASE_CHAINS = (
    # dnsmasq binds addresses, not links (bind-dynamic wakes every dnsmasq at each new address), and
    # Linux takes a packet for any of its addresses on any link: CVE-2012-3411. So what is meant
    # for a bridge's own services must have come in by that bridge.
    Chain(
        GUARD,
        (
            rule(Match(Field.IIFNAME, _LOOPBACK), RETURN),
            rule(Lookup((Field.IIFNAME, Field.IP_DADDR), SERVED_ON4), RETURN),
            rule(Lookup((Field.IP_DADDR,), SERVED4), DROP),
            rule(Lookup((Field.IIFNAME, Field.IP6_DADDR), SERVED_ON6), RETURN),
            rule(Lookup((Field.IP6_DADDR,), SERVED6), DROP),
        ),
    ),
    Chain(
        "forward",
        (
            rule(Lookup((Field.OIFNAME,), FORWARD_TO, verdicts=True)),
            rule(Lookup((Field.IIFNAME,), FORWARD_FROM, verdicts=True)),
        ),
        Hook.FORWARD,
    ),
    Chain(
        "input",
        (
            rule(Lookup((Field.IIFNAME,), CUT_OFF), DROP),
            rule(Lookup((Field.L4PROTO, Field.DPORT), SERVICES), jump(GUARD)),
        ),
        Hook.INPUT,
    ),
    Chain("output", (rule(Lookup((Field.OIFNAME,), CUT_OFF), DROP),), Hook.OUTPUT),
    # The host's own packets come from no link: those from a NAT network's bridge address are
    # known by that address.
    Chain(
        "postrouting",
        (
            rule(Lookup((Field.IIFNAME,), NAT_FROM, verdicts=True)),
            rule(Match(Field.OIFNAME, _LOOPBACK), ACCEPT),
            rule(Lookup((Field.IP_SADDR,), NAT_HOST4, verdicts=True)),
            rule(Lookup((Field.IP6_SADDR,), NAT_HOST6, verdicts=True)),
        ),
        Hook.POSTROUTING,
    ),
)


@dataclass(frozen=True, slots=True)
class Base:
    """What a table of ours always holds; no two tables share a set's or a chain's name."""

    sets: tuple[NamedSet, ...]
    chains: tuple[Chain, ...]


BASES: Mapping[Table, Base] = {
    Table.INET: Base(BASE_SETS, BASE_CHAINS),
    Table.BRIDGE: Base(
        (NamedSet(NO_IPV6, (Field.IBRNAME,), table=Table.BRIDGE),),
        (
            Chain(
                "bridged",
                (
                    rule(
                        Match(Field.ETHERTYPE, EtherType.IP6),
                        Lookup((Field.IBRNAME,), NO_IPV6),
                        DROP,
                    ),
                ),
                Hook.BRIDGE_FORWARD,
                Table.BRIDGE,
            ),
        ),
    ),
}


@dataclass(frozen=True)
class FirewallSection:
    """One network's chains, and its elements of the shared sets and maps.

    Two sections are equal if their digests are. ``drift`` is what an observer found in place of
    the section: such a value differs from the section that it carries, and bringing it back (an
    undo) makes the section whole.
    """

    rank: ClassVar[Rank] = Rank.FIREWALL
    bridge: IfName
    chains: tuple[Chain, ...] = field(compare=False, repr=False)
    elements: tuple[Element, ...] = field(compare=False, repr=False)
    digest: str
    drift: str = ""

    @classmethod
    def of(
        cls, bridge: IfName, chains: Iterable[Chain], elements: Iterable[Element]
    ) -> FirewallSection:
        chains, elements = tuple(chains), tuple(elements)
        text = "\n".join(map(str, (*chains, *elements)))
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        return cls(bridge, chains, elements, digest)

    def drifted(self, finding: str) -> FirewallSection:
        """What is there in this section's place, as far as it is not this section."""
        return replace(self, drift=finding)

    @property
    def key(self) -> Key:
        return ("firewall", self.bridge)

    def describe(self) -> str:
        rules = sum(len(chain.rules) for chain in self.chains)
        found = f", but {self.drift}" if self.drift else ""
        return f"firewall for {self.bridge} ({rules} rules{found})"

    @cached_property
    def tables(self) -> frozenset[Table]:
        """The tables that it takes."""
        return frozenset({Table.INET, *(element.table for element in self.elements)})

    @cached_property
    def chain_names(self) -> frozenset[str]:
        return frozenset(chain.name for chain in self.chains)


def render(section: FirewallSection) -> str:
    """The section as text for ``nft -f``, on top of the base."""
    elements = "".join(f"{element}\n" for element in section.elements)
    return table_text([str(chain) for chain in section.chains]) + elements


def render_base(table: Table = Table.INET) -> str:
    """What a table always holds, as text for ``nft -f``."""
    base = BASES[table]
    return table_text([str(part) for part in (*base.sets, *base.chains)], table)
