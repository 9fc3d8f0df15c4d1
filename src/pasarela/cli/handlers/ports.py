"""Ports: where guests are plugged into networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pasarela.cli import lookup
from pasarela.cli.faults import CommandFailed, explained, placed
from pasarela.cli.run import report
from pasarela.errors import PasarelaError

if TYPE_CHECKING:
    from pasarela.cli.arguments import Arguments
    from pasarela.cli.context import Context
    from pasarela.model.handles import PortRef


def list_ports(context: Context, arguments: Arguments) -> bool:
    if arguments.flag("table") and arguments.flag("uuid"):
        raise CommandFailed("Only one argument from --table and --uuid may be specified.")
    network = lookup.network(context, arguments)
    ports = sorted(context.connection.list_ports(network), key=lambda port: port.uuid.bytes)
    uuids = [str(port.uuid) for port in ports]
    if context.json:
        context.json_out([{"uuid": uuid} for uuid in uuids])
    elif arguments.flag("uuid"):
        context.print("".join(f"{uuid}\n" for uuid in uuids))
    else:
        from pasarela.cli.output import format_table

        context.print(format_table(["UUID"], [[uuid] for uuid in uuids], quiet=context.quiet))
    return True


def create(context: Context, arguments: Arguments) -> bool:
    from pasarela.cli.files import read_text

    network, path = lookup.network(context, arguments), arguments.text("file")
    xml = read_text(path)
    with explained(f"Failed to create network from {path}"), placed(path):
        port = context.connection.port_create_xml(network, xml, validate=arguments.flag("validate"))
    context.say(f"Network port {port.uuid} created from {path}\n")
    return True


def dumpxml(context: Context, arguments: Arguments) -> bool:
    from pasarela.cli.xmlout import print_xml

    port = _port_or_complaint(context, arguments)
    if port is None:
        return True
    return print_xml(context, arguments, context.connection.port_xml_desc(port))


def delete(context: Context, arguments: Arguments) -> bool:
    port = _port_or_complaint(context, arguments)
    if port is None:
        return True
    try:
        with explained(f"Failed to delete network port {port.uuid}"):
            context.connection.port_delete(port)
    except CommandFailed as failure:
        report(context, failure)
        return True
    context.say(f"Network port {port.uuid} deleted\n")
    return True


def _port_or_complaint(context: Context, arguments: Arguments) -> PortRef | None:
    """The port; where there is none virsh complains and yet succeeds, and scripts rely on it."""
    try:
        network = lookup.network(context, arguments)
        return lookup.port(context, arguments, network)
    except CommandFailed as failure:
        context.complain(str(failure))
        if isinstance(failure.__cause__, PasarelaError):
            context.hint(failure.__cause__.message)
        return None
