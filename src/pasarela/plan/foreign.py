"""Other programs' filters that stand in a network's way, and the commands that end that.

Every table has its say: a packet that ours accepts is still dropped by another one's policy.
We change no table but our own, so the user is told what to type.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pasarela.model.network import ForwardMode, Network

FORWARD, INPUT = "forward", "input"

_FIREWALLD = ("inet", "firewalld")
_LIBVIRT_TABLE = "libvirt_network"
_LIBVIRT_CHAINS = "LIBVIRT_"
_VERSIONS = {"ip": {4}, "ip6": {6}, "inet": {4, 6}}
_DHCP_PORTS = {4: 67, 6: 547}
_DNS_PORT = 53


@dataclass(frozen=True, slots=True)
class ForeignRule:
    """A rule as far as it is about a link; ``links`` may be patterns (``virbr*``)."""

    chain: str
    handle: int
    arrives: frozenset[str] = frozenset()  # links that it names as the one a packet came in by
    leaves: frozenset[str] = frozenset()
    accepts: bool = False
    target: str | None = None  # the chain that it goes to

    def is_about(self, link: str) -> bool:
        return _matches(self.arrives | self.leaves, link)

    def lets_in(self, link: str) -> bool:
        return _matches(self.arrives, link) and (self.accepts or self.target is not None)


@dataclass(frozen=True, slots=True)
class ForeignTable:
    """A table of somebody else's that may refuse our packets."""

    family: str
    name: str
    chains: frozenset[str]
    dropping: tuple[tuple[str, str], ...] = ()  # base chains with policy drop, and their hooks
    rules: tuple[ForeignRule, ...] = ()
    legacy: bool = False  # made by iptables-legacy; the rules' handles are their numbers then

    def __str__(self) -> str:
        return f"{self.family} {self.name}"

    @property
    def tool(self) -> str:
        """The iptables that shows and changes it."""
        version = "6" if self.family == "ip6" else ""
        return f"ip{version}tables-{'legacy' if self.legacy else 'nft'}"

    def described(self) -> str:
        return f"{self} ({self.tool} -S shows it)" if self.legacy else str(self)

    def lets_in(self, link: str, base: str) -> bool:
        """Whether a rule that the base chain leads to lets packets of a link pass."""
        reached, ahead = set[str](), [base]
        while ahead:
            chain = ahead.pop()
            reached.add(chain)
            rules = [rule for rule in self.rules if rule.chain == chain]
            if any(rule.lets_in(link) for rule in rules):
                return True
            ahead += [r.target for r in rules if r.target and r.target not in reached]
        return False

    def names(self, link: str) -> bool:
        return any(_matches(rule.arrives, link) for rule in self.rules)

    def left_by_libvirt(self, link: str) -> list[ForeignRule]:
        """Rules about a link that libvirt's daemon made."""
        return [rule for rule in self.rules if self._is_libvirts(rule) and rule.is_about(link)]

    def _is_libvirts(self, rule: ForeignRule) -> bool:
        return self.name == _LIBVIRT_TABLE or rule.chain.startswith(_LIBVIRT_CHAINS)


def is_worth_reading(
    family: str, table: str, chains: Iterable[str], dropping: Iterable[object]
) -> bool:
    """Whether the rules of a table matter here."""
    return (
        any(dropping)
        or (family, table) == _FIREWALLD
        or table == _LIBVIRT_TABLE
        or any(chain.startswith(_LIBVIRT_CHAINS) for chain in chains)
    )


def foreign_warnings(
    network: Network, tables: Iterable[ForeignTable], zone: str | None = None
) -> Iterator[str]:
    """What of others' filters keeps the network from what its kind promises.

    Args:
        zone: firewalld's zone that the bridge is put into, or that it is in.
    """
    bridge = network.bridge.name
    if bridge is None or not network.forward.mode.owns_bridge:
        return
    told: set[str] = set()
    for table in tables:
        if zone is not None and (table.family, table.name) == _FIREWALLD:
            continue
        for warning, commands in _obstacles(network, bridge, table):
            if commands not in told:  # ufw's commands are about both families
                told.add(commands)
                yield f"network '{network.name}': {warning}: {commands}"


def _obstacles(network: Network, bridge: str, table: ForeignTable) -> Iterator[tuple[str, str]]:
    leftovers = table.left_by_libvirt(bridge)
    if leftovers:
        yield (
            f"rules that a libvirt daemon left in table {table.described()} are about {bridge} "
            "and may refuse what this network allows; remove them",
            _removal(table, leftovers),
        )
    if network.forward.mode is ForwardMode.OPEN:
        return  # its owner asked to be left alone with the firewall
    if (table.family, table.name) == _FIREWALLD and not table.names(bridge):
        yield (
            f"firewalld has {bridge} in no zone, so it may refuse the guests; put it into one",
            f"firewall-cmd --permanent --zone=trusted --add-interface={_quoted(bridge)} && "
            "firewall-cmd --reload",
        )
    for chain, hook in table.dropping:
        versions = _versions(network) & _VERSIONS[table.family]
        if versions and _needs(network, hook) and not table.lets_in(bridge, chain):
            yield (
                f"table {table.described()} drops what its chain {chain} does not accept, and no "
                f"rule of it names {bridge}, so {_LOSSES[hook]}; to let them",
                " && ".join(_permission(network, bridge, table, chain, hook)),
            )


_LOSSES = {
    FORWARD: "guests reach nothing beyond this host",
    INPUT: "guests get neither an address (DHCP) nor names (DNS) from this host",
}


def _versions(network: Network) -> set[int]:
    return {ip.address.version for ip in network.ips}


def _needs(network: Network, hook: str) -> bool:
    return hook == INPUT or network.forward.mode is not ForwardMode.NONE


def _removal(table: ForeignTable, rules: Iterable[ForeignRule]) -> str:
    """One transaction, where there are such; a chain that holds nothing else is flushed."""
    if table.legacy:
        backwards = sorted(rules, key=lambda rule: (rule.chain, -rule.handle))
        return " && ".join(f"{table.tool} -D {one.chain} {one.handle}" for one in backwards)
    return f"nft {_quoted('; '.join(dict.fromkeys(_removals(table, list(rules)))))}"


def _removals(table: ForeignTable, rules: list[ForeignRule]) -> Iterator[str]:
    for rule in rules:
        if all(one in rules for one in table.rules if one.chain == rule.chain):
            yield f"flush chain {table} {rule.chain}"
        else:
            yield f"delete rule {table} {rule.chain} handle {rule.handle}"


def _permission(
    network: Network, bridge: str, table: ForeignTable, chain: str, hook: str
) -> Iterator[str]:
    """Commands in the words of whoever made the table."""
    routed = network.forward.mode is ForwardMode.ROUTE
    ports = [_DHCP_PORTS[v] for v in sorted(_versions(network) & _VERSIONS[table.family])]
    link = _quoted(bridge)
    if any(name.startswith("ufw") for name in table.chains):
        yield from _ufw(link, ports, hook, routed=routed)
    elif table.name == "filter" and chain in ("FORWARD", "INPUT"):
        place = "DOCKER-USER" if hook == FORWARD and "DOCKER-USER" in table.chains else chain
        yield from _iptables(f"{table.tool} -I {place}", link, ports, hook, routed=routed)
    else:
        yield from _nft(f"insert rule {table} {chain}", bridge, ports, hook, routed=routed)


def _ufw(link: str, ports: list[int], hook: str, *, routed: bool) -> Iterator[str]:
    if hook == INPUT:
        yield f"ufw allow in on {link} to any port {_DNS_PORT}"
        for port in ports:
            yield f"ufw allow in on {link} to any port {port} proto udp"
    else:
        yield f"ufw route allow in on {link}"
        if routed:
            yield f"ufw route allow out on {link}"


def _iptables(
    insert: str, link: str, ports: list[int], hook: str, *, routed: bool
) -> Iterator[str]:
    if hook == INPUT:
        for port in (_DNS_PORT, *ports):
            yield f"{insert} -i {link} -p udp --dport {port} -j ACCEPT"
        yield f"{insert} -i {link} -p tcp --dport {_DNS_PORT} -j ACCEPT"
    else:
        replies = "" if routed else " -m conntrack --ctstate RELATED,ESTABLISHED"
        yield f"{insert} -i {link} -j ACCEPT"
        yield f"{insert} -o {link}{replies} -j ACCEPT"


def _nft(insert: str, bridge: str, ports: list[int], hook: str, *, routed: bool) -> Iterator[str]:
    if hook == INPUT:
        udp = ", ".join(map(str, (_DNS_PORT, *ports)))
        rules = [
            f'iifname "{bridge}" udp dport {{ {udp} }} accept',
            f'iifname "{bridge}" tcp dport {_DNS_PORT} accept',
        ]
    else:
        replies = "" if routed else " ct state established,related"
        rules = [f'iifname "{bridge}" accept', f'oifname "{bridge}"{replies} accept']
    yield f"nft {_quoted('; '.join(f'{insert} {rule}' for rule in rules))}"


def _quoted(text: str) -> str:
    from shlex import quote  # noqa: PLC0415  (only where there is something to say)

    return quote(text)


def _matches(patterns: Iterable[str], link: str) -> bool:
    return any(
        link.startswith(pattern[:-1]) if pattern.endswith("*") else link == pattern
        for pattern in patterns
    )
