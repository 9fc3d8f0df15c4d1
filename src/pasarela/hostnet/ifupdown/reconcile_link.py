"""The options of a link: left where they say the same, else written, changed or taken away."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pasarela.hostnet.ifupdown.addresses import clean
from pasarela.hostnet.ifupdown.document import Option, Stanza, split_names
from pasarela.hostnet.ifupdown.editing import Editing
from pasarela.hostnet.ifupdown.placing import end_of, set_value
from pasarela.hostnet.ifupdown.reading import BOND_PORTS, bridge_ports, mac_of
from pasarela.hostnet.ifupdown.writing import spelled

_SYNONYMS = {
    "bond-slaves": frozenset(BOND_PORTS),
    "hwaddress": frozenset({"hwaddress", "hw-mac-address", "bridge-hw"}),
}


def reconcile_link(
    editing: Editing,
    link: dict[str, str],
    stanzas: Sequence[Stanza],
    names: Sequence[str],
    *,
    said_only: bool,
) -> None:
    """Each option of these names: left where it says the same, else written, changed or taken."""
    style = editing.style(stanzas[0])
    missing: list[tuple[str, str]] = []
    for name in names:
        places = [
            (stanza, option)
            for stanza in stanzas
            for option in stanza.options
            if option.name in _SYNONYMS.get(name, {name})
        ]
        value = link.get(name)
        if value is None:
            if not said_only and name != "bridge-maxwait":
                _drop_all(editing, places)
        elif not places and not (name == "bridge-maxwait" and any(map(_is_home, stanzas))):
            missing.append((spelled(name, style), value))
        elif places and not _says(name, [option for _, option in places], value):
            _change(editing, places, value)
    if missing:
        home = next((one for one in stanzas if _is_home(one)), stanzas[0])
        editing.insert(home.path, end_of(home), editing.option_lines(home, missing))


def _is_home(stanza: Stanza) -> bool:
    """Whether the stanza has the bridge's or bond's other options."""
    return any(one.name in ("bridge-ports", *BOND_PORTS) for one in stanza.options)


def _drop_all(editing: Editing, places: Iterable[tuple[Stanza, Option]]) -> None:
    for stanza, option in places:
        editing.drop(stanza, [option])


def _says(name: str, options: Sequence[Option], value: str) -> bool:
    told = clean(options[-1].value) or ""
    if name == "hwaddress":
        return mac_of(options) == value.rsplit(maxsplit=1)[-1]
    if name == "bridge-ports":
        return bridge_ports(options) == [port for port in value.split() if port != "none"]
    if name in BOND_PORTS:
        return [word for one in options for word in split_names(one.value)] == value.split()
    if name == "bridge-stp":
        return (told in ("on", "yes", "true")) == (value == "on")
    if name == "bridge-fd":
        return _number(told) == float(value)
    return name == "bridge-maxwait" or told == value


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _change(editing: Editing, places: Sequence[tuple[Stanza, Option]], value: str) -> None:
    """Write ``value`` where the option is said last, and take the others away."""
    _drop_all(editing, places[:-1])
    stanza, option = places[-1]
    plain = not option.value.startswith("ether ")
    set_value(editing, stanza, option, value.removeprefix("ether ") if plain else value)
