"""iface-bridge and iface-unbridge: virsh makes them of the calls that define and start, too."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pasarela.cli import lookup
from pasarela.cli.faults import CommandFailed, explained
from pasarela.errors import InterfaceNotFound
from pasarela.model.interface import InterfaceType
from pasarela.model.interface_config import BridgeConfig, InterfaceConfig

if TYPE_CHECKING:
    from pasarela.cli.arguments import Arguments
    from pasarela.cli.context import Context
    from pasarela.model.handles import InterfaceRef


def bridge(context: Context, arguments: Arguments) -> bool:
    from pasarela.xml.interface_config import format_config

    connection = context.connection
    interface = lookup.interface_by_name(context, arguments)
    name, new = interface.name, arguments.text("bridge")
    _refuse_existing(context, new)
    delay = arguments.integer("delay", 0)
    if delay < 0:
        raise CommandFailed(
            f"Numeric value '{delay}' for <delay> option is malformed or out of range"
        )
    stp = not arguments.flag("no-stp")
    wanted = _bridged(_configured(context, interface), new, stp=stp, delay=delay)
    with explained(f"Failed to define new bridge interface {new}"):
        made = connection.interface_define_xml(format_config(wanted))
    context.say(f"Created bridge {new} with attached device {name}\n")
    if not arguments.flag("no-start"):
        with explained(f"Failed to start bridge interface {new}"):
            connection.interface_create(made)
        context.say(f"Bridge interface {new} started\n")
    return True


def unbridge(context: Context, arguments: Arguments) -> bool:
    from pasarela.xml.interface_config import format_config

    connection = context.connection
    interface = lookup.interface_by_name(context, arguments, "bridge")
    name = interface.name
    wanted = _unbridged(_configured(context, interface))
    with explained(f"Failed to destroy bridge interface {name}"):
        connection.interface_destroy(interface)
    with explained(f"Failed to undefine bridge interface {name}"):
        connection.interface_undefine(interface)
    with explained(f"Failed to define new interface {wanted.name}"):
        port = connection.interface_define_xml(format_config(wanted))
    context.say(f"Device {port.name} un-attached from bridge {name}\n")
    if not arguments.flag("no-start"):
        with explained(f"Failed to start interface {port.name}"):
            connection.interface_create(port)
        context.say(f"Interface {port.name} started\n")
    return True


def _refuse_existing(context: Context, name: str) -> None:
    try:
        context.connection.interface_lookup_by_name(name)
    except InterfaceNotFound:
        return
    raise CommandFailed(f"Network device {name} already exists")


def _configured(context: Context, interface: InterfaceRef) -> InterfaceConfig:
    from pasarela.xml.interface_config import parse_interface

    xml = context.connection.interface_xml_desc(interface, inactive=True)
    with explained(f"Failed to parse configuration of {interface.name}"):
        found = parse_interface(xml)
    if found.name != interface.name:
        raise CommandFailed(
            f"Interface name from config {found.name} doesn't match given supplied name "
            f"{interface.name}"
        )
    return found


def _bridged(interface: InterfaceConfig, name: str, *, stp: bool, delay: int) -> InterfaceConfig:
    """The bridge that takes the interface's place; what is of the link alone stays with it."""
    if interface.type is InterfaceType.BRIDGE:
        raise CommandFailed(f"Existing device {interface.name} is already a bridge")
    port = InterfaceConfig(
        interface.name, interface.type, mac=interface.mac, details=interface.details
    )
    details = BridgeConfig((port,), stp, delay if stp else None)
    return replace(interface, name=name, type=InterfaceType.BRIDGE, mac=None, details=details)


def _unbridged(interface: InterfaceConfig) -> InterfaceConfig:
    """The bridge's one port, in the place of the bridge."""
    if not isinstance(interface.details, BridgeConfig):
        raise CommandFailed(f"Device {interface.name} is not a bridge")
    ports = interface.details.ports
    if len(ports) > 1:
        raise CommandFailed(
            "Multiple interfaces attached to bridge",
            hint="take the others out of it first: pasarela host-bridge del-port",
        )
    if not ports:
        raise CommandFailed("No interface attached to bridge")
    port = ports[0]
    return replace(interface, name=port.name, type=port.type, mac=port.mac, details=port.details)
