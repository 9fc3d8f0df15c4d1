"""One device's entry in one netplan file: made, added to, overwritten."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from collections.abc import Sequence

from pasarela.hostnet.netplan.document import Document
from pasarela.hostnet.netplan.editing import Fragment, inserted, nested, replaced, written
from pasarela.hostnet.netplan.layers import arranged
from pasarela.hostnet.netplan.merged import truth
from pasarela.hostnet.netplan.nodes import Mapping
from pasarela.hostnet.netplan.style import Value, style_of

Keys = tuple[str, ...]


def with_settings(
    document: Document,
    keys: Keys,
    settings: Dict[str, Value],
    parts: Sequence[Fragment] = (),
) -> Document:
    """With these settings in the entry ``network, section, id``, which is made where missing.

    Keys that are there already are overwritten where they stand; ``parts`` come as they are.
    """
    present = document.own(*keys)
    held = set(present.keys) if present else set()
    for key in settings.keys() & held:
        document = overwritten(document, (*keys, key), settings[key])
    new = {key: value for key, value in settings.items() if key not in held}
    if not new and not parts:
        return document
    style = style_of(document)
    return with_entries(document, keys, arranged(new, parts, style))


def with_entries(document: Document, keys: Keys, entries: Fragment) -> Document:
    """With these entries at the end of the device's, which is made where missing."""
    if document.entry(*keys) is not None:
        return inserted(document, keys, entries)
    device = nested(keys[-1], entries, style_of(document))
    if document.entry(*keys[:-1]) is not None:
        return inserted(document, keys[:-1], device)
    section = nested(keys[-2], device, style_of(document))
    if device.flow and not _sections_in_flow(document):
        margin = " " * style_of(document).step
        section = Fragment(section.settings, (f"{keys[-2]}:", *(margin + _ for _ in device.lines)))
    return inserted(document, keys[:-2], section, _place(document, keys[-2]))


def _sections_in_flow(document: Document) -> bool:
    network = document.mapping("network")
    sections = [entry.value for entry in network.entries] if network else []
    return any(section.flow for section in sections if isinstance(section, Mapping))


def overwritten(document: Document, keys: Keys, value: Value, *, whole: bool = False) -> Document:
    """With another value for a key that is there; in a mapping other keys stay, but ``whole``."""
    parent = document.own(*keys[:-1])
    assert parent is not None, "the key is there"
    index = len(parent.keys) - 1 - parent.keys[::-1].index(keys[-1])
    held = parent.entries[index].value
    if says(held.plain, value) and not whole:
        return document
    if isinstance(held, Mapping) and not held.alias and isinstance(value, dict) and not whole:
        return with_settings(document, keys, value)
    return replaced(document, parent, index, index, written({keys[-1]: value}, style_of(document)))


def says(held: object, wanted: Value) -> bool:
    """Whether what stands in a file says this; in a mapping, other keys may stand beside it."""
    if isinstance(held, dict) and isinstance(wanted, dict):
        return all(says_just(held.get(key), value) for key, value in wanted.items())
    return says_just(held, wanted)


def says_just(held: object, wanted: Value) -> bool:
    """Whether what stands in a file says this and nothing else."""
    match held, wanted:
        case dict(), dict():
            keys = held.keys() | wanted.keys()
            return all(says_just(held.get(key), wanted.get(key)) for key in keys)
        case list(), list():
            return len(held) == len(wanted) and all(map(says_just, held, wanted))
        case str(), bool():
            return truth(held) is wanted
        case str(), int() | float():
            return held == f"{wanted:g}"
        case _:
            return held == wanted


def _place(document: Document, section: str) -> int | None:
    """Where a new section comes: ethernets before the others, the rest behind them, and all
    before what is no section if that is how the file is arranged."""
    network = document.own("network")
    if network is None:
        return None
    found = [
        index
        for index, entry in enumerate(network.entries)
        if isinstance(entry.value, Mapping) and entry.key.text not in ("ovs-ports", "openvswitch")
    ]
    if not found:
        return None
    return found[0] if section == "ethernets" else found[-1] + 1
