"""Everything that is wrong in a host's interfaces files, by path and line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from pasarela.hostnet.ifupdown.check_addresses import check_addresses
from pasarela.hostnet.ifupdown.check_bridges import check_bridges
from pasarela.hostnet.ifupdown.check_syntax import check_syntax
from pasarela.hostnet.ifupdown.document import MAIN, Configuration, read
from pasarela.hostnet.ifupdown.report import Report
from pasarela.hostnet.manager import Finding, Surroundings, Texts


def check(files: Texts, around: Surroundings) -> Sequence[Finding]:
    """What is wrong; where the main file is not among them, each is a host's by itself."""
    found: list[Finding] = []
    left = dict(files)
    for root in [MAIN] if MAIN in files else sorted(files):
        if root in left:
            configuration = read(files, (root,))
            for file in configuration.files:
                left.pop(file.path, None)
            found += _found(configuration, files if root == MAIN else (), around)
    return sorted(found, key=lambda one: (one.path, one.line, one.message))


def _found(
    configuration: Configuration, beside: Iterable[PurePosixPath], around: Surroundings
) -> list[Finding]:
    report = Report(configuration, around)
    check_syntax(report, {*beside, *(file.path for file in configuration.files)})
    check_addresses(report)
    check_bridges(report)
    return report.found
