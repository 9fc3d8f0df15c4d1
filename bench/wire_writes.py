"""What changes networks, and how long others wait for an answer meanwhile."""

from __future__ import annotations

import contextlib
import statistics
import subprocess
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import wire_calls as calls
from wire_daemons import Client, Daemon, finish
from wire_table import Table

LAST = 10  # of what is done to each network: the median of the last ones counts, at full size
USUAL_SECONDS = 2.0
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
    """Lookups while another client starts or stops networks, and while the daemon boots."""
    last = range(count - LAST, count)
    destroying = [calls.destroy(number) for number in last]
    starting = [calls.start(number) for number in last]
    usual = {one.name: _usual(client, one) for one in daemons}
    for part, name in enumerate(("median", "99th percentile")):
        table.tell(f"lookup, {name}, µs", {one: numbers[part] for one, numbers in usual.items()})
    with more_inotify(count):
        for what, messages in (("bulk destroy", destroying), ("start", starting)):
            meanwhile = {
                one.name: _while(client, one, partial(client.once, one, messages))
                for one in daemons
            }
            _tell_slower(table, what, meanwhile, usual)
    ours = daemons[-1]  # libvirt's does not answer before its networks are up
    _tell_slower(table, "cold boot", {ours.name: _while_booting(client, ours, count)}, usual)


Latency = tuple[float, float]  # microseconds: the median and the 99th percentile


def _usual(client: Client, daemon: Daemon) -> Latency:
    mode = ("loop", "1", str(USUAL_SECONDS))
    ((_, _, median, high, _),) = client.run(daemon, mode, calls.lookup(0))
    return median, high


def _while(client: Client, daemon: Daemon, work: Callable[[], object]) -> Latency:
    asking = client.begin(daemon, ("loop", "1", AT_MOST), calls.lookup(0))
    try:
        work()
    finally:
        asking.terminate()
        ((_, _, median, high, _),) = finish(asking)
    return median, high


def _while_booting(client: Client, daemon: Daemon, count: int) -> Latency:
    """From when the daemon answers until it says that all networks are up."""
    asking: list[subprocess.Popen[bytes]] = []

    def begin() -> None:
        asking.append(client.begin(daemon, ("loop", "1", AT_MOST), calls.lookup(0)))

    daemon.reboot(range(count))
    daemon.start(answering=begin)
    asking[0].terminate()
    ((_, _, median, high, _),) = finish(asking[0])
    return median, high


def _tell_slower(
    table: Table, what: str, found: dict[str, Latency], usual: dict[str, Latency]
) -> None:
    for part, name in enumerate(("median", "99th")):
        times = {one: numbers[part] / usual[one][part] for one, numbers in found.items()}
        table.limit(f"lookup during {what}, {name}, × usual", times, SLOWER)
