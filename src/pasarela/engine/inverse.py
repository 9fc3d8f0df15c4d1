"""From what a head says back to the networks that say it, at a cost that does not grow."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping

from pasarela.engine.header import Header


class Inverse:
    """The networks' names by a value that their heads have; kept up with one change at a time.

    Threads may ask while another one notes a change.

    Args:
        value_of: the value of one head, None for none that is ever asked for.
    """

    def __init__(self, value_of: Callable[[Header], Hashable | None]) -> None:
        self._value_of = value_of
        self._names: dict[Hashable, frozenset[str]] = {}

    def names(self, value: Hashable) -> frozenset[str]:
        return self._names.get(value, frozenset())

    def replace_all(self, headers: Mapping[str, Header]) -> None:
        gathered: dict[Hashable, set[str]] = {}
        for name, header in headers.items():
            value = self._value_of(header)
            if value is not None:
                gathered.setdefault(value, set()).add(name)
        self._names = {value: frozenset(names) for value, names in gathered.items()}

    def note(self, name: str, before: Header | None, after: Header | None) -> None:
        old, new = self._value(before), self._value(after)
        if old == new:
            return
        if old is not None:
            self._names[old] = self.names(old) - {name}
            if not self._names[old]:
                del self._names[old]
        if new is not None:
            self._names[new] = self.names(new) | {name}

    def _value(self, header: Header | None) -> Hashable | None:
        return None if header is None else self._value_of(header)
