"""Which settings of an interface are about its addresses, and how they move in the text."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import dataclass

from pasarela.hostnet.netplan.document import Document
from pasarela.hostnet.netplan.editing import Fragment, inserted, joined, replaced, taken, written
from pasarela.hostnet.netplan.merged import Settings, truth
from pasarela.hostnet.netplan.nodes import Mapping
from pasarela.hostnet.netplan.style import Style, Value, style_of

LAYER3 = frozenset(
    {
        "accept-ra",
        "addresses",
        "critical",
        "dhcp-identifier",
        "dhcp4",
        "dhcp4-overrides",
        "dhcp6",
        "dhcp6-overrides",
        "gateway4",
        "gateway6",
        "ignore-carrier",
        "ipv6-address-generation",
        "ipv6-address-token",
        "ipv6-mtu",
        "ipv6-privacy",
        "link-local",
        "nameservers",
        "optional-addresses",
        "ra-overrides",
        "routes",
        "routing-policy",
        "use-domains",
    }
)
COPIED = ("renderer", "optional")
"""What a bridge must say as its first port does."""

_SWITCHES = ("dhcp4", "dhcp6")


def addressed(settings: Settings) -> Settings:
    """The settings about addresses."""
    return {key: value for key, value in settings.items() if key in LAYER3}


def is_port(settings: Settings) -> bool:
    """Whether it says of addresses only that there are none."""
    return all(
        key in _SWITCHES and truth(value) is False for key, value in addressed(settings).items()
    )


def switched_off(settings: Settings) -> dict[str, Value]:
    """What a port says instead: no DHCP, for each family for which it was mentioned."""
    dhcp6: dict[str, Value] = {"dhcp6": False} if "dhcp6" in settings else {}
    return {"dhcp4": False, **dhcp6}


@dataclass(frozen=True, slots=True)
class Runs:
    """Where in a mapping the settings about addresses stand: first and last index of each run."""

    ranges: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, mapping: Mapping) -> Runs:
        found: list[tuple[int, int]] = []
        for index, key in enumerate(mapping.keys):
            if key not in LAYER3:
                continue
            follows = found and found[-1][1] == index - 1
            found = [*found[:-1], (found[-1][0], index)] if follows else [*found, (index, index)]
        return cls(tuple(found))


def in_alphabet(keys: Sequence[str]) -> bool:
    """Programs such as cloud-init write keys in this order: it is kept where it is found."""
    return list(keys) == sorted(keys)


def extracted(document: Document, mapping: Mapping) -> list[Fragment]:
    """The settings about addresses: one fragment, or one for each key where they stand among
    others in alphabetical order."""
    runs = Runs.of(mapping).ranges
    if len(runs) > 1 and in_alphabet(mapping.keys):
        runs = tuple((index, index) for first, last in runs for index in range(first, last + 1))
    return [taken(document, mapping, first, last) for first, last in runs]


def silenced(document: Document, keys: Sequence[str], instead: dict[str, Value]) -> Document:
    """Without the settings about addresses; ``instead`` stands where the first of them stood."""
    mapping = document.own(*keys)
    runs = Runs.of(mapping).ranges if mapping else ()
    style = style_of(document)
    for first, last in reversed(runs):
        fragment = written(instead if first == runs[0][0] else {}, style)
        mapping = document.own(*keys)
        assert mapping is not None
        document = replaced(document, mapping, first, last, fragment)
    return document


def restored(document: Document, keys: Sequence[str], parts: Sequence[Fragment]) -> Document:
    """Puts settings about addresses back where the words stand that took their place."""
    mapping = document.own(*keys)
    style = style_of(document)
    if mapping is None:
        return inserted(document, keys, joined(parts, style))
    runs = Runs.of(mapping).ranges
    if not runs:
        return inserted(document, keys, joined(parts, style))
    if len(parts) == 1:
        first, last = runs[0]
        return replaced(document, mapping, first, last, parts[0])
    return _restored_in_alphabet(_without(document, keys, runs[0]), keys, parts)


def _without(document: Document, keys: Sequence[str], run: tuple[int, int]) -> Document:
    mapping = document.own(*keys)
    assert mapping is not None
    return replaced(document, mapping, *run, Fragment())


def _restored_in_alphabet(
    document: Document, keys: Sequence[str], parts: Sequence[Fragment]
) -> Document:
    for part in parts:
        mapping = document.mapping(*keys)
        key = next(iter(part.settings))
        later = (
            index for index, other in enumerate(mapping.keys if mapping else ()) if other > key
        )
        document = inserted(document, keys, part, next(later, None))
    return document


def arranged(own: Dict[str, Value], moved: Sequence[Fragment], style: Style) -> Fragment:
    """A bridge's entries: its own, then what moved with the comments behind it; or all by the
    alphabet, where that is how they stood."""
    singles = [written({key: value}, style) for key, value in own.items()]
    if len(moved) > 1:
        return joined(sorted([*singles, *moved], key=lambda part: next(iter(part.settings))), style)
    if any(part.flow for part in moved):
        singles = [_in_flow(part, style) for part in singles]
    return joined([*singles, *moved], style)


def _in_flow(part: Fragment, style: Style) -> Fragment:
    return Fragment(part.settings, (style.inside(part.settings),), flow=True)
