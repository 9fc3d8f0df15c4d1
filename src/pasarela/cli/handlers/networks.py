"""Networks: listing, information, definition and life cycle."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from pasarela.cli import lookup
from pasarela.cli.faults import CommandFailed, explained, placed
from pasarela.errors import InternalError, OperationInvalid, PasarelaError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pasarela.cli.arguments import Arguments
    from pasarela.cli.context import Context
    from pasarela.model.handles import NetworkFilter, NetworkRef

    Make = Callable[..., NetworkRef]


def list_networks(context: Context, arguments: Arguments) -> bool:
    if sum(arguments.flag(form) for form in ("table", "name", "uuid")) > 1:
        raise CommandFailed("Only one argument from --table, --name and --uuid may be specified.")
    connection = context.connection
    with explained("Failed to list networks"):
        networks = sorted(connection.list_networks(_filter(arguments)), key=_by_name)
    if context.json:
        context.json_out([facts_of(context, network) for network in networks])
    elif arguments.flag("name"):
        context.print("".join(f"{network.name}\n" for network in networks))
    elif arguments.flag("uuid"):
        context.print("".join(f"{network.uuid}\n" for network in networks))
    else:
        _print_table(context, networks, titles=arguments.flag("title"))
        _offer_default(context)
    return True


def _filter(arguments: Arguments) -> NetworkFilter:
    from pasarela.model.handles import NetworkFilter

    chosen = NetworkFilter.ACTIVE
    if arguments.flag("inactive"):
        chosen = NetworkFilter.INACTIVE
    if arguments.flag("all"):
        chosen = NetworkFilter.ACTIVE | NetworkFilter.INACTIVE
    for name in ("persistent", "transient", "autostart", "no-autostart"):
        if arguments.flag(name):
            chosen |= NetworkFilter[name.replace("-", "_").upper()]
    return chosen


def _by_name(network: NetworkRef) -> str:
    return network.name.lower()


def _print_table(context: Context, networks: Sequence[NetworkRef], *, titles: bool) -> None:
    from pasarela.cli.output import format_table

    header = ["Name", "State", "Autostart", "Persistent", *(["Title"] if titles else [])]
    rows = [_row(context, network, titles=titles) for network in networks]
    context.print(format_table(header, rows, quiet=context.quiet))


def _row(context: Context, network: NetworkRef, *, titles: bool) -> list[str]:
    connection = context.connection
    row = [
        network.name,
        "active" if connection.is_active(network) else "inactive",
        _yes_no(connection.autostart(network)),
        _yes_no(connection.is_persistent(network)),
    ]
    return [*row, _title(context, network)] if titles else row


def _title(context: Context, network: NetworkRef) -> str:
    from pasarela.errors import MetadataNotFound
    from pasarela.model.handles import MetadataType

    try:
        return context.connection.metadata(network, MetadataType.TITLE)
    except MetadataNotFound:
        return ""


def _offer_default(context: Context) -> None:
    if not context.connection.list_networks():
        context.tell_user(
            "no networks yet: 'pasarela net-default --start --autostart' makes the usual one"
        )


def info(context: Context, arguments: Arguments) -> bool:
    from pasarela.cli.output import format_pairs

    facts = facts_of(context, lookup.network(context, arguments))
    if context.json:
        context.json_out(facts)
        return True
    pairs = [
        ("Name", str(facts["name"])),
        ("UUID", str(facts["uuid"])),
        ("Active", _yes_no(bool(facts["active"]))),
        ("Persistent", _yes_no(bool(facts["persistent"]))),
        ("Autostart", _yes_no(bool(facts["autostart"]))),
    ]
    if facts["bridge"]:
        pairs.append(("Bridge", str(facts["bridge"])))
    context.print(format_pairs(pairs))
    return True


def facts_of(context: Context, network: NetworkRef) -> dict[str, object]:
    """What net-info shows; the JSON of net-list and net-info."""
    connection = context.connection
    return {
        "name": network.name,
        "uuid": str(network.uuid),
        "active": connection.is_active(network),
        "persistent": connection.is_persistent(network),
        "autostart": connection.autostart(network),
        "bridge": _bridge(context, network),
        "title": _title(context, network) or None,
    }


def _bridge(context: Context, network: NetworkRef) -> str | None:
    try:
        return context.connection.bridge_name(network)
    except InternalError:
        return None  # libvirt's way of saying that there is none


def name(context: Context, arguments: Arguments) -> bool:
    return _show(context, "name", lookup.network_by_uuid(context, arguments).name)


def uuid(context: Context, arguments: Arguments) -> bool:
    return _show(context, "uuid", str(lookup.network_by_name(context, arguments).uuid))


def _show(context: Context, label: str, value: str) -> bool:
    if context.json:
        context.json_out({label: value})
    else:
        context.print(f"{value}\n")
    return True


def dumpxml(context: Context, arguments: Arguments) -> bool:
    from pasarela.cli.xmlout import print_xml

    network = lookup.network(context, arguments)
    xml = context.connection.xml_desc(network, inactive=arguments.flag("inactive"))
    return print_xml(context, arguments, xml)


def define(context: Context, arguments: Arguments) -> bool:
    return _submit(context, arguments, context.connection.define_xml, "define", "defined")


def create(context: Context, arguments: Arguments) -> bool:
    return _submit(context, arguments, context.connection.create_xml, "create", "created")


def _submit(
    context: Context, arguments: Arguments, make: Make, infinitive: str, participle: str
) -> bool:
    """Make a network of a file's document."""
    from pasarela.cli.files import read_text

    path = arguments.text("file")
    xml = read_text(path)
    with explained(f"Failed to {infinitive} network from {path}"), placed(path):
        network = make(xml, validate=arguments.flag("validate"))
    context.say(f"Network {network.name} {participle} from {path}\n")
    warn_of_strays(context, xml, path)
    return True


def warn_of_strays(context: Context, xml: str, path: str | None = None) -> None:
    """Name what was accepted and has no effect."""
    from pasarela.xml.strays import strays
    from pasarela.xml.unserved import unserved

    with suppress(PasarelaError):  # a libvirt connection may accept what we do not
        for sentence in (*strays(xml, path), *unserved(xml, path)):
            context.warn(sentence)


def start(context: Context, arguments: Arguments) -> bool:
    return _do(context, arguments, context.connection.start, "start", "started")


def destroy(context: Context, arguments: Arguments) -> bool:
    return _do(context, arguments, partial(_destroy, context), "destroy", "destroyed")


def _destroy(context: Context, network: NetworkRef) -> None:
    try:
        context.connection.destroy(network)
    except OperationInvalid as error:
        error.remedy = None  # to start it first is no way out here
        raise


def undefine(context: Context, arguments: Arguments) -> bool:
    return _do(context, arguments, context.connection.undefine, "undefine", "has been undefined")


def _do(
    context: Context,
    arguments: Arguments,
    action: Callable[[NetworkRef], None],
    infinitive: str,
    done: str,
) -> bool:
    network, typed = lookup.network(context, arguments), arguments.text("network")
    with explained(f"Failed to {infinitive} network {typed}"):
        action(network)
    context.say(f"Network {typed} {done}\n")
    return True


def autostart(context: Context, arguments: Arguments) -> bool:
    network, typed = lookup.network(context, arguments), arguments.text("network")
    enabled = not arguments.flag("disable")
    done, refused = ("marked", "mark") if enabled else ("unmarked", "unmark")
    with explained(f"failed to {refused} network {typed} as autostarted"):
        context.connection.set_autostart(network, enabled)
    context.say(f"Network {typed} {done} as autostarted\n")
    return True


def _yes_no(value: bool) -> str:
    return "yes" if value else "no"
