"""net-edit and iface-edit."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pasarela.cli import lookup
from pasarela.cli.editor import edit_until_accepted
from pasarela.cli.handlers.networks import warn_of_strays
from pasarela.cli.mending import broken_definition

if TYPE_CHECKING:
    from pasarela.cli.arguments import Arguments
    from pasarela.cli.context import Context
    from pasarela.cli.mending import BrokenDefinition
    from pasarela.model.handles import InterfaceRef, NetworkRef


def edit_network(context: Context, arguments: Arguments) -> bool:
    broken = broken_definition(context, arguments.text("network"))
    if broken is not None:
        return _mend_network(context, broken)
    network = lookup.network(context, arguments)
    connection = context.connection
    read = partial(connection.xml_desc, network, inactive=True)
    write = partial(_define, context)
    edited = edit_until_accepted(context, read, write)
    return _say(context, "Network", network.name, edited)


def _define(context: Context, text: str) -> NetworkRef:
    defined = context.connection.define_xml(text)
    warn_of_strays(context, text)
    return defined


def _mend_network(context: Context, broken: BrokenDefinition) -> bool:
    replace = partial(broken.replace, context)
    edited = edit_until_accepted(context, broken.read, replace, wrong=broken.error)
    return _say(context, "Network", broken.name, edited)


def edit_interface(context: Context, arguments: Arguments) -> bool:
    interface = lookup.interface(context, arguments)
    connection = context.connection
    read = partial(connection.interface_xml_desc, interface, inactive=True)
    edited = edit_until_accepted(context, read, connection.interface_define_xml)
    return _say(context, "Interface", interface.name, edited)


def _say(context: Context, kind: str, name: str, edited: NetworkRef | InterfaceRef | None) -> bool:
    """What has come of it, by the name that it has now."""
    if edited is None:
        context.say(f"{kind} {name} XML configuration not changed.\n")
    else:
        context.say(f"{kind} {edited.name} XML configuration edited.\n")
    return True
