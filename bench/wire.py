"""What programs wait for that talk to the daemon: pasarelad beside the real libvirtd, in one run.

    scripts/bench wire [--networks 10,100,300] [--libvirt-up-to 100] [--only reads] [--json FILE]

One small client speaks to both with messages that were made beforehand (wire_client.c). Both
daemons are there at once, and what is short is measured in turns, so that a disturbance hits both.
libvirt's dnsmasqs need one inotify instance each: while libvirt starts networks beyond 125, the
bench raises fs.inotify.max_user_instances, and puts it back.
"""

from __future__ import annotations

import argparse
import compileall
import json
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pasarela
import wire_reads
import wire_restart
import wire_writes
from wire_daemons import LIBVIRT, PASARELA, Client, Daemon, Kind
from wire_table import Table

PARTS = {
    "writes": wire_writes.measure,
    "reads": wire_reads.measure,
    "meanwhile": wire_writes.measure_meanwhile,
    "restart": wire_restart.measure,
}


def main() -> int:
    arguments = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and put everything back
    compileall.compile_dir(Path(pasarela.__file__).parent, quiet=1)  # as installed
    results = {}
    with tempfile.TemporaryDirectory(prefix="pasarela-bench-", dir=arguments.disk) as disk:
        client = Client(Path(disk))
        for count in arguments.networks:
            table = Table(f"{count} networks")
            kinds = (PASARELA,) if count > arguments.libvirt_up_to else (LIBVIRT, PASARELA)
            _measure(Path(disk), client, kinds, count, arguments.only, table)
            results[count] = table.values()
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=2) + "\n")
    return 0


def _measure(
    disk: Path, client: Client, kinds: Sequence[Kind], count: int, parts: list[str], table: Table
) -> None:
    daemons = [Daemon(kind, disk) for kind in kinds]
    try:
        wire_writes.bring_up(client, daemons, count, table)
        for name in parts:
            PARTS[name](client, daemons, count, table)
    finally:
        for daemon in daemons:
            daemon.close()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", type=_numbers, default=[10, 100, 300])
    parser.add_argument(
        "--libvirt-up-to",
        type=int,
        default=300,
        metavar="N",
        help="with more networks, Pasarela is measured alone: libvirt takes ten minutes for 300",
    )
    parser.add_argument("--only", type=_parts, default=list(PARTS), help="of " + ", ".join(PARTS))
    parser.add_argument("--disk", type=Path, default=Path("/var/tmp"), help="where the files lie")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def _numbers(text: str) -> list[int]:
    return [int(word) for word in text.split(",")]


def _parts(text: str) -> list[str]:
    wanted = text.split(",")
    if unknown := set(wanted) - PARTS.keys():
        raise argparse.ArgumentTypeError(f"no such part: {', '.join(sorted(unknown))}")
    return wanted


if __name__ == "__main__":
    sys.exit(main())
