"""The host's own interfaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pasarela.cli import lookup
from pasarela.cli.faults import explained

if TYPE_CHECKING:
    from pasarela.cli.arguments import Arguments
    from pasarela.cli.context import Context


def list_interfaces(context: Context, arguments: Arguments) -> bool:
    from pasarela.model.handles import InterfaceFilter

    chosen = InterfaceFilter.INACTIVE if arguments.flag("inactive") else InterfaceFilter.ACTIVE
    if arguments.flag("all"):
        chosen = InterfaceFilter.ACTIVE | InterfaceFilter.INACTIVE
    connection = context.connection
    with explained("Failed to list interfaces"):
        found = sorted(connection.list_interfaces(chosen), key=lambda item: item.name.lower())
    facts = [(item.name, connection.interface_is_active(item), item.mac) for item in found]
    if context.json:
        context.json_out([{"name": n, "active": a, "mac": m or None} for n, a, m in facts])
        return True
    from pasarela.cli.output import format_table

    rows = [(name, "active" if active else "inactive", mac) for name, active, mac in facts]
    context.print(format_table(("Name", "State", "MAC Address"), rows, quiet=context.quiet))
    return True


def dumpxml(context: Context, arguments: Arguments) -> bool:
    from pasarela.cli.xmlout import print_xml

    interface = lookup.interface(context, arguments)
    xml = context.connection.interface_xml_desc(interface, inactive=arguments.flag("inactive"))
    return print_xml(context, arguments, xml)


def mac(context: Context, arguments: Arguments) -> bool:
    return _show(context, "mac", lookup.interface_by_name(context, arguments).mac)


def name(context: Context, arguments: Arguments) -> bool:
    return _show(context, "name", lookup.interface_by_mac(context, arguments).name)


def _show(context: Context, label: str, value: str) -> bool:
    if context.json:
        context.json_out({label: value})
    else:
        context.print(f"{value}\n")
    return True
