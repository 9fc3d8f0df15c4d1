"""`pasarela lab check`: in a lab made for it, which is gone afterwards."""

from __future__ import annotations

import argparse
import os
import time

from pasarela.client.uri import open_uri
from pasarela.lab import check, launch, node, report, shell
from pasarela.lab.faults import LabError

_HERE = "PASARELA_LAB_CHECK"  # set for the part of the command that runs on the lab's host


def main(options: argparse.Namespace) -> int:
    check.choose(options.kind)
    if os.environ.get(_HERE):
        return _measure(options)
    if shell.inside_lab():
        raise LabError("the check makes a lab of its own", remedy="Run it outside of the lab.")
    return _in_own_lab(options)


def _in_own_lab(options: argparse.Namespace) -> int:
    name = "check" if options.keep else f"check-{os.getpid()}"
    launch.up(name, user_namespace=options.userns)
    try:
        argv = ["env", f"{_HERE}=1", "pasarela", "lab", *options.original]
        return shell.run(name, node.HOST, argv)
    finally:
        if not options.keep:
            launch.down(name)


def _measure(options: argparse.Namespace) -> int:
    begin = time.monotonic()
    connection = open_uri()
    try:
        lines = check.check(connection, check.choose(options.kind), vm=options.vm)
    finally:
        connection.close()
    seconds = time.monotonic() - begin
    print(report.as_json(lines, seconds) if options.json else report.as_text(lines, seconds))
    return 0 if all(line.kept for line in lines) else 1
