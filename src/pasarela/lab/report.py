"""The table of `lab check`, for people and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence

from pasarela.lab.kinds import COLUMNS
from pasarela.lab.measure import UNMEASURED, Line


def as_text(lines: Sequence[Line], seconds: float) -> str:
    """The measured table; a cell that differs says what was promised."""
    header = ["kind", "", *COLUMNS.values(), "as promised"]
    rows = [header, *(_row(line) for line in lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(header))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows]  # fmt: skip
    text.insert(1, "  ".join("─" * width for width in widths))
    notes = dict.fromkeys(f"Note: {line.note}" for line in lines if line.note)
    return "\n".join([*text, "", *notes, _summary(lines, seconds)])


def as_json(lines: Sequence[Line], seconds: float) -> str:
    document = {
        "asPromised": all(line.kept for line in lines),
        "seconds": round(seconds, 1),
        "kinds": [
            {
                "kind": line.kind.name,
                "title": line.title.strip(),
                "ip": line.version,
                "asPromised": line.kept,
                "promised": dict(line.promised),
                "measured": dict(line.measured),
                **({"note": line.note} if line.note else {}),
            }
            for line in lines
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _row(line: Line) -> list[str]:
    cells = [_cell(line.measured[column], line.promised[column]) for column in COLUMNS]
    verdict = ("✓" if line.kept else "✗") + (", see note" if line.note else "")
    return [line.title, f"IPv{line.version}", *cells, verdict]


def _cell(measured: str, promised: str) -> str:
    told = measured in (promised, UNMEASURED)
    return measured if told else f"{measured} (promised: {promised})"


def _summary(lines: Sequence[Line], seconds: float) -> str:
    broken = sum(not line.kept for line in lines)
    if broken:
        return f"{broken} of {len(lines)} lines differ from what is promised."
    return f"All {len(lines)} lines are as promised; measured in {seconds:.0f} s."
