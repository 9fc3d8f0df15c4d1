"""Small reads, long lists, short visits, and what the daemon weighs."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable, Sequence

import wire_calls as calls
from wire_daemons import Client, Daemon
from wire_table import Table

ROUNDS = 5
SECONDS = 0.4  # of each measurement, in each round
CLIENTS = 8
COMMANDS = 10  # whole processes in each round

RESIDENT = 40.0  # megabytes, the wish


def measure(client: Client, daemons: Sequence[Daemon], count: int, table: Table) -> None:
    """With ``count`` networks, all active."""
    one = count // 2
    small = {
        "lookup by name": calls.lookup(one),
        "xmldesc": calls.xml_desc(one),
        "leases": calls.leases(one),
    }
    for what, message in small.items():
        looping = _loop(client, 1, message)
        table.compare(f"{what}, 1 client, µs", in_turns(looping, daemons), 0.9)
    for what, message in small.items():
        crowd = in_turns(_rate(client, CLIENTS, message), daemons)
        table.compare(f"{what}, {CLIENTS} clients, calls/s", crowd, 2.5, least=True)
    listing = in_turns(_loop(client, 1, calls.list_all()), daemons)
    if count >= 300:
        table.compare("list all, µs", listing, 0.35)
    else:
        table.tell("list all, µs", listing)
    visiting = in_turns(_visit(client, calls.lookup(one)), daemons)
    table.compare("connect, one call, close, µs", visiting, 0.8)
    table.compare("net-list --all, whole process, ms", in_turns(_net_list, daemons), 0.6)
    table.limit("resident memory, MB", {one.name: one.resident() for one in daemons}, RESIDENT)


def in_turns(
    measured: Callable[[Daemon], float], daemons: Sequence[Daemon], rounds: int = ROUNDS
) -> dict[str, float]:
    """The median of some rounds, in each of which both have their turn."""
    taken: dict[str, list[float]] = {daemon.name: [] for daemon in daemons}
    for _ in range(rounds):
        for daemon in daemons:
            taken[daemon.name].append(measured(daemon))
    return {name: statistics.median(numbers) for name, numbers in taken.items()}


def _loop(client: Client, clients: int, message: bytes) -> Callable[[Daemon], float]:
    def measured(daemon: Daemon) -> float:
        mode = ("loop", str(clients), str(SECONDS))
        ((_, _, median, _, _),) = client.run(daemon, mode, message)
        return median

    return measured


def _rate(client: Client, clients: int, message: bytes) -> Callable[[Daemon], float]:
    def measured(daemon: Daemon) -> float:
        mode = ("loop", str(clients), str(SECONDS))
        ((done, seconds, _, _, _),) = client.run(daemon, mode, message)
        return done / seconds

    return measured


def _visit(client: Client, message: bytes) -> Callable[[Daemon], float]:
    def measured(daemon: Daemon) -> float:
        messages = message + calls.closing()
        ((_, _, median, _, _),) = client.run(daemon, ("visit", str(SECONDS)), messages)
        return median

    return measured


def _net_list(daemon: Daemon) -> float:
    command = daemon.inside(*daemon.kind.net_list)
    taken = []
    for _ in range(COMMANDS):
        begin = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        taken.append((time.perf_counter() - begin) * 1000)
    return statistics.median(taken)
