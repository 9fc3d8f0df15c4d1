"""How long a whole command takes: `net-list --all`, ours without a daemon beside virsh with one.

scripts/bench cli [--rounds 40]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import documents
from oracle.libvirtd import Libvirtd

NETWORKS = 10
WANTED = 2.0  # the wish, as a ratio to virsh
PASARELA = Path(__file__).parent.parent / ".venv/bin/pasarela"


def main() -> None:
    rounds = _rounds()
    with tempfile.TemporaryDirectory(prefix="pasarela-bench-") as scratch:
        daemon = Libvirtd(Path(scratch))
        try:
            root = Path(scratch) / "root"
            _define(daemon, root)
            times = _interleaved(
                {
                    "virsh": [*_inside(daemon), "virsh", "-c", "qemu:///system"],
                    "pasarela": [str(PASARELA), "--root", str(root)],
                },
                rounds,
            )
        finally:
            daemon.stop()
    ratio = times["pasarela"] / times["virsh"]
    print(f"net-list --all, {NETWORKS} networks, whole process (milliseconds, medians)")
    print(f"  virsh {times['virsh']:.1f}  pasarela {times['pasarela']:.1f}  ", end="")
    print(f"ratio {ratio:.2f}  wanted ≤ {WANTED}")


def _rounds() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=40)
    return int(parser.parse_args().rounds)


def _inside(daemon: Libvirtd) -> list[str]:
    return ["nsenter", f"--target={daemon.pid}", "--mount"]


def _define(daemon: Libvirtd, root: Path) -> None:
    for number in range(NETWORKS):
        document = Path(root.parent, "network.xml")
        document.write_text(documents.network(number))
        daemon.define(documents.network(number))
        command = [str(PASARELA), "--root", str(root), "net-define", str(document)]
        subprocess.run(command, check=True, capture_output=True)


def _interleaved(commands: dict[str, list[str]], rounds: int) -> dict[str, float]:
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            begin = time.perf_counter()
            done = subprocess.run(
                [*command, "net-list", "--all"], check=True, capture_output=True, text=True
            )
            times[name].append((time.perf_counter() - begin) * 1000)
            if done.stdout.count("net0") != NETWORKS:
                raise RuntimeError(f"{name} listed something else:\n{done.stdout}")
    return {name: statistics.median(taken) for name, taken in times.items()}


if __name__ == "__main__":
    main()
