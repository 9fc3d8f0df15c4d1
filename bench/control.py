"""How long it takes to manage networks: Pasarela beside the real libvirtd, in one run.

    scripts/bench control [--networks 10,100,300] [--json FILE]

libvirt's dnsmasqs need one inotify instance each, of the 128 that a user's programs have: from
100 networks on the bench raises fs.inotify.max_user_instances for libvirt's turn, and puts it back
before Pasarela's.
"""

from __future__ import annotations

import argparse
import compileall
import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pasarela
from sides import LibvirtSide, PasarelaSide, Side

ROUNDS = 10  # of what is measured at full size: its median counts
CALM_CHANGES, CALM_SECONDS = 50, 60.0
INOTIFY = Path("/proc/sys/fs/inotify/max_user_instances")

# The wish for each line, as a ratio to libvirt.
WANTED = {
    "define": 1.5,
    "start": 0.09,
    "update: add DHCP host": 0.01,
    "update: delete DHCP host": 0.01,
    "port create": 1.0,
    "port delete": 1.0,
    "destroy": 0.2,
    "undefine": 1.5,
    "destroy all": 0.13,
    "cold boot": 0.06,
}

Times = dict[str, float]


def main() -> int:
    arguments = _arguments()
    compileall.compile_dir(Path(pasarela.__file__).parent, quiet=1)  # as installed: a cold boot
    results: dict[int, dict[str, Times]] = {}
    with tempfile.TemporaryDirectory(prefix="pasarela-bench-", dir=arguments.disk) as disk:
        for count in arguments.networks:
            results[count] = {}
            with _inotify_instances(8 * count if count >= 100 else None):
                results[count]["libvirt"] = measure(LibvirtSide(Path(disk)), count)
            results[count]["pasarela"] = measure(PasarelaSide(Path(disk)), count)
            _print_table(count, results[count])
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=2) + "\n")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", type=_numbers, default=[10, 100, 300])
    parser.add_argument("--disk", type=Path, default=Path("/var/tmp"), help="where the files lie")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def _numbers(text: str) -> list[int]:
    return [int(word) for word in text.split(",")]


def measure(side: Side, count: int) -> Times:
    """All operations at ``count`` networks; milliseconds, medians of the last ``ROUNDS``."""
    _wait_until_links_change_fast()
    print(f"… {side.name}, {count} networks", file=sys.stderr)
    numbers = range(count)
    last = numbers[-ROUNDS:]
    hosts = range(1, ROUNDS + 1)
    one = numbers[-1]
    times = {
        "define": _median(side.define, numbers),
        "start": _median(side.start, numbers),
        "update: add DHCP host": _median(lambda host: side.add_host(one, host), hosts),
        "update: delete DHCP host": _median(lambda host: side.delete_host(one, host), hosts),
        "port create": _median(lambda port: side.port_create(one, port), hosts),
        "port delete": _median(lambda port: side.port_delete(one, port), hosts),
        "destroy": _median(side.destroy, last),
        "undefine": _median(side.undefine, last),
    }
    times["destroy all"] = _milliseconds(lambda: side.destroy_all(numbers[:-ROUNDS] or ()))
    times["cold boot"] = side.cold_boot(numbers) * 1000
    side.close()
    if count == ROUNDS:
        del times["destroy all"]
    return times


def _wait_until_links_change_fast() -> None:
    """The kernel takes the other side's bridges apart behind its back, and holds RTNL meanwhile."""
    fast = 0
    end = time.monotonic() + CALM_SECONDS
    while fast < CALM_CHANGES and time.monotonic() < end:
        fast = fast + 1 if _milliseconds(_change_a_link) < 5 else 0


def _change_a_link() -> None:
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def _median(operation: Callable[[int], None], numbers: range) -> float:
    taken = [_milliseconds(lambda number=number: operation(number)) for number in numbers]
    return statistics.median(taken[-ROUNDS:])


def _milliseconds(operation: Callable[[], None]) -> float:
    begin = time.perf_counter()
    operation()
    return (time.perf_counter() - begin) * 1000


@contextlib.contextmanager
def _inotify_instances(wanted: int | None) -> Iterator[None]:
    before = INOTIFY.read_text()
    if wanted is not None and int(before) < wanted:
        INOTIFY.write_text(f"{wanted}\n")
    try:
        yield
    finally:
        if INOTIFY.read_text() != before:
            INOTIFY.write_text(before)


def _print_table(count: int, times: dict[str, Times]) -> None:
    print(f"\n{count} networks (milliseconds, medians)")
    print(f"  {'':26}{'libvirt':>10}{'pasarela':>10}{'ratio':>8}{'wanted':>8}")
    for line, theirs in times["libvirt"].items():
        ours = times["pasarela"][line]
        ratio = ours / theirs
        mark = "" if ratio <= WANTED[line] else "  above"
        print(
            f"  {line:26}{theirs:10.2f}{ours:10.2f}{ratio:8.3f}{'≤ ' + str(WANTED[line]):>8}{mark}"
        )
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
