"""A restart of the daemon while its networks carry packets: how long, and what became of them.

A guest opens new flows to the outside all the time, and the outside, which has a route to the
guest's subnet, sends to the guest. Lost are packets of the guest that never arrived, leaked those
that arrived with their private source address, let in those that reached the guest unasked.
"""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Sequence

import documents
from ground import GUESTS, HOST, OUTSIDE, Ground
from wire_daemons import Client, Daemon
from wire_table import Table
from wire_writes import more_inotify

RATE = "500"  # new flows a second, each way
AT_MOST = "900"  # seconds
SEEN_SECONDS = 5.0
WANTED, MANY = 0.01, 100  # the wish is for that many networks


def measure(client: Client, daemons: Sequence[Daemon], count: int, table: Table) -> None:
    """Restart each with ``count`` active networks."""
    answered, ready, packets = {}, {}, {}
    for daemon in daemons:
        traffic = Traffic(daemon, count // 2)
        daemon.terminate()
        with more_inotify(count):
            started = daemon.start(count)
        answered[daemon.name], ready[daemon.name] = started.answered, started.ready
        packets[daemon.name] = traffic.end()
    if count >= MANY:
        table.compare("restart until it answers, s", answered, WANTED)
    else:
        table.tell("restart until it answers, s", answered)
    table.tell("restart until all is looked at, s", ready)
    table.tell("packets sent meanwhile", {one: found["sent"] for one, found in packets.items()})
    for what in ("lost", "leaked", "let in"):
        table.limit(f"packets {what}", {one: found[what] for one, found in packets.items()}, 0)


class Traffic:
    """Packets both ways through one network, until it is ended."""

    def __init__(self, daemon: Daemon, number: int) -> None:
        subnet = f"10.{64 + number // 256}.{number % 256}"
        self._ground = ground = Ground(daemon.host)
        daemon.on_host("sysctl", "-qw", "net.ipv4.ip_forward=1")
        ground.plug(documents.bridge(number))
        ground.address_guest(f"{subnet}.50/24", f"{subnet}.1")
        ground.wait_until_guest_reaches(OUTSIDE)
        self._watching = {
            "arrived": ground.run("outside", "watch", "udp-from", HOST),
            "leaked": ground.run("outside", "watch", "from", GUESTS),
            "of the flood": ground.run("outside", "watch", "udp-from", GUESTS),
            "let in": ground.run("guest", "watch", "udp-from", OUTSIDE),
        }
        for watcher in self._watching.values():
            assert watcher.stdout and watcher.stdout.readline() == "ready\n"
        self._out = ground.run("guest", "flood", OUTSIDE, RATE, AT_MOST)
        self._in = ground.run("outside", "flood", f"{subnet}.50", RATE, AT_MOST)

    def end(self) -> dict[str, float]:
        sent = _end(self._out)
        counts = {"outside sent": _end(self._in)}
        counts |= {name: _end(process) for name, process in self._watching.items()}
        self._ground.unplug()
        self._ground.close()
        lost = sent - counts["arrived"] - counts["of the flood"]  # without ICMP errors
        return {"sent": sent, "lost": lost, **counts}


def _end(process: subprocess.Popen[str]) -> int:
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=30)
    return int(output.split()[-1])
