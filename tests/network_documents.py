"""The network documents of tests/cases/network-documents, and what becomes of each.

A file is a list of cases. ``## title`` begins one, then comes the document, then ``=> accepted``
and the text that it is written as, or ``=> refused CODE/DOMAIN`` and the message, each line of
them behind a bar; ``at`` and ``do`` are our own second line, the location and the remedy.

``python tests/network_documents.py`` writes the expectations anew, from what the code does; the
oracle's test (tests/oracle/test_network_documents.py) says whether libvirt agrees.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from pasarela.errors import PasarelaError
from pasarela.model.checks import check_definition
from pasarela.xml.network import format_network, parse_network

FOLDER = Path(__file__).parent / "cases" / "network-documents"


@dataclass(frozen=True, slots=True)
class Case:
    file: str
    title: str
    document: str
    expected: str

    def __str__(self) -> str:
        return f"{self.file}: {self.title}"


def load() -> list[Case]:
    return [case for path in sorted(FOLDER.glob("*.txt")) for case in _read(path)]


def _read(path: Path) -> list[Case]:
    with path.open(newline="") as file:
        text = file.read()
    blocks = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    return [_case(path.stem, block) for block in blocks]


def _case(file: str, block: str) -> Case:
    title, _, rest = block.partition("\n")
    document, arrow, expected = rest.partition("\n=> ")
    if not arrow and rest.startswith("=> "):
        document, expected = "", rest[3:]
    return Case(file, title, document, expected.rstrip("\n"))


def outcome(document: str) -> str:
    """What our code makes of a document, in the words of the case files."""
    try:
        network = parse_network(document)
        check_definition(network, is_virtual_function=lambda address: False)
    except PasarelaError as error:
        return _refusal(error)
    return "accepted\n" + _barred(format_network(network).rstrip("\n"))


def _refusal(error: PasarelaError) -> str:
    lines = [f"refused {int(error.code)}/{int(error.domain)}", _barred(error.message)]
    if error.location:
        lines.append(f"at {error.location}")
    if error.remedy:
        lines.append(f"do {error.remedy}")
    return "\n".join(lines)


def _barred(text: str) -> str:
    return "\n".join(f"| {line}" for line in text.split("\n"))


def _rewrite(path: Path) -> None:
    blocks = [
        f"## {case.title}\n{case.document}\n=> {outcome(case.document)}\n" for case in _read(path)
    ]
    with path.open("w", newline="") as file:
        file.write("\n".join(blocks))


if __name__ == "__main__":
    for path in sorted(FOLDER.glob("*.txt")):
        _rewrite(path)
