"""What the rules cost a packet: Pasarela's beside libvirt's, in one run.

    scripts/bench dataplane [--networks 1,100,300] [--rounds 6] [--json FILE]

A guest sends through NAT to the outside, on the network whose rules come last. libvirt's rules are
read from the real libvirtd with two networks, and continued to the number that is measured.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from host.nftables.topology import Namespace, Topology
from load import Load
from rulesets import LAST, LibvirtRules, bridge, load_ours, subnet

OURS, THEIRS, NOTHING = "pasarela", "libvirt", "no rules"
# The issue's wish at the largest number of networks, as a ratio to libvirt's.
WANTED = {"packets": 5.0, "flows": 7.0}
FLAT = 0.10  # ours at the largest number beside ours at the smallest


@dataclass(frozen=True)
class Metric:
    key: str
    title: str
    form: str
    measure: Callable[[Load], float]
    more_is_better: bool = True


METRICS = (
    Metric("packets", "UDP packets/s", "{:,.0f}", Load.packets),
    Metric("flows", "new flows/s", "{:,.0f}", Load.flows),
    Metric("connects", "TCP CRR µs", "{:.1f}", Load.connects, more_is_better=False),
    Metric("throughput", "TCP Gb/s", "{:.1f}", Load.throughput),
)

Contender = tuple[str, int]  # whose rules, and for how many networks
Results = dict[Contender, dict[str, float]]


def main() -> None:
    arguments = _arguments()
    counts = [int(number) for number in arguments.networks.split(",")]
    loads = {contender: _prepare(rules) for contender, rules in _contenders(counts).items()}
    results = _interleaved(loads, arguments.rounds)
    _print_table(results)
    _print_verdict(results, counts)
    if arguments.json:
        flat = {f"{whose} {number}": values for (whose, number), values in results.items()}
        Path(arguments.json).write_text(json.dumps(flat, indent=2))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", default="1,100,300")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--json", metavar="FILE")
    return parser.parse_args()


def _contenders(counts: list[int]) -> dict[Contender, Callable[[], None]]:
    found: dict[Contender, Callable[[], None]] = {(NOTHING, 0): lambda: None}
    found |= {(OURS, number): partial(load_ours, number) for number in counts}
    try:
        theirs = LibvirtRules()
    except RuntimeError as error:
        print(f"without libvirt: {error}", file=sys.stderr)
        return found
    return found | {(THEIRS, number): partial(theirs.load, number) for number in counts}


def _prepare(rules: Callable[[], None]) -> Load:
    """A host of its own with these rules, a guest and an outside."""
    with Namespace.new().inside():
        topology = Topology()
        gateway = f"{subnet(LAST)}.1"
        topology.bridge(bridge(LAST), f"{gateway}/24")
        guest = topology.guest(bridge(LAST), "port0", f"{subnet(LAST)}.50/24", via=(gateway,))
        rules()
        return Load(topology, guest)


def _interleaved(loads: dict[Contender, Load], rounds: int) -> Results:
    """Medians; each round measures everybody, every other round from the other end."""
    taken: dict[Contender, dict[str, list[float]]] = {
        contender: {metric.key: [] for metric in METRICS} for contender in loads
    }
    for number in range(rounds):
        order = list(loads.items())[:: -1 if number % 2 else 1]
        for metric in METRICS:
            for contender, load in order:
                taken[contender][metric.key].append(metric.measure(load))
    return {
        contender: {key: statistics.median(values) for key, values in measured.items()}
        for contender, measured in taken.items()
    }


def _print_table(results: Results) -> None:
    print(f"{'rules of':<14}{'networks':>9}", *(f"{metric.title:>15}" for metric in METRICS))
    for (whose, number), values in results.items():
        cells = (f"{metric.form.format(values[metric.key]):>15}" for metric in METRICS)
        print(f"{whose:<14}{number or '':>9}", *cells)


def _print_verdict(results: Results, counts: list[int]) -> None:
    few, many = min(counts), max(counts)
    for metric in METRICS:
        ours = _times_better(metric, results[OURS, many], results[OURS, few])
        line = f"{metric.title}: ours at {many} is {ours:.2f} × ours at {few} (wanted ≥ {1 - FLAT})"
        if (THEIRS, many) in results:
            ratio = _times_better(metric, results[OURS, many], results[THEIRS, many])
            wanted = WANTED.get(metric.key)
            line += f", {ratio:.1f} × libvirt's" + (f" (wanted ≥ {wanted:.0f})" if wanted else "")
        print(line)


def _times_better(metric: Metric, one: dict[str, float], other: dict[str, float]) -> float:
    ratio = one[metric.key] / other[metric.key]
    return ratio if metric.more_is_better else 1 / ratio


if __name__ == "__main__":
    main()
