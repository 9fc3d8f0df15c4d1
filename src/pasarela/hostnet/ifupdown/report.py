"""Where findings are gathered: what is wrong, with the line and the way out."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import PurePosixPath

from pasarela.hostnet.ifupdown.document import Configuration, Option, Section, Stanza
from pasarela.hostnet.ifupdown.reading import bridge_ports
from pasarela.hostnet.ifupdown.vocabulary import IFUPDOWN2_OPTIONS
from pasarela.hostnet.manager import Finding, Severity, Surroundings


class Report:
    """The findings about a configuration, and what the rules ask of it again and again."""

    def __init__(self, configuration: Configuration, around: Surroundings) -> None:
        self.configuration = configuration
        self.around = around
        self.found: list[Finding] = []
        self.by_ifupdown2 = any(_is_ifupdown2(one) for one in configuration.stanzas)
        self.bridges: dict[str, Stanza] = {
            one.device: one
            for one in configuration.stanzas
            if any(option.name == "bridge-ports" for option in one.options)
        }

    def error(self, place: Section, option: Option | None, message: str, remedy: str) -> None:
        self._add(Severity.ERROR, place, option, message, remedy)

    def warning(self, place: Section, option: Option | None, message: str, remedy: str) -> None:
        self._add(Severity.WARNING, place, option, message, remedy)

    def about_file(self, path: PurePosixPath, message: str, remedy: str) -> None:
        self.found.append(Finding(path, 0, Severity.WARNING, message, remedy))

    def _add(
        self, severity: Severity, place: Section, option: Option | None, message: str, remedy: str
    ) -> None:
        lines = self.configuration.file(place.path).lines
        line = lines[option.index] if option else self.configuration.line(place)
        self.found.append(Finding(place.path, line.number, severity, message, remedy))

    @property
    def masters(self) -> dict[str, list[Stanza]]:
        """The bridges' stanzas by the port that they name."""
        masters: dict[str, list[Stanza]] = {}
        for stanza in self.bridges.values():
            for port in dict.fromkeys(bridge_ports(stanza.options)):
                masters.setdefault(port, []).append(stanza)
        return masters


def option_of(stanza: Stanza, *names: str) -> Option | None:
    """The option that counts: the last one of these names."""
    return next((one for one in reversed(stanza.options) if one.name in names), None)


def did_you_mean(word: str, known: Iterable[str], cutoff: float = 0.8) -> str | None:
    return next(iter(get_close_matches(word, sorted(known), n=1, cutoff=cutoff)), None)


def _is_ifupdown2(stanza: Stanza) -> bool:
    return stanza.template or any(one.name in IFUPDOWN2_OPTIONS for one in stanza.options)
