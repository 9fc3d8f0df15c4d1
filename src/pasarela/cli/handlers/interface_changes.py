"""Configuring the host's interfaces, and taking changes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pasarela.cli import lookup
from pasarela.cli.faults import explained, placed

if TYPE_CHECKING:
    from collections.abc import Callable

    from pasarela.cli.arguments import Arguments
    from pasarela.cli.context import Context
    from pasarela.model.handles import InterfaceRef


def define(context: Context, arguments: Arguments) -> bool:
    from pasarela.cli.files import read_text

    path = arguments.text("file")
    xml, validate = read_text(path), arguments.flag("validate")
    with explained(f"Failed to define interface from {path}"), placed(path):
        interface = context.connection.interface_define_xml(xml, validate=validate)
    context.say(f"Interface {interface.name} defined from {path}\n")
    return True


def undefine(context: Context, arguments: Arguments) -> bool:
    return _do(context, arguments, context.connection.interface_undefine, "undefine", "undefined")


def start(context: Context, arguments: Arguments) -> bool:
    return _do(context, arguments, context.connection.interface_create, "start", "started")


def destroy(context: Context, arguments: Arguments) -> bool:
    return _do(context, arguments, context.connection.interface_destroy, "destroy", "destroyed")


def _do(
    context: Context,
    arguments: Arguments,
    action: Callable[[InterfaceRef], None],
    infinitive: str,
    done: str,
) -> bool:
    interface, typed = lookup.interface(context, arguments), arguments.text("interface")
    with explained(f"Failed to {infinitive} interface {typed}"):
        action(interface)
    context.say(f"Interface {typed} {done}\n")
    return True


def begin(context: Context, _: Arguments) -> bool:
    return _change(context, context.connection.interface_change_begin, "begin", "started")


def commit(context: Context, _: Arguments) -> bool:
    return _change(context, context.connection.interface_change_commit, "commit", "committed")


def rollback(context: Context, _: Arguments) -> bool:
    return _change(context, context.connection.interface_change_rollback, "rollback", "rolled back")


def _change(context: Context, action: Callable[[], None], infinitive: str, done: str) -> bool:
    with explained(f"Failed to {infinitive} network config change transaction"):
        action()
    context.say(f"Network config change transaction {done}\n")
    return True
