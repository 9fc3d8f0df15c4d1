"""What changes networks, and how long others wait for an answer meanwhile."""

from __future__ import annotations

import contextlib
import statistics
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import product
from pathlib import Path
from typing import NamedTuple

import wire_calls as calls
from wire_daemons import Client, Daemon, finish
from wire_table import Table

LAST = 10  # of what is done to each network: the median of the last ones counts, at full size
ROUNDS = 7  # of lookups while something else is done
USUAL_SECONDS = 0.5
AT_MOST = "600"  # seconds
SLOWER = 3.0  # the wish: reads that many times slower while something else is done
INOTIFY = Path("/proc/sys/fs/inotify/max_user_instances")
WITHOUT_MORE = 50  # networks: half of the default, for other programs of the user have some, too

WANTED = {
    "define": 1.5,
    "start": 0.09,
    "update: add DHCP host": 0.01,
    "update: delete DHCP host": 0.01,
    "port create": 1.0,
    "port delete": 1.0,
    "destroy": 0.2,
}


def bring_up(client: Client, daemons: Sequence[Daemon], count: int, table: Table) -> None:
    """Define and start ``count`` networks with each."""
    for what, message in (("define", calls.define), ("start", calls.start)):
        with more_inotify(count):
            each = {one.name: _last(client, one, map(message, range(count))) for one in daemons}
        table.compare(f"{what}, ms", each, WANTED[what])


@contextlib.contextmanager
def more_inotify(count: int) -> Iterator[None]:
    """Let libvirt's dnsmasqs of so many networks have an inotify instance each."""
    before = INOTIFY.read_text()
    if count > WITHOUT_MORE:
        INOTIFY.write_text(f"{max(int(before), 8 * count)}\n")
    try:
        yield
    finally:
        if INOTIFY.read_text() != before:
            INOTIFY.write_text(before)


def _last(client: Client, daemon: Daemon, messages: Iterator[bytes]) -> float:
    return statistics.median(client.once(daemon, messages)[-LAST:])


def measure(client: Client, daemons: Sequence[Daemon], count: int, table: Table) -> None:
    """Updates, ports, and stopping, with ``count`` networks."""
    one = count - 1
    numbers = range(1, LAST + 1)
    series: dict[str, list[bytes]] = {
        "update: add DHCP host": [calls.add_host(one, number) for number in numbers],
        "update: delete DHCP host": [calls.delete_host(one, number) for number in numbers],
        "port create": [calls.port_create(one, number) for number in numbers],
        "port delete": [calls.port_delete(one, number) for number in numbers],
        "destroy": [calls.destroy(number) for number in range(count - LAST, count)],
    }
    for what, messages in series.items():
        each = {daemon.name: _last(client, daemon, iter(messages)) for daemon in daemons}
        table.compare(f"{what}, ms", each, WANTED[what])
    again = [calls.start(number) for number in range(count - LAST, count)]
    with more_inotify(count):
        for daemon in daemons:
            client.once(daemon, again)


def measure_meanwhile(client: Client, daemons: Sequence[Daemon], count: int, table: Table) -> None:
    """Lookups while another client starts or stops networks, and while the daemon boots.

    Each is compared with lookups of the moment before, as what else the machine does is the same
    then; and the median of some rounds counts, as the slowest hundredth of a tenth of a second is
    but a few calls.
    """
    last = range(count - LAST, count)
    stopping = [calls.destroy(number) for number in last]
    starting = [calls.start(number) for number in last]
    usual: dict[str, list[Latency]] = {one.name: [] for one in daemons}
    work = {"bulk destroy": stopping, "start": starting}
    found = {what: {one.name: list[Slower]() for one in daemons} for what in work}
    with more_inotify(count):
        for _, one, (what, messages) in product(range(ROUNDS), daemons, work.items()):
            before = _usual(client, one)
            meanwhile = _while(client, one, partial(client.once, one, messages))
            usual[one.name].append(before)
            found[what][one.name].append(Slower.of(meanwhile, before))
    table.tell("lookup, median, µs", _medians(usual, 0))
    table.tell("lookup, 99th percentile, µs", _medians(usual, 1))
    for what, slower in found.items():
        _tell_slower(table, what, slower)
    ours = daemons[-1]  # libvirt's does not answer before its networks are up
    before = _usual(client, ours)
    booting = Slower.of(_while_booting(client, ours, count), before)
    _tell_slower(table, "cold boot", {ours.name: [booting]})


class Latency(NamedTuple):
    """Of many calls, in microseconds: the median, the 99th percentile and the slowest."""

    median: float
    high: float
    slowest: float


class Slower(NamedTuple):
    """How many times slower calls are than usual, and how many milliseconds the slowest took."""

    median: float
    high: float
    slowest: float

    @classmethod
    def of(cls, found: Latency, usual: Latency) -> Slower:
        return cls(found.median / usual.median, found.high / usual.high, found.slowest / 1000)


def _usual(client: Client, daemon: Daemon) -> Latency:
    mode = ("loop", "1", str(USUAL_SECONDS))
    ((_, _, *latency),) = client.run(daemon, mode, calls.lookup(0))
    return Latency(*latency)


def _while(client: Client, daemon: Daemon, work: Callable[[], object]) -> Latency:
    asking = client.begin(daemon, ("loop", "1", AT_MOST), calls.lookup(0))
    try:
        work()
    finally:
        asking.terminate()
        ((_, _, *latency),) = finish(asking)
    return Latency(*latency)


def _while_booting(client: Client, daemon: Daemon, count: int) -> Latency:
    """From when the daemon answers until it says that all networks are up."""
    asking: list[subprocess.Popen[bytes]] = []

    def begin() -> None:
        asking.append(client.begin(daemon, ("loop", "1", AT_MOST), calls.lookup(0)))

    daemon.reboot(range(count))
    daemon.start(answering=begin)
    asking[0].terminate()
    ((_, _, *latency),) = finish(asking[0])
    return Latency(*latency)


def _tell_slower(table: Table, what: str, found: dict[str, list[Slower]]) -> None:
    for part, name in enumerate(("median", "99th")):
        table.limit(f"lookup during {what}, {name}, × usual", _medians(found, part), SLOWER)
    table.tell(f"lookup during {what}, slowest, ms", _medians(found, 2))


def _medians(found: Mapping[str, Sequence[tuple[float, ...]]], part: int) -> dict[str, float]:
    return {name: statistics.median(one[part] for one in rounds) for name, rounds in found.items()}
