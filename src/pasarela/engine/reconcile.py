"""Bringing what runs back to what it should be: a flushed firewall, a dead dnsmasq, a reboot.

All networks are looked at in one go and mended in one batch, so that a firewall that somebody
flushed is whole again at once and not one network after the other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from pasarela.engine import crank
from pasarela.engine.context import Context
from pasarela.engine.lifecycle import finish_stop, union
from pasarela.engine.wanted import wanted_running
from pasarela.errors import PasarelaError
from pasarela.model.status import Status
from pasarela.plan.actions import Remove
from pasarela.plan.resources import BridgeLink, DnsmasqProcess, HostState, Rank


@dataclass(frozen=True, slots=True)
class _Running:
    """A running network, what it should be on the host, and what of that is there."""

    status: Status
    wanted: HostState
    observed: HostState = frozenset()

    @property
    def name(self) -> str:
        return self.status.network.name

    def has_lost_its_bridge(self) -> bool:
        return bool(_bridges(self.wanted) - _bridges(self.observed))

    def has_drifted(self) -> bool:
        return bool(crank.changes(self.observed, self.wanted))


def reconcile(context: Context, *, rebuild: bool = True) -> tuple[str, ...]:
    """Bring every active network back to what it should be; tell what was wrong.

    Args:
        rebuild: make vanished bridges again; else their networks are stopped, as libvirt does
            when its daemon starts, for there may have been a reboot in between.
    """
    planned, found = _planned(context)
    networks = _looked_at(context, planned)
    lost = [one for one in networks if one.has_lost_its_bridge()]
    drifted = [one for one in networks if one not in lost and one.has_drifted()]
    for network in lost:
        found += _rebuild(context, network) if rebuild else _stop(context, network)
    return (*found, *_mend_all(context, drifted))


def mend_firewall(context: Context) -> list[str]:
    """Bring back the firewall of every active network; tell which of them had lost any of it.

    Raises:
        PasarelaError: it cannot be done, or a network's part of it cannot be told.
    """
    return _mend_rank(context, Rank.FIREWALL)


def mend_services(context: Context) -> list[str]:
    """Tell other programs again what they have forgotten of networks, and of which.

    Raises:
        PasarelaError: one of them refuses.
    """
    return _mend_rank(context, Rank.SERVICE)


def mend_processes(context: Context, names: Collection[str]) -> list[str]:
    """Start again what does not run of these networks' processes; says which of them needed it.

    Raises:
        PasarelaError: one does not start.
    """
    return _mend_rank(context, Rank.PROCESS, set(context.store.active_names()).intersection(names))


def _mend_rank(context: Context, rank: Rank, names: Iterable[str] | None = None) -> list[str]:
    planned, problems = _planned(context, names)
    parts = [replace(one, wanted=_of_rank(one.wanted, rank)) for one in planned]
    drifted = [one for one in _looked_at(context, parts) if one.has_drifted()]
    _mend(context, drifted)
    context.warn(tuple(problems))
    return [one.name for one in drifted]


def _of_rank(state: HostState, rank: Rank) -> HostState:
    return frozenset(resource for resource in state if resource.rank is rank)


def _planned(
    context: Context, names: Iterable[str] | None = None
) -> tuple[list[_Running], list[str]]:
    """What is active and what it should be, and why some of it cannot be told.

    Args:
        names: of active networks; None for all.
    """
    facts = context.machine.basics()
    planned: list[_Running] = []
    problems: list[str] = []
    for name in context.store.active_names() if names is None else names:
        try:
            status = context.store.live(name)
            wanted = wanted_running(context, status.network, facts).state
        except PasarelaError as error:
            problems.append(_problem(name, error))
        else:
            planned.append(_Running(status, wanted))
    return planned, problems


def _looked_at(context: Context, planned: Sequence[_Running]) -> list[_Running]:
    observed = crank.look(context.machine, union(one.wanted for one in planned))
    there = {resource.key: resource for resource in observed}
    return [
        _Running(one.status, one.wanted, frozenset(there[key] for key in _keys(one) & there.keys()))
        for one in planned
    ]


def _stop(context: Context, network: _Running) -> list[str]:
    try:
        crank.reach(context.machine, crank.NOTHING, network.wanted)
        context.store.remove_live(network.name)
        finish_stop(context, network.status)
    except PasarelaError as error:
        return [_problem(network.name, error)]
    return [f"network '{network.name}': its bridge had vanished, so it has been stopped"]


def _rebuild(context: Context, network: _Running) -> list[str]:
    """Make a vanished bridge again. Its dnsmasq is started anew, for it listens on the old one."""
    servers = (one for one in network.observed if isinstance(one, DnsmasqProcess))
    try:
        crank.perform(context.machine, tuple(Remove(one) for one in servers))
        (now,) = _looked_at(context, [network])
        _mend(context, [now])
    except PasarelaError as error:
        return [_problem(network.name, error)]
    (bridge,) = _bridges(network.wanted)
    guests = {port.owner_name for port in context.ports.ports(network.name).values()}
    names = f" ({', '.join(sorted(guests))})" if guests else ""
    return [
        f"network '{network.name}': its bridge had vanished and has been made again; plug its "
        f"guests{names} in again: ip link set TAP master {bridge}, or stop and start them"
    ]


def _mend_all(context: Context, drifted: Sequence[_Running]) -> list[str]:
    try:
        return _mend(context, drifted)
    except PasarelaError:
        return [line for network in drifted for line in _mend_alone(context, network)]


def _mend_alone(context: Context, network: _Running) -> list[str]:
    try:
        (now,) = _looked_at(context, [network])
        return _mend(context, [now])
    except PasarelaError as error:
        return [_problem(network.name, error)]


def _mend(context: Context, drifted: Sequence[_Running]) -> list[str]:
    """Raises:
    PasarelaError: one of them cannot be mended, or not all of it."""
    wanted = union(one.wanted for one in drifted)
    actions = crank.changes(union(one.observed for one in drifted), wanted)
    if actions:
        crank.establish(context.machine, actions, wanted)
    owners = {key: one.name for one in drifted for key in _keys(one)}
    return [f"network '{owners[one.resource.key]}': {one.describe()}" for one in actions]


def _keys(network: _Running) -> set[tuple[str, ...]]:
    return {resource.key for resource in network.wanted}


def _bridges(state: HostState) -> set[str]:
    return {resource.name for resource in state if isinstance(resource, BridgeLink)}


def _problem(name: str, error: PasarelaError) -> str:
    return f"network '{name}': {error.message}"
