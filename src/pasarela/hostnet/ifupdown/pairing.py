"""Which stanza is to become which: the likest, in the same order."""

from __future__ import annotations

from collections.abc import Sequence

from pasarela.hostnet.ifupdown.document import Stanza
from pasarela.hostnet.ifupdown.reading import address_of
from pasarela.hostnet.ifupdown.writing import Wanted


def paired(
    stanzas: Sequence[Wanted], existing: Sequence[Stanza]
) -> tuple[list[tuple[Wanted, Stanza | None]], list[Stanza]]:
    """Each wanted stanza with the one that is likest, in the same order, and those left over.

    The order counts: the first address is the one that the host speaks from.
    """
    found: dict[int, int] = {}
    for likeness in (_is_same, _is_same_method, _is_same_family, _is_plain):
        for index, one in enumerate(stanzas):
            for place, stanza in enumerate(existing):
                if (
                    index not in found
                    and likeness(one, stanza)
                    and _fits(
                        [(stanzas[i].family == one.family, i, j) for i, j in found.items()],
                        index,
                        place,
                    )
                ):
                    found[index] = place
    pairs = [
        (one, existing[found[index]] if index in found else None)
        for index, one in enumerate(stanzas)
    ]
    return pairs, [one for i, one in enumerate(existing) if i not in found.values()]


def _fits(found: Sequence[tuple[bool, int, int]], index: int, place: int) -> bool:
    """Whether a pair's stanza is free, and keeps the order of those of its own family."""
    return all(
        place != other and (not of_family or (index < earlier) == (place < other))
        for of_family, earlier, other in found
    )


def _is_same(one: Wanted, stanza: Stanza) -> bool:
    return _is_same_method(one, stanza) and one.address == address_of(stanza)


def _is_same_method(one: Wanted, stanza: Stanza) -> bool:
    return _is_same_family(one, stanza) and stanza.method in (one.method, "")


def _is_same_family(one: Wanted, stanza: Stanza) -> bool:
    return stanza.family in (one.family, "")


def _is_plain(_: Wanted, stanza: Stanza) -> bool:
    """Whether another family's stanza can be turned into one of this family."""
    return not stanza.is_alias and stanza.inherits is None
