"""net-update: change a part of a network."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from pasarela.cli import lookup
from pasarela.cli.faults import CommandFailed, explained, placed
from pasarela.cli.files import read_text
from pasarela.errors import PasarelaError
from pasarela.model.handles import Affect, UpdateCommand, UpdateSection

if TYPE_CHECKING:
    from pasarela.cli.arguments import Arguments
    from pasarela.cli.context import Context
    from pasarela.model.handles import NetworkRef


def update(context: Context, arguments: Arguments) -> bool:
    flags = affected(arguments)
    network = lookup.network(context, arguments)
    command = _command(arguments.text("command"))
    section = _section(arguments.text("section"))
    parent = arguments.integer("parent-index", -1)
    xml, path = _element(arguments.text("xml"))
    with explained(f"Failed to update network {network.name}"), placed(path):
        context.connection.update(network, command, section, xml, parent_index=parent, flags=flags)
    context.say(f"Updated network {network.name} {_what(context, network, flags)}")
    if flags == Affect.CURRENT and context.at_terminal:
        _tell_how_long(context, network)
    if section is UpdateSection.IP_DHCP_HOST and command is not UpdateCommand.DELETE:
        _warn_if_unserved(context, network, xml, config=flags == Affect.CONFIG)
    return True


def _tell_how_long(context: Context, network: NetworkRef) -> None:
    """What the option that nobody gave would have done, to a person at a terminal."""
    connection = context.connection
    if connection.is_active(network) and connection.is_persistent(network):
        context.say("\n")
        context.tell_user(
            "this is gone when the network stops; with --live --config it stays for good"
        )


def _warn_if_unserved(context: Context, network: NetworkRef, host: str, *, config: bool) -> None:
    """Tell of an address that is none of the network's, which is taken all the same."""
    if "ip" not in host:
        return
    from pasarela.xml.unserved import address_of, unserved

    with suppress(PasarelaError):  # a libvirt connection may accept what we do not
        address = address_of(host)
        document = context.connection.xml_desc(network, inactive=config)
        for sentence in unserved(document, only=() if address is None else (address,)):
            context.say("\n")
            context.warn(sentence)


def affected(arguments: Arguments) -> Affect:
    """Which definition --live, --config and --current ask for."""
    arguments.exclude("current", "live")
    arguments.exclude("current", "config")
    flags = Affect.CURRENT
    if arguments.flag("config"):
        flags |= Affect.CONFIG
    if arguments.flag("live"):
        flags |= Affect.LIVE
    return flags


def _command(name: str) -> UpdateCommand:
    words = {member.name.lower().replace("_", "-"): member for member in UpdateCommand if member}
    words["add"] = UpdateCommand.ADD_LAST
    if name not in words:
        raise CommandFailed(
            f"unrecognized command name '{name}'", hint=f"one of {', '.join(words)}"
        )
    return words[name]


def _section(name: str) -> UpdateSection:
    words = {member.name.lower().replace("_", "-"): member for member in UpdateSection if member}
    if name not in words:
        raise CommandFailed(
            f"unrecognized section name '{name}'", hint=f"one of {', '.join(words)}"
        )
    return words[name]


def _element(text: str) -> tuple[str, str]:
    """The element's XML, and what to call the place that it came from."""
    if text.startswith("<"):
        return text, "the command line"
    try:
        return read_text(text), text
    except CommandFailed as failed:
        if "<" in text:
            failed.hint = "what does not begin with '<' is the name of a file"
        raise


def _what(context: Context, network: NetworkRef, flags: Affect) -> str:
    if flags == Affect.LIVE | Affect.CONFIG:
        return "persistent config and live state"
    if flags == Affect.CONFIG:
        return "persistent config"
    if flags == Affect.LIVE or context.connection.is_active(network):
        return "live state"
    return "persistent config"
