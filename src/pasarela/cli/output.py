"""Tables as virsh lays them out, by the width that text has on a screen."""

from __future__ import annotations

TYPE_CHECKING = False  # what typing has, without the milliseconds that importing it takes
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Row = Sequence[str]


def format_table(header: Row, rows: Iterable[Row], *, quiet: bool = False) -> str:
    """The table, with a header and a rule unless ``quiet``; each line ends with a newline."""
    body = [[printable(cell) for cell in row] for row in rows]
    lines = body if quiet else [list(header), *body]
    if not lines:
        return ""
    widths = [max(width(line[i]) for line in lines) for i in range(len(lines[0]))]
    text = [_format_row(line, widths) for line in lines]
    if not quiet:
        text.insert(1, "-" * sum(w + 3 for w in widths) + "\n")
    return "".join(text)


def _format_row(row: Row, widths: Sequence[int]) -> str:
    cells = [
        f" {cell}{' ' * (widths[i] - width(cell) + 2) if i < len(row) - 1 else ''}"
        for i, cell in enumerate(row)
    ]
    return "".join(cells) + "\n"


def width(text: str) -> int:
    """How many columns of a screen ``text`` takes."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(
        0 if combining(character) else 2 if east_asian_width(character) in "WF" else 1
        for character in text
    )


def printable(text: str) -> str:
    r"""``text`` with control characters as ``\x0a``, so that a cell stays on its line."""
    if text.isprintable():
        return text
    return "".join(
        character
        if character.isprintable()
        else "".join(f"\\x{octet:02x}" for octet in character.encode(errors="surrogateescape"))
        for character in text
    )


def format_pairs(pairs: Iterable[tuple[str, str]]) -> str:
    """Lines of ``Name:`` padded to 16 columns, and a value."""
    return "".join(f"{label + ':':<15} {value}\n" for label, value in pairs)
