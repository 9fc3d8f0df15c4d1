"""Makes stanzas say what is wanted, line by line: what they say already stays as it is written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Flag, auto

from pasarela.hostnet.ifupdown.addresses import clean
from pasarela.hostnet.ifupdown.document import Option, Stanza, split_names
from pasarela.hostnet.ifupdown.editing import Editing, Style
from pasarela.hostnet.ifupdown.hooks import (
    is_about_addresses,
    is_hook,
    is_route_hook,
    route,
    route_hooks,
)
from pasarela.hostnet.ifupdown.lines import line_end, words
from pasarela.hostnet.ifupdown.reading import (
    BOND_PORTS,
    address_of,
    dns,
    gateway_of,
    mac_of,
    start,
)
from pasarela.hostnet.ifupdown.writing import LINK_NAMES, Wanted, wanted
from pasarela.model.interface_config import InterfaceConfig, StartMode

ADDRESSING = frozenset({"address", "netmask", "network", "broadcast", "pointopoint", "scope"})
DNS = frozenset({"dns-nameservers", "dns-nameserver", "dns-search", "dns-domain"})
_SYNONYMS = {
    "bond-slaves": frozenset(BOND_PORTS),
    "hwaddress": frozenset({"hwaddress", "hw-mac-address", "bridge-hw"}),
}


class Scope(Flag):
    """What of an interface is made as wanted."""

    START = auto()
    LINK = auto()
    ADDRESSES = auto()
    ALL = START | LINK | ADDRESSES


def reconcile(
    editing: Editing, interface: InterfaceConfig, scope: Scope, *, said_only: bool = False
) -> None:
    """Change the stanzas of ``interface``, or write them where there are none.

    With ``said_only`` a link's option that the interface does not say is left as it is.
    """
    existing = editing.configuration.of(interface.name)
    if not existing:
        _write(editing, interface)
        return
    stanzas = wanted(interface)
    if Scope.START in scope:
        _start(editing, interface, existing[0])
    if Scope.ADDRESSES in scope:
        pairs, surplus = _paired(stanzas, existing)
        _addresses(editing, pairs, surplus, interface.name)
    if Scope.LINK in scope:
        plain = [one for one in existing if not one.is_alias] or existing
        _link(editing, stanzas[0].link, plain, said_only=said_only)


def _write(editing: Editing, interface: InterfaceConfig) -> None:
    style = editing.main_style()
    lines = []
    if interface.start is not StartMode.NONE:
        lines.append(f"{_KEYWORD[interface.start]} {interface.name}")
    for stanza in wanted(interface):
        lines += stanza_lines(interface.name, stanza, style)
    editing.append(lines)


def stanza_lines(name: str, stanza: Wanted, style: Style) -> list[str]:
    options = [*_address_options(stanza), *stanza.dns]
    options += [(spelled(key, style), value) for key, value in stanza.link.items()]
    options += [hook for one in stanza.routes for hook in route_hooks(one)]
    head = f"iface {name} {stanza.family} {stanza.method}"
    return [head, *(f"{style.indent}{key} {value}" for key, value in options)]


def spelled(name: str, style: Style) -> str:
    """An option's name as the file writes it: ``bridge_fd`` as in Debian's manual, or with -."""
    return name.replace("-", style.dash) if name.startswith("bridge-") else name


def _address_options(stanza: Wanted) -> list[tuple[str, str]]:
    options = []
    if stanza.address is not None:
        options.append(("address", str(stanza.address)))
    if stanza.gateway is not None:
        options.append(("gateway", str(stanza.gateway)))
    if stanza.autoconf and stanza.method == "dhcp":
        options.append(("autoconf", "1"))
    return options


# when it comes up

_KEYWORD = {StartMode.ONBOOT: "auto", StartMode.HOTPLUG: "allow-hotplug"}


def _start(editing: Editing, interface: InterfaceConfig, first: Stanza) -> None:
    if start(editing.configuration, interface.name) is interface.start:
        return
    for selection in editing.configuration.selecting(interface.name):
        if selection.keyword in ("auto", "allow-auto", "allow-hotplug"):
            if selection.within:
                editing.delete(selection.path, selection.index)
                continue
            editing.deselect_in(selection, interface.name)
    if interface.start is not StartMode.NONE:
        line = f"{_KEYWORD[interface.start]} {interface.name}"
        editing.insert(first.path, first.head - 1, [line])


# addresses


def _paired(
    stanzas: Sequence[Wanted], existing: Sequence[Stanza]
) -> tuple[list[tuple[Wanted, Stanza | None]], list[Stanza]]:
    """Each wanted stanza with the one that is likest, in the same order, and those left over.

    The order counts: the first address is the one that the host speaks from.
    """
    found: dict[int, int] = {}
    for likeness in (_is_same, _is_same_method, _is_same_family, _is_plain):
        for index, one in enumerate(stanzas):
            for place, stanza in enumerate(existing):
                if index not in found and likeness(one, stanza) and _fits(found, index, place):
                    found[index] = place
    pairs = [
        (one, existing[found[index]] if index in found else None)
        for index, one in enumerate(stanzas)
    ]
    return pairs, [one for i, one in enumerate(existing) if i not in found.values()]


def _fits(found: dict[int, int], index: int, place: int) -> bool:
    """Whether a pair keeps the order of those that are found, and its stanza is free."""
    return all(
        place != other and (index < earlier) == (place < other) for earlier, other in found.items()
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


def _addresses(
    editing: Editing,
    pairs: Sequence[tuple[Wanted, Stanza | None]],
    surplus: Sequence[Stanza],
    name: str,
) -> None:
    for one, stanza in pairs:
        if stanza is not None:
            _address(editing, one, stanza)
            _dns(editing, one, stanza)
            _routes(editing, one, stanza)
    kept = [stanza for _, stanza in pairs if stanza is not None]
    for stanza in surplus:
        _give_up(editing, stanza, kept)
    _add_missing(editing, pairs, name)


def _add_missing(
    editing: Editing, pairs: Sequence[tuple[Wanted, Stanza | None]], name: str
) -> None:
    """Write the stanzas that are not there, each after the one that it follows."""
    before: Stanza | None = None
    first = next((stanza for _, stanza in pairs if stanza is not None), None)
    for one, stanza in pairs:
        near = before or first
        if stanza is None and near is not None:
            place = _end(before) if before else near.head - 1
            editing.insert(near.path, place, stanza_lines(name, one, editing.style(near)))
        elif stanza is None:
            editing.append(stanza_lines(name, one, editing.main_style()))
        before = stanza or before


def _give_up(editing: Editing, stanza: Stanza, kept: Sequence[Stanza]) -> None:
    """Take a stanza away; what is about the link stays with the first that is kept."""
    moving = [] if stanza.is_alias or not kept else [one for one in stanza.options if _lasts(one)]
    raws = [editing.raw(stanza.path, one.index) for one in moving]
    editing.drop_stanza(stanza)
    if stanza.is_alias:
        editing.deselect(stanza.name)
    if raws:
        editing.insert(kept[0].path, _end(kept[0]), raws)


def _lasts(option: Option) -> bool:
    return option.name in LINK_NAMES or option.name.startswith(("bridge-", "bond-", "vlan-"))


def _address(editing: Editing, one: Wanted, stanza: Stanza) -> None:
    if stanza.family and stanza.family != one.family:
        editing.set_word(stanza, 2, one.family)
    if stanza.method and stanza.method != one.method:
        editing.set_word(stanza, 3, one.method)
    told = [option for option in stanza.options if option.name in ADDRESSING]
    if one.address != address_of(stanza) or (one.address is None and told):
        options = [("address", str(one.address))] if one.address else []
        _exchange(editing, stanza, told, options)
    told = [option for option in stanza.options if option.name in ("gateway", "metric")]
    if one.gateway != gateway_of(stanza):
        options = [("gateway", str(one.gateway))] if one.gateway else []
        _exchange(editing, stanza, told, options, after=ADDRESSING)
    told = [option for option in stanza.options if option.name == "autoconf"]
    wants = one.autoconf and one.method == "dhcp"
    if wants != (clean(stanza.last("autoconf")) == "1") and one.method != "auto":
        _exchange(editing, stanza, told, [("autoconf", "1")] if wants else [])


def _dns(editing: Editing, one: Wanted, stanza: Stanza) -> None:
    told = [option for option in stanza.options if option.name in DNS]
    servers = [word for key, value in one.dns if key == "dns-nameservers" for word in words(value)]
    search = [word for key, value in one.dns if key == "dns-search" for word in words(value)]
    there = dns([stanza])
    if [str(address) for address in there.servers] != servers or list(there.search) != search:
        _exchange(editing, stanza, told, one.dns, after=ADDRESSING | {"gateway", "metric"})


def _routes(editing: Editing, one: Wanted, stanza: Stanza) -> None:
    there = [found for option in stanza.options if (found := route(option))]
    kept = one.routes if there == list(one.routes[: len(there)]) else ()
    gone = [
        option
        for option in stanza.options
        if is_hook(option)
        and is_about_addresses(option.value)
        and not any(is_route_hook(option, wanted) for wanted in kept)
    ]
    editing.drop(stanza, gone)
    missing = one.routes[len(there) :] if kept else one.routes
    hooks = [hook for new in missing for hook in route_hooks(new)]
    if hooks:
        editing.insert(stanza.path, _end(stanza), editing.option_lines(stanza, hooks))


# the link


def _link(
    editing: Editing, link: dict[str, str], stanzas: Sequence[Stanza], *, said_only: bool
) -> None:
    """Each option of the link: left where it says the same, else written, changed or taken."""
    style = editing.style(stanzas[0])
    missing: list[tuple[str, str]] = []
    for name in dict.fromkeys((*link, *LINK_NAMES)):
        places = [
            (stanza, option)
            for stanza in stanzas
            for option in stanza.options
            if option.name in _SYNONYMS.get(name, {name})
        ]
        value = link.get(name)
        if value is None:
            if not said_only:
                _drop_all(editing, places)
        elif not places:
            missing.append((spelled(name, style), value))
        elif not _says(name, [option for _, option in places], value):
            _change(editing, places, value)
    if missing:
        home = next((one for one in stanzas if _is_home(one)), stanzas[0])
        editing.insert(home.path, _end(home), editing.option_lines(home, missing))


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
    if name in ("bridge-ports", *BOND_PORTS):
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
    set_value(editing, stanza, option, value)


def set_value(editing: Editing, stanza: Stanza, option: Option, value: str) -> None:
    """Give an option another value, its key and its spacing kept."""
    line = editing.configuration.file(stanza.path).lines[option.index]
    key_end = len(line.indent) + len(option.key)
    rest = line.raw[key_end:]
    gap = rest[: len(rest) - len(rest.lstrip(" \t"))] or " "
    changed = f"{line.raw[:key_end]}{gap}{value}{line_end(line.raw)}"
    editing.replace(stanza.path, option.index, changed)


# lines


def _end(stanza: Stanza) -> int:
    """The index of a stanza's last line."""
    return stanza.options[-1].index if stanza.options else stanza.head


def _exchange(
    editing: Editing,
    stanza: Stanza,
    old: Sequence[Option],
    new: Sequence[tuple[str, str]],
    *,
    after: frozenset[str] = frozenset(),
) -> None:
    """Put new options where the old ones were, or after those named, or first."""
    editing.drop(stanza, old)
    before = [option.index for option in stanza.options if option.name in after]
    place = old[0].index if old else before[-1] if before else stanza.head
    if new:
        editing.insert(stanza.path, place, editing.option_lines(stanza, new))
