"""What the user may have meant by a command or an option that does not exist."""

from __future__ import annotations

from difflib import get_close_matches

from pasarela.cli import table
from pasarela.cli.spec import Command

_FOR_GUESTS = {
    "start": "net-start",
    "destroy": "net-destroy",
    "undefine": "net-undefine",
    "autostart": "net-autostart",
    "dumpxml": "net-dumpxml",
    "edit": "net-edit",
    "list": "net-list",
    "desc": "net-desc",
    "metadata": "net-metadata",
    "event": "net-event",
    "domifaddr": "net-dhcp-leases",
    "domiflist": "net-port-list",
}


def hint_for_unknown(name: str, following: str | None = None) -> str:
    """``following`` is the next word, which may be the command's other half."""
    if table.find(f"{name}-{following}"):
        return f"did you mean {name}-{following}?"
    if name in _FOR_GUESTS:
        return f"virsh's '{name}' is for guests; for networks: {_FOR_GUESTS[name]}"
    close = get_close_matches(name, table.names(), n=2, cutoff=0.85)
    if close:
        return f"did you mean {' or '.join(close)}?"
    return "'pasarela help' lists the commands"


def hint_for_help(name: str) -> str:
    """As for an unknown command; a group's keyword may be meant as well."""
    known = [*table.names(), *(group.keyword for group in table.groups())]
    close = get_close_matches(name, known, n=2, cutoff=0.75)
    return f"did you mean {' or '.join(close)}?" if close else "'pasarela help' lists all"


def hint_for_data(command: Command, word: str) -> str | None:
    """The option that a word without its dashes may be."""
    name = word.lstrip("-")
    if any(option.name == name for option in command.options if not option.takes_value):
        return f"did you mean --{name}?"
    return None


def hint_for_option(command: Command, name: str) -> str:
    options = [option.name for option in command.options if not option.hidden]
    close = get_close_matches(name, options, n=2, cutoff=0.7)
    if close:
        return f"did you mean {' or '.join(f'--{option}' for option in close)}?"
    return f"'pasarela help {command.name}' lists its options"
