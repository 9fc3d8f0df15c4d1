"""Descriptions, titles and the XML that programs keep with a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pasarela.cli import lookup
from pasarela.cli.faults import CommandFailed, explained
from pasarela.cli.handlers.update import affected
from pasarela.errors import MetadataNotFound
from pasarela.model.handles import Affect, MetadataType

if TYPE_CHECKING:
    from pasarela.cli.arguments import Arguments
    from pasarela.cli.context import Context
    from pasarela.model.handles import NetworkRef


def describe(context: Context, arguments: Arguments) -> bool:
    flags = affected(arguments)
    network = lookup.network(context, arguments)
    kind = MetadataType.TITLE if arguments.flag("title") else MetadataType.DESCRIPTION
    words = arguments.rest("new-desc")
    if words or arguments.flag("edit"):
        return _change_text(context, arguments, network, kind, flags)
    text = _current_text(context, network, kind, flags)
    if context.json:
        context.json_out({"network": network.name, _word(kind): text or None})
    elif text:
        context.print(text)
    else:
        context.say(f"No {_word(kind)} for network: {network.name}")
    return True


def _change_text(
    context: Context, arguments: Arguments, network: NetworkRef, kind: MetadataType, flags: Affect
) -> bool:
    words = arguments.rest("new-desc")
    text = " ".join(words).rstrip(" ")
    editing = arguments.flag("edit")
    # virsh asks first in any case, and so says in these words that the network is not running; but
    # nobody can ask for both texts at once.
    asking = editing or flags != Affect.LIVE | Affect.CONFIG
    before = _current_text(context, network, kind, flags) if asking else ""
    if editing:
        from pasarela.cli.editor import edit_text

        text = edit_text(context, text if words else before, suffix=".txt")
        if kind is MetadataType.TITLE:
            text = text.removesuffix("\n")  # many editors add one, and no title may have one
        if text == before:
            context.say(f"Network {_word(kind)} not changed\n")
            return True
    with explained(f"Failed to set new network {_word(kind)}"):
        context.connection.set_metadata(network, kind, text, flags=flags)
    context.say(f"Network {_word(kind)} updated successfully")
    return True


def _current_text(context: Context, network: NetworkRef, kind: MetadataType, flags: Affect) -> str:
    try:
        return context.connection.metadata(network, kind, flags=flags)
    except MetadataNotFound:
        return ""


def _word(kind: MetadataType) -> str:
    return kind.name.lower()


def net_metadata(context: Context, arguments: Arguments) -> bool:
    flags = affected(arguments)
    for pair in (("edit", "set"), ("remove", "set"), ("remove", "edit")):
        arguments.exclude(*pair)
    network, uri = lookup.network(context, arguments), arguments.text("uri")
    key, new = arguments.optional("key"), arguments.optional("set")
    if (new or arguments.flag("edit")) and not key:
        raise CommandFailed("namespace key is required when modifying metadata")
    if arguments.flag("edit"):
        return _edit_element(context, network, uri, str(key), flags)
    if new or arguments.flag("remove"):
        kind = MetadataType.ELEMENT
        context.connection.set_metadata(network, kind, new, key=key, uri=uri, flags=flags)
        context.say(f"Metadata {'modified' if new else 'removed'}\n")
        return True
    return _show_element(context, network, uri, flags)


def _show_element(context: Context, network: NetworkRef, uri: str, flags: Affect) -> bool:
    element = context.connection.metadata(network, MetadataType.ELEMENT, uri, flags)
    if context.json:
        context.json_out({"network": network.name, "uri": uri, "xml": element})
    else:
        context.print(f"{element}\n")
    return True


def _edit_element(context: Context, network: NetworkRef, uri: str, key: str, flags: Affect) -> bool:
    from pasarela.cli.editor import edit_until_accepted

    connection = context.connection

    def read() -> str:
        try:
            return connection.metadata(network, MetadataType.ELEMENT, uri, flags)
        except MetadataNotFound:
            return "\n"

    def write(text: str) -> str:
        connection.set_metadata(network, MetadataType.ELEMENT, text, key=key, uri=uri, flags=flags)
        return text

    if edit_until_accepted(context, read, write):
        context.say("Metadata modified\n")
    else:
        context.say("Metadata not changed")
    return True
