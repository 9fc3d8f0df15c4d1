"""A bridge raised over its ports, and dissolved again, with all that was theirs moved along.

Either is done or not done at all: how everything was is noted before, and what fails is taken back
to just that.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any

from pasarela.errors import ErrorDomain, HostnetRefused, InterfaceNotFound
from pasarela.hostnet.live import resolved
from pasarela.hostnet.live.carry import Step, carry_out, open_socket, rehearse
from pasarela.hostnet.live.dhcp import clients
from pasarela.hostnet.live.dhcp.clients import Client
from pasarela.hostnet.live.dump import SYSCTLS
from pasarela.hostnet.live.snapshot import RUN, Snapshot, leased_address, snapshot
from pasarela.hostnet.live.state import State, all_links, ports_of
from pasarela.hostnet.live.undoing import undo
from pasarela.hostnet.live.wanted import DISABLE_IPV6, raised, with_port, without_port
from pasarela.hostnet.live.wishes import check_mtu, check_name, check_ports, wish_of
from pasarela.model.interface_config import InterfaceConfig


@dataclass(frozen=True, slots=True)
class Change:
    """What a command does in the kernel, planned and not yet done.

    ``target`` is the link that gets the addresses, ``sources`` are those that lose them. ``dhcp``
    is True for a DHCP client on the target even if none ran on a source, False for none at all, and
    None for those that ran. ``client_targets`` are links that get one client each, in this order;
    the clients that are left go to the target.
    """

    before: Snapshot
    wanted: State
    sources: tuple[str, ...]
    target: str | None
    dhcp: bool | None = None
    client_targets: tuple[str, ...] = ()

    @property
    def watched(self) -> tuple[str, ...]:
        return self.before.dump.watched


# the interface of the interface API


def raise_bridge(config: InterfaceConfig) -> None:
    """Make the bridge with its ports, and move what the kernel has of theirs to it.

    Addresses that the configuration says are added to those: what is connected stays so.

    Raises:
        InterfaceNotFound: a port is not there.
        HostnetRefused: it cannot be; the host is as it was.
        SystemCallFailed: the kernel refused; the host is as it was.
    """
    do_or_undo(plan_raise(config))


# planning


def plan_raise(config: InterfaceConfig) -> Change:
    wish = wish_of(config)
    check_name(wish.name)
    before = snapshot((wish.name, *wish.ports))
    links = all_links(before.dump)
    check_ports(wish.name, wish.ports, links)
    if wish.name in links:
        raise HostnetRefused(
            f"there is a device '{wish.name}' already",
            remedy=f"choose another name, or add the port: "
            f"pasarela host-bridge add-port {wish.name} {wish.ports[0]}",
        )
    check_mtu(wish, before.state.addresses)
    wanted = raised(before.state, wish)
    dhcp = None if config.ipv4 is None else config.ipv4.dhcp
    return Change(before, wanted, wish.ports, wish.name, dhcp)


def plan_add_port(bridge: str, port: str) -> Change:
    before = snapshot((bridge, port))
    links = all_links(before.dump)
    require_bridge(bridge, links.get(bridge))
    check_ports(bridge, (port,), links)
    return Change(before, with_port(before.state, bridge, port), (port,), bridge)


def plan_remove_port(bridge: str, port: str) -> Change:
    before = snapshot((bridge, port))
    links = all_links(before.dump)
    require_bridge(bridge, links.get(bridge))
    if port not in links or links[port].master != bridge:
        inside = ", ".join(ports_of(before.dump, bridge)) or "none"
        raise HostnetRefused(f"{port} is not in {bridge}", remedy=f"its ports are: {inside}")
    _refuse_last(before, bridge, port)
    with suppress(OSError):  # a kernel without IPv6
        ipv6 = (SYSCTLS / DISABLE_IPV6.format("default")).read_text().strip()
        return Change(before, without_port(before.state, port, ipv6), (), None)
    return Change(before, without_port(before.state, port, None), (), None)


def _refuse_last(before: Snapshot, bridge: str, port: str) -> None:
    """A bridge without a card has addresses that nobody reaches any more."""
    links = all_links(before.dump)
    others = [one for one in ports_of(before.dump, bridge) if one != port]
    addresses = [one for one in before.state.addresses if one.link == bridge]
    if all(one.is_link_local for one in addresses):
        return
    if all(links[one].kind == "tun" for one in others):
        raise HostnetRefused(
            f"{port} is the only port of {bridge} that leads out, and {bridge} has addresses",
            remedy=f"pasarela host-bridge delete {bridge} gives them to {port}",
        )


def require_bridge(name: str, link: Any) -> None:
    if link is None or link.kind != "bridge":
        raise InterfaceNotFound(
            f"there is no bridge '{name}'",
            domain=ErrorDomain.INTERFACE,
            remedy="pasarela host-bridge show lists them",
        )


# doing


def refuse_stale(change: Change) -> None:
    """Refuse what was planned for links that are no longer in the bridges that they were in.

    Raises:
        HostnetRefused: somebody was faster.
    """
    now_there = snapshot(change.watched).state.links
    before = change.before.state.links
    if {n: one.master for n, one in now_there.items()} != {
        n: one.master for n, one in before.items()
    }:
        raise HostnetRefused(
            f"{' or '.join(change.watched)} was changed meanwhile by somebody else",
            remedy="look at it (pasarela host-bridge show), and give the command again",
        )


def refuse_leftovers(change: Change) -> None:
    """Refuse to move a route that has outlived what it needs, before anything is touched.

    A running manager must not have been told of the change yet: what it clears then is no leftover.

    Raises:
        HostnetRefused: there is such a route.
    """
    with open_socket() as socket:
        rehearse(socket, set(change.before.state.routes) - set(change.wanted.routes))


def do_or_undo(change: Change, step: Step = lambda name: None) -> tuple[str, ...]:
    """Carry a change out; whatever fails, the host is as it was.

    Args:
        step: told of each step before it is done.

    Returns:
        What could not be moved, and what to type.
    """
    refuse_leftovers(change)
    try:
        return do(change, step)
    except BaseException as cause:
        if left := undo(change.before):
            raise HostnetRefused(f"{cause}; and not taken back: {'; '.join(left)}") from cause
        raise


def do(change: Change, step: Step = lambda name: None) -> tuple[str, ...]:
    RUN.mkdir(parents=True, exist_ok=True)
    mine = [client for client in change.before.clients if client.link in change.sources]
    with open_socket() as socket:
        clients.freeze(mine)
        carry_out(socket, change.watched, change.wanted, step)
    if change.target is None:
        return ()
    step("client")
    notes = _move_clients(change, mine, change.target)
    step("dns")
    return notes + resolved.move(change.before.dns, change.sources, change.target)


def _move_clients(change: Change, mine: Sequence[Client], target: str) -> tuple[str, ...]:
    known = leased_address(change.before.state, change.sources)
    if change.dhcp is False:  # addresses of its own: the lease runs out by itself
        return clients.give_up(mine, RUN)
    if mine and not change.client_targets:
        return clients.move(mine, target, RUN, known)
    if mine:
        return _move_in_turn(change, mine, target)
    if change.dhcp:
        clients.start(clients.fresh(target, known), (), target, RUN, known)
    return ()


def _move_in_turn(change: Change, mine: Sequence[Client], target: str) -> tuple[str, ...]:
    """Each to the link that it came from, and those that are left to the target."""
    notes: tuple[str, ...] = ()
    for client, link in zip(mine, chain(change.client_targets, repeat(target)), strict=False):
        known = leased_address(change.wanted, (link,))
        notes += clients.move([client], link, RUN, known)
    return notes


__all__ = [
    "RUN",
    "Change",
    "Snapshot",
    "do",
    "do_or_undo",
    "leased_address",
    "plan_add_port",
    "plan_raise",
    "plan_remove_port",
    "raise_bridge",
    "require_bridge",
    "snapshot",
    "undo",
]
