"""One network of every kind that has its own rules, by a name that says what is special."""

from __future__ import annotations

from ipaddress import ip_address

from pasarela.model.network import (
    AddressRange,
    Bridge,
    Dns,
    Forward,
    ForwardInterface,
    ForwardMode,
    Ip,
    Nat,
    Network,
    Route,
)
from pasarela.model.values import PortRange
from pasarela.plan.facts import Capabilities, Facts
from pasarela.plan.firewall import firewall_section
from pasarela.plan.ruleset import FirewallSection


def ip(text: str) -> Ip:
    """An address of the bridge, ``192.168.122.1/24``."""
    address, prefix = text.split("/")
    return Ip(ip_address(address), prefix=int(prefix))


def forward(mode: ForwardMode, *, dev: str | None = None, nat: Nat | None = None) -> Forward:
    interfaces = (ForwardInterface(dev),) if dev else ()
    return Forward(mode, interfaces=interfaces, nat=nat)


def network(
    bridge: str,
    *addresses: str,
    mode: ForwardMode = ForwardMode.NONE,
    dev: str | None = None,
    nat: Nat | None = None,
    **more: object,
) -> Network:
    return Network(
        name=bridge,
        bridge=Bridge(bridge),
        forward=forward(mode, dev=dev, nat=nat),
        ips=tuple(map(ip, addresses)),
        **more,  # type: ignore[arg-type]
    )


def section(of: Network, *, bridge_meta: bool = False) -> FirewallSection:
    """A network's section, for every kernel or for those whose bridge family is complete."""
    made = firewall_section(of, Facts(capabilities=Capabilities(nft_bridge_meta=bridge_meta)))
    assert made
    return made


NAT, ROUTE = ForwardMode.NAT, ForwardMode.ROUTE
POOL = AddressRange(ip_address("198.51.100.8"), ip_address("198.51.100.15"))
POOL6 = AddressRange(ip_address("2001:db8::8"), ip_address("2001:db8::8"))

KINDS: dict[str, Network] = {
    "nat": network("virbr0", "192.168.122.1/24", mode=NAT),
    "nat-dev": network("virbr0", "192.168.122.1/24", mode=NAT, dev="enp3s0"),
    "nat-pool": network(
        "virbr0", "192.168.122.1/24", mode=NAT, nat=Nat(POOL, PortRange(2000, 2999))
    ),
    "nat-port": network("virbr0", "10.0.0.1/13", mode=NAT, nat=Nat(None, PortRange(4000, 4000))),
    "nat-v6-routed": network("virbr0", "192.168.122.1/24", "2001:db8:1::1/64", mode=NAT),
    "nat-v6": network(
        "virbr0", "192.168.122.1/24", "fd00:1::1/61", mode=NAT, nat=Nat(POOL, ipv6=True)
    ),
    "nat-v6-pool": network("virbr0", "fd00:1::1/64", mode=NAT, nat=Nat(POOL6, ipv6=True)),
    "nat-no-ip": network("virbr0", mode=NAT),
    "nat-two-subnets": network(
        "virbr0", "192.168.122.1/24", "192.168.123.1/24", "192.168.123.2/24", mode=NAT
    ),
    "isolated": network("virbr1", "192.168.100.1/24", "fd00:2::1/64"),
    "isolated-no-dns": network("virbr1", "192.168.100.1/24", dns=Dns(enable=False)),
    "very-isolated": network("virbr2"),
    "very-isolated-ipv6": network("virbr2", ipv6=True),
    "routed": network("virbr3", "172.16.9.1/20", "2001:db8:2::1/64", mode=ROUTE),
    "routed-dev": network("virbr3", "172.16.9.1/20", mode=ROUTE, dev="enp3s0"),
    "routed-behind-guest": network(
        "virbr3",
        "172.16.9.1/20",
        mode=ROUTE,
        routes=(
            Route(ip_address("10.9.0.0"), ip_address("172.16.9.2"), prefix=16),
            Route(ip_address("0.0.0.0"), ip_address("172.16.9.3")),
        ),
    ),
    "odd-name": network("a.b-_+*é", "192.168.77.1/32", mode=NAT, dev="longest-name-15"),
}
