"""Puts a bridge in the place of an interface: its addresses, DNS and hooks move as they stand."""

from __future__ import annotations

from collections.abc import Sequence

from pasarela.errors import HostnetRefused, Location
from pasarela.hostnet.ifupdown.document import Option, Selection, Stanza
from pasarela.hostnet.ifupdown.editing import Editing
from pasarela.hostnet.ifupdown.hooks import (
    QUIETING,
    is_about_addresses,
    is_about_link,
    is_hook,
    is_quieting,
    names,
)
from pasarela.hostnet.ifupdown.movable import check_port
from pasarela.hostnet.ifupdown.placing import end_of
from pasarela.hostnet.ifupdown.reading import selects
from pasarela.model.interface_config import StartMode

_STAYING = ("link-", "ethernet-", "offload-", "hardware-", "driver-", "bond-", "vlan-", "wpa-")
_STAYING_NAMES = frozenset({"slaves", "media", "hw-mac-address", "description"})
_BOTH = "hwaddress"  # a cloned address stays on the card, and the bridge has it too


def stays(option: Option) -> bool:
    """Whether a line is about the device itself, and so does not move to the bridge."""
    if is_hook(option):
        return is_about_link(option.value)
    return option.name.startswith(_STAYING) or option.name in _STAYING_NAMES or option.is_selection


def move(editing: Editing, port: str, bridge: str, start: StartMode) -> None:
    """Give the stanzas of ``port`` to ``bridge``, and leave ``inet manual`` behind.

    Raises:
        HostnetRefused: a hook names the port, or the files do not name it plainly.
    """
    stanzas = [one for one in editing.configuration.of(port) if one.family in ("inet", "inet6", "")]
    check_port(editing.configuration, port, bridge)
    for stanza in stanzas:
        _check_hooks(editing, stanza, port, bridge)
    first = next(one for one in stanzas if not one.is_alias)
    _split(editing, first, bridge, start)
    for stanza in stanzas:
        if stanza is not first:
            editing.set_word(stanza, 1, bridge + stanza.name.removeprefix(port))
            _leave(editing, stanza, first)
    _rename_aliases(editing, stanzas, port, bridge)


def _check_hooks(editing: Editing, stanza: Stanza, port: str, bridge: str) -> None:
    for option in stanza.options:
        if is_hook(option) and not stays(option) and names(option.value, port):
            line = editing.configuration.file(stanza.path).lines[option.index]
            raise HostnetRefused(
                f"the command '{option.value}' names {port}, which has no addresses any more"
                f" when it is a port of {bridge}",
                location=Location(str(stanza.path), line.number),
                remedy=f"write $IFACE where it says {port}, then it moves along;"
                " or take the line away",
            )


def _check_hooks_of(editing: Editing, stanza: Stanza, bridge: str, port: str) -> None:
    """The way back: a command that names the bridge would name what is no more."""
    for option in stanza.options:
        if is_hook(option) and names(option.value, bridge):
            line = editing.configuration.file(stanza.path).lines[option.index]
            raise HostnetRefused(
                f"the command '{option.value}' names {bridge}, which is about to end",
                location=Location(str(stanza.path), line.number),
                remedy=f"write $IFACE where it says {bridge}, then it moves to {port};"
                " or take the line away",
            )


def _split(editing: Editing, stanza: Stanza, bridge: str, start: StartMode) -> None:
    """Make two stanzas of one: the port's above, the bridge's below with all that moves."""
    raw = editing.raw(stanza.path, stanza.head)
    editing.set_word(stanza, 1, bridge)
    bridge_head = editing.raw(stanza.path, stanza.head)
    editing.replace(stanza.path, stanza.head, raw)
    _make_manual(editing, stanza)
    staying = _taken(editing, stanza, [one for one in stanza.options if stays(one)])
    staying += _copies(editing, stanza)
    selection = _selection_lines(editing, stanza.name, bridge, start)
    editing.insert(stanza.path, stanza.head, [*staying, "", *selection, bridge_head])


def _make_manual(editing: Editing, stanza: Stanza) -> None:
    """``iface NAME inet manual``, with the spacing of the line as it was."""
    if stanza.family and stanza.method:
        editing.set_word(stanza, 2, "inet")
        editing.set_word(stanza, 3, "manual")
        editing.cut_words(stanza.path, stanza.head, 4)
    else:
        editing.cut_words(stanza.path, stanza.head, 2)
        raw = editing.raw(stanza.path, stanza.head)
        bare = raw.rstrip("\r\n")
        editing.replace(stanza.path, stanza.head, f"{bare} inet manual{raw[len(bare) :]}")


def _taken(editing: Editing, stanza: Stanza, options: Sequence[Option]) -> list[str]:
    """Take lines away, and the comments right above them; what they were."""
    lines = editing.configuration.file(stanza.path).lines
    raws: list[str] = []
    for option in options:
        first = option.index
        while first - 1 > stanza.head and lines[first - 1].is_comment:
            first -= 1
        for index in range(first, option.index + 1):
            raws.append(lines[index].raw)
            editing.delete(stanza.path, index)
    return raws


def _leave(editing: Editing, stanza: Stanza, first: Stanza) -> None:
    """Lines of a further stanza that are about the device go to the one that it keeps."""
    raws = _taken(editing, stanza, [one for one in stanza.options if stays(one)])
    raws += _copies(editing, stanza)
    if raws:
        editing.insert_first(first.path, first.head, raws)


def _copies(editing: Editing, stanza: Stanza) -> list[str]:
    copied = [one for one in stanza.options if one.key == _BOTH]
    return [editing.raw(stanza.path, one.index) for one in copied]


def _selection_lines(editing: Editing, port: str, bridge: str, start: StartMode) -> list[str]:
    """``auto`` for the bridge, and ``no-auto-down`` where the port has it."""
    selections = editing.configuration.selections
    lines = []
    if start is not StartMode.NONE and not _is_selected(selections, bridge):
        early = _alias_selection(editing, port)
        if early is None:
            lines.append(f"{'auto' if start is StartMode.ONBOOT else 'allow-hotplug'} {bridge}")
        else:
            editing.add_selected(early, bridge, before=f"{port}:")
    keeping = [one for one in selections if one.keyword == "no-auto-down"]
    if any(port in one.names for one in keeping):
        lines.append(f"no-auto-down {bridge}")
    return lines


def _alias_selection(editing: Editing, port: str) -> Selection | None:
    """The line that brings an alias up before the port's stanza: the bridge must be there then."""
    for section in editing.configuration.sections:
        if isinstance(section, Stanza) and section.name == port:
            return None
        if isinstance(section, Selection) and any(
            name.startswith(f"{port}:") for name in section.names
        ):
            return None if section.within else section
    return None


def _is_selected(selections: Sequence[Selection], name: str) -> bool:
    return any(
        selects(one.names, name)
        for one in selections
        if one.keyword in ("auto", "allow-auto", "allow-hotplug")
    )


def _rename_aliases(editing: Editing, stanzas: Sequence[Stanza], port: str, bridge: str) -> None:
    for name in {one.name for one in stanzas if one.is_alias}:
        for selection in editing.configuration.selecting(name):
            if not selection.within:
                editing.rename_selected(selection, name, bridge + name.removeprefix(port))


# the way back


def give_back(editing: Editing, bridge: str, port: str) -> None:
    """Give the bridge's stanzas to ``port``, and take away what made it a bridge.

    Raises:
        HostnetRefused: a hook names the bridge.
    """
    stanzas = editing.configuration.of(bridge)
    for stanza in stanzas:
        _check_hooks_of(editing, stanza, bridge, port)
    kept = [one for one in editing.configuration.of(port) if not one.is_alias]
    first = next(one for one in stanzas if not one.is_alias)
    cloned = any(one.values(_BOTH) for one in kept)
    moved = any(option.key == _BOTH for one in stanzas for option in one.options)
    _join(editing, first, kept, known=moved)
    for stanza in stanzas:
        editing.set_word(stanza, 1, port + stanza.name.removeprefix(bridge))
        editing.drop(stanza, [one for one in stanza.options if _ends(one, cloned=cloned)])
    _rename_aliases(editing, stanzas, bridge, port)
    _end_selections(editing, bridge, port, known=bool(kept))


def _ends(option: Option, *, cloned: bool) -> bool:
    """Whether a line is only about the bridge; a cloned MAC is the port's own."""
    return option.name.startswith("bridge-") or (option.key == _BOTH and not cloned)


def _join(editing: Editing, first: Stanza, kept: Sequence[Stanza], *, known: bool) -> None:
    """Put what the port kept into the stanza that comes back; its MAC where it is not ``known``."""
    for stanza in kept:
        staying = [one for one in stanza.options if not (one.key == _BOTH and known)]
        raws = _taken(editing, stanza, staying)
        editing.drop_stanza(stanza)
        editing.insert(first.path, first.head, raws)
        if stanza.path == first.path:
            _close_gap(editing, stanza, first.head)


def _close_gap(editing: Editing, above: Stanza, head: int) -> None:
    """Take away the blank line between the two stanzas that become one."""
    lines = editing.configuration.file(above.path).lines
    end = above.options[-1].index if above.options else above.head
    following = end + 1
    if following < head and lines[following].is_blank:
        between = lines[following + 1 : head]
        if all(line.key in ("auto", "allow-hotplug", "no-auto-down") for line in between):
            editing.delete(above.path, following)


def _end_selections(editing: Editing, bridge: str, port: str, *, known: bool) -> None:
    """Take the bridge out of ``auto`` and the like; a port without a stanza takes its place."""
    if known or editing.configuration.selecting(port):
        editing.deselect(bridge)
        return
    for selection in editing.configuration.selecting(bridge):
        if not selection.within:
            editing.rename_selected(selection, bridge, port)


# a port that is only a port


def demote(editing: Editing, port: str) -> None:
    """Leave a port no addresses: ``inet manual``, with what is about the device itself."""
    stanzas = [one for one in editing.configuration.of(port) if one.family in ("inet", "inet6", "")]
    plain = [one for one in stanzas if not one.is_alias]
    if not plain:
        editing.append([f"auto {port}", f"iface {port} inet manual"])
        return
    first = plain[0]
    if (first.family, first.method) != ("inet", "manual"):
        _make_manual(editing, first)
    for option in first.options:
        if not _lasts_on_port(option):
            editing.delete(first.path, option.index)
    for stanza in stanzas:
        if stanza is first:
            continue
        raws = _taken(editing, stanza, [one for one in stanza.options if stays(one)])
        editing.drop_stanza(stanza)
        if stanza.is_alias:
            editing.deselect(stanza.name)
        if raws:
            editing.insert(first.path, first.head, raws)


def quieten(editing: Editing, port: str) -> None:
    """Keep a port that ifup brings up before its bridge from obeying router advertisements."""
    plain = [one for one in editing.configuration.of(port) if not one.is_alias]
    if plain and not any(map(is_quieting, (option for one in plain for option in one.options))):
        lines = editing.option_lines(plain[0], [QUIETING])
        editing.insert(plain[0].path, end_of(plain[0]), lines)


def waken(editing: Editing, port: str) -> None:
    """A port that is none any more has IPv6 again."""
    for stanza in editing.configuration.of(port):
        editing.drop(stanza, [one for one in stanza.options if is_quieting(one)])


def _lasts_on_port(option: Option) -> bool:
    if is_hook(option):
        return not is_about_addresses(option.value)
    return stays(option) or option.name in ("hwaddress", "mtu")
