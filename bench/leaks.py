"""Packets that pass and should not, while networks start, change and stop.

    scripts/bench leaks [--events 1000] [--libvirt-events 60]

A guest on a NAT network opens new flows to the outside all the time, and the outside, which has a
route to the guests' subnet, sends to the guest. Counted are packets that reach the outside with a
private source address, and packets that reach the guest unasked.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ground import GUESTS, OUTSIDE, Ground
from sides import LibvirtSide, PasarelaSide, Side

ONE, NEIGHBOUR = 1, 2
GUEST, GATEWAY, BRIDGE = "10.64.1.50", "10.64.1.1", f"bn{ONE}"
RATE = 2000  # new flows a second, each way
AT_MOST = 900.0  # seconds


def main() -> None:
    arguments = _arguments()
    with tempfile.TemporaryDirectory(prefix="pasarela-bench-", dir="/var/tmp") as disk:
        theirs = LibvirtSide(Path(disk))
        report(theirs, theirs.pid, arguments.libvirt_events)
        report(PasarelaSide(Path(disk)), os.getpid(), arguments.events)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=1000)
    parser.add_argument("--libvirt-events", type=int, default=60)
    return parser.parse_args()


def report(side: Side, host: int, events: int) -> None:
    for number in (ONE, NEIGHBOUR):
        side.define(number)
    side.start(ONE)
    ground = Ground(host)
    try:
        ground.plug(BRIDGE)
        ground.address_guest(f"{GUEST}/24", GATEWAY)
        ground.wait_until_guest_reaches(OUTSIDE)
        counts = _count(side, ground, events)
        side.destroy(ONE)
    finally:
        ground.close()
        side.close()
    print(f"{side.name}: {events} starts, updates and destroys", end="; ")
    print(f"{counts['guest sent']} flows out and {counts['outside sent']} in were tried;", end=" ")
    print(f"{counts['leaked']} left with a private source, {counts['let in']} were let in")


def _count(side: Side, ground: Ground, events: int) -> dict[str, int]:
    limits = (str(RATE), str(AT_MOST))
    running = {
        "leaked": ground.run("outside", "watch", "from", GUESTS),
        "let in": ground.run("guest", "watch", "udp-from", OUTSIDE),
    }
    for watcher in running.values():
        assert watcher.stdout and watcher.stdout.readline() == "ready\n"
    running["guest sent"] = ground.run("guest", "flood", OUTSIDE, *limits)
    running["outside sent"] = ground.run("outside", "flood", GUEST, *limits)
    for _ in zip(range(events), _events(side, ground), strict=False):
        pass
    return {name: _end(process) for name, process in reversed(running.items())}


def _events(side: Side, ground: Ground) -> Iterator[None]:
    """One event at each step, for ever: changes of the network, its neighbour, and itself."""
    while True:
        for host in range(1, 6):
            side.add_host(ONE, host)
            yield
            side.start(NEIGHBOUR)
            yield
            side.delete_host(ONE, host)
            yield
            side.destroy(NEIGHBOUR)
            yield
        side.destroy(ONE)
        yield
        side.start(ONE)
        ground.plug_again(BRIDGE)
        yield


def _end(process: subprocess.Popen[str]) -> int:
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=30)
    return int(output.split()[-1])


if __name__ == "__main__":
    main()
