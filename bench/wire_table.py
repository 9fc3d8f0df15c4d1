"""The table that is printed, line by line as it is measured, and kept for --json."""

from __future__ import annotations


class Table:
    """Numbers of both daemons, their ratio, and the ratio that is wished for."""

    def __init__(self, title: str) -> None:
        self._lines: dict[str, dict[str, float]] = {}
        print(f"\n{title}")
        print(f"  {'':38}{'libvirt':>11}{'pasarela':>11}{'ratio':>8}{'wanted':>9}", flush=True)

    def compare(
        self, line: str, numbers: dict[str, float], wanted: float, *, least: bool = False
    ) -> None:
        """A line about both; ``wanted`` is the most that the ratio may be, or the least."""
        if "libvirt" not in numbers:
            self.tell(line, numbers)
            return
        ratio = numbers["pasarela"] / numbers["libvirt"]
        good = ratio >= wanted if least else ratio <= wanted
        self._print(line, numbers, f"{ratio:.3f}", f"{'≥' if least else '≤'} {wanted}", good)

    def limit(self, line: str, numbers: dict[str, float], wanted: float) -> None:
        """A line in which it is Pasarela's own number that may not be over ``wanted``."""
        self._print(line, numbers, "", f"≤ {wanted}", numbers["pasarela"] <= wanted)

    def tell(self, line: str, numbers: dict[str, float]) -> None:
        self._print(line, numbers, "", "", True)

    def values(self) -> dict[str, dict[str, float]]:
        return self._lines

    def _print(
        self, line: str, numbers: dict[str, float], ratio: str, wanted: str, good: bool
    ) -> None:
        self._lines[line] = numbers
        columns = "".join(
            f"{numbers[name]:11.2f}" if name in numbers else f"{'–':>11}"
            for name in ("libvirt", "pasarela")
        )
        mark = "" if good else "  missed"
        print(f"  {line:38}{columns}{ratio:>8}{wanted:>9}{mark}", flush=True)
