"""Everything that is wrong in netplan's files, by path and line."""

from __future__ import annotations

from pasarela.hostnet.findings import open_to_others
from pasarela.hostnet.manager import Finding, Surroundings, Texts
from pasarela.hostnet.netplan.check_addresses import check_addresses
from pasarela.hostnet.netplan.check_bridges import check_bridges
from pasarela.hostnet.netplan.check_syntax import check_syntax, unreadable
from pasarela.hostnet.netplan.document import Document
from pasarela.hostnet.netplan.merged import Configuration, in_order
from pasarela.hostnet.netplan.report import Place, Report


def findings(files: Texts, around: Surroundings) -> list[Finding]:
    """What is wrong; files outside netplan's folders are read as if they lay in one."""
    broken = list(unreadable(files))
    whole = {path: text for path, text in files.items() if path not in {_.path for _ in broken}}
    paths = in_order(whole) or sorted(whole, key=lambda path: path.name)
    configuration = Configuration(tuple(Document.parse(path, whole[path]) for path in paths))
    report = Report(configuration, around)
    for path in open_to_others(files, around):
        report.warning(
            Place(path, 0),
            "others than root may read it, and netplan's files may hold passwords",
            f"chmod 600 {path}",
        )
    check_syntax(report)
    check_addresses(report)
    if not broken:  # what is missing might stand in the file that cannot be read
        check_bridges(report)
    return sorted([*broken, *report.found], key=lambda one: (one.path, one.line, one.message))
