"""Everything that is wrong in a host's interfaces files, by path and line."""

from __future__ import annotations

from collections.abc import Sequence

from pasarela.hostnet.ifupdown.check_addresses import check_addresses
from pasarela.hostnet.ifupdown.check_bridges import check_bridges
from pasarela.hostnet.ifupdown.check_syntax import check_syntax
from pasarela.hostnet.ifupdown.document import MAIN, read
from pasarela.hostnet.ifupdown.report import Report
from pasarela.hostnet.manager import Finding, Surroundings, Texts


def check(files: Texts, around: Surroundings) -> Sequence[Finding]:
    """What is wrong; where the main file is not among them, each is read by itself."""
    roots = (MAIN,) if MAIN in files else tuple(sorted(files))
    report = Report(read(files, roots), around)
    check_syntax(report, files)
    check_addresses(report)
    check_bridges(report)
    return sorted(report.found, key=lambda one: (one.path, one.line, one.message))
