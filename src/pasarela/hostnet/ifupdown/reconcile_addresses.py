"""The addresses, name servers and routes of stanzas, made as wanted."""

from __future__ import annotations

from collections.abc import Sequence

from pasarela.hostnet.ifupdown.addresses import clean
from pasarela.hostnet.ifupdown.document import Option, Stanza
from pasarela.hostnet.ifupdown.editing import Editing
from pasarela.hostnet.ifupdown.hooks import (
    is_about_addresses,
    is_hook,
    is_route_hook,
    route,
    route_hooks,
)
from pasarela.hostnet.ifupdown.lines import words
from pasarela.hostnet.ifupdown.pairing import paired
from pasarela.hostnet.ifupdown.placing import end_of, exchange
from pasarela.hostnet.ifupdown.reading import address_of, dns, gateway_of
from pasarela.hostnet.ifupdown.writing import Wanted, stanza_lines

_ADDRESSING = frozenset({"address", "netmask", "network", "broadcast", "pointopoint", "scope"})
_DNS = frozenset({"dns-nameservers", "dns-nameserver", "dns-search", "dns-domain"})


def reconcile_addresses(
    editing: Editing,
    stanzas: Sequence[Wanted],
    existing: Sequence[Stanza],
    *,
    commands_too: bool,
) -> None:
    """Make ``existing`` say what ``stanzas`` do, of one interface.

    Commands that the model does not know (``ip rule``) stay, unless ``commands_too``.
    """
    pairs, surplus = paired(stanzas, existing)
    for one, stanza in pairs:
        if stanza is not None:
            _address(editing, one, stanza)
            _routes(editing, one, stanza, commands_too=commands_too)
    kept = [stanza for _, stanza in pairs if stanza is not None]
    for stanza in surplus:
        _give_up(editing, stanza, kept)
    _add_missing(editing, pairs, existing[0].device)


def reconcile_dns(editing: Editing, stanzas: Sequence[Wanted], existing: Sequence[Stanza]) -> None:
    """Say the name servers once, in the stanza that addresses are asked for in first."""
    pairs, surplus = paired(stanzas, existing)
    for one, stanza in pairs:
        if stanza is not None:
            _dns(editing, one, stanza)
    for stanza in surplus:
        editing.drop(stanza, [option for option in stanza.options if option.name in _DNS])


def _add_missing(
    editing: Editing, pairs: Sequence[tuple[Wanted, Stanza | None]], name: str
) -> None:
    """Write the stanzas that are not there, each after the one that it follows."""
    before: Stanza | None = None
    first = next((stanza for _, stanza in pairs if stanza is not None), None)
    for one, stanza in pairs:
        near = before or first
        if stanza is None and near is not None:
            place = end_of(before) if before else near.head - 1
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
        editing.insert(kept[0].path, end_of(kept[0]), raws)


def _lasts(option: Option) -> bool:
    return option.name in ("mtu", "hwaddress") or option.name.startswith(
        ("bridge-", "bond-", "vlan-")
    )


def _address(editing: Editing, one: Wanted, stanza: Stanza) -> None:
    if stanza.family and stanza.family != one.family:
        editing.set_word(stanza, 2, one.family)
    if stanza.method and stanza.method != one.method:
        editing.set_word(stanza, 3, one.method)
    told = [option for option in stanza.options if option.name in _ADDRESSING]
    if one.address != address_of(stanza) or (one.address is None and told):
        options = [("address", str(one.address))] if one.address else []
        exchange(editing, stanza, told, options)
    told = [option for option in stanza.options if option.name in ("gateway", "metric")]
    if one.gateway != gateway_of(stanza):
        options = [("gateway", str(one.gateway))] if one.gateway else []
        exchange(editing, stanza, told, options, after=_ADDRESSING)
    told = [option for option in stanza.options if option.name == "autoconf"]
    wants = one.autoconf and one.method == "dhcp"
    if wants != (clean(stanza.last("autoconf")) == "1") and one.method != "auto":
        exchange(editing, stanza, told, [("autoconf", "1")] if wants else [])


def _dns(editing: Editing, one: Wanted, stanza: Stanza) -> None:
    told = [option for option in stanza.options if option.name in _DNS]
    servers = [word for key, value in one.dns if key == "dns-nameservers" for word in words(value)]
    search = [word for key, value in one.dns if key == "dns-search" for word in words(value)]
    there = dns([stanza])
    if [str(address) for address in there.servers] != servers or list(there.search) != search:
        exchange(editing, stanza, told, one.dns, after=_ADDRESSING | {"gateway", "metric"})


def _routes(editing: Editing, one: Wanted, stanza: Stanza, *, commands_too: bool) -> None:
    there = [found for option in stanza.options if (found := route(option))]
    kept = one.routes if there == list(one.routes[: len(there)]) else ()
    gone = [
        option
        for option in stanza.options
        if is_hook(option)
        and not any(is_route_hook(option, wanted) for wanted in kept)
        and (
            any(is_route_hook(option, ended) for ended in there)
            or (commands_too and is_about_addresses(option.value))
        )
    ]
    editing.drop(stanza, gone)
    missing = one.routes[len(there) :] if kept else one.routes
    hooks = [hook for new in missing for hook in route_hooks(new)]
    if hooks:
        editing.insert(stanza.path, end_of(stanza), editing.option_lines(stanza, hooks))
