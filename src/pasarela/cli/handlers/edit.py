"""net-edit and iface-edit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pasarela.cli import lookup
from pasarela.cli.editor import edit_until_accepted
from pasarela.cli.mending import broken_definition

if TYPE_CHECKING:
    from pasarela.cli.arguments import Arguments
    from pasarela.cli.context import Context
    from pasarela.cli.mending import BrokenDefinition


def edit_network(context: Context, arguments: Arguments) -> bool:
    broken = broken_definition(context, arguments.text("network"))
    if broken is not None:
        return _mend_network(context, broken)
    network = lookup.network(context, arguments)
    connection = context.connection
    name = network.name

    def define(text: str) -> None:
        nonlocal name
        name = connection.define_xml(text).name

    changed = edit_until_accepted(
        context, lambda: connection.xml_desc(network, inactive=True), define
    )
    context.say(f"Network {name} XML configuration {'edited' if changed else 'not changed'}.\n")
    return True


def _mend_network(context: Context, broken: BrokenDefinition) -> bool:
    changed = edit_until_accepted(
        context, broken.read, lambda text: broken.replace(context, text), wrong=broken.error
    )
    context.say(
        f"Network {broken.name} XML configuration {'edited' if changed else 'not changed'}.\n"
    )
    return True


def edit_interface(context: Context, arguments: Arguments) -> bool:
    interface = lookup.interface(context, arguments)
    connection = context.connection
    name = interface.name

    def define(text: str) -> None:
        nonlocal name
        name = connection.interface_define_xml(text).name

    changed = edit_until_accepted(
        context, lambda: connection.interface_xml_desc(interface, inactive=True), define
    )
    context.say(f"Interface {name} XML configuration {'edited' if changed else 'not changed'}.\n")
    return True
