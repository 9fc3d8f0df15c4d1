"""How long a new guest waits for its first DHCP offer, counted from its first request.

    scripts/bench offer [--rounds 5]

On libvirt's default document (STP on) under libvirt and under Pasarela, and on a network that
`net-new` made.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import tempfile
from pathlib import Path

from cli import PASARELA
from ground import Ground
from sides import LibvirtSide, PasarelaSide, Side

ONE = 1


def main() -> None:
    rounds = _rounds()
    print("first DHCP offer after the first request (milliseconds, medians)")
    with tempfile.TemporaryDirectory(prefix="pasarela-bench-", dir="/var/tmp") as disk:
        theirs = LibvirtSide(Path(disk))
        _report("libvirt, default document", _on_side(theirs, theirs.pid, rounds))
        ours = _on_side(PasarelaSide(Path(disk)), os.getpid(), rounds)
        _report("pasarela, default document", ours)
        _report("pasarela, net-new", _on_net_new(Path(disk), rounds))


def _rounds() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    return int(parser.parse_args().rounds)


def _report(name: str, waits: list[float]) -> None:
    print(f"  {name:30}{statistics.median(waits):10.1f}   worst {max(waits):.1f}", flush=True)


def _on_side(side: Side, host: int, rounds: int) -> list[float]:
    side.define(ONE, stp=True)
    side.start(ONE)
    try:
        return _with_guests(f"bn{ONE}", host, rounds)
    finally:
        side.destroy(ONE)
        side.close()


def _on_net_new(disk: Path, rounds: int) -> list[float]:
    def pasarela(*words: str) -> None:
        command = [str(PASARELA), "--root", str(disk / "net-new"), *words]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    pasarela("net-new", "fresh", "--bridge", "fresh0", "--start")
    try:
        return _with_guests("fresh0", os.getpid(), rounds)
    finally:
        pasarela("net-destroy", "fresh")


def _with_guests(bridge: str, host: int, rounds: int) -> list[float]:
    ground = Ground(host)
    try:
        return [_one_guest(ground, bridge, number) for number in range(rounds)]
    finally:
        ground.close()


def _one_guest(ground: Ground, bridge: str, number: int) -> float:
    """A guest with a MAC that was never seen, plugged in and asking at once."""
    ground.plug(bridge, mac=f"52:54:00:0f:fe:{number:02x}")
    with ground.run("guest", "discover", "eth0") as client:
        output, _ = client.communicate(timeout=60)
    ground.unplug()
    return float(output)


if __name__ == "__main__":
    main()
