"""Finds what a command line names: networks by name or uuid, ports, interfaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pasarela.cli.faults import CommandFailed, explained
from pasarela.errors import NetworkNotFound, OperationFailed, PortNotFound

if TYPE_CHECKING:
    from uuid import UUID

    from pasarela.cli.arguments import Arguments
    from pasarela.cli.context import Context
    from pasarela.client.connection import Connection
    from pasarela.model.handles import InterfaceRef, NetworkRef, PortRef

FEW = 8  # networks, which the engine's own hint names


def network(context: Context, arguments: Arguments, option: str = "network") -> NetworkRef:
    """The network that the option names: first as a uuid, if it looks like one, then by name."""
    wanted = arguments.text(option)
    uuid = parse_uuid(wanted)
    connection = context.connection
    with explained(f"failed to get network '{wanted}'"):
        if uuid is not None:
            try:
                return connection.lookup_by_uuid(uuid)
            except NetworkNotFound:
                pass  # a network may bear a uuid as its name
        return _by_name(connection, wanted)


def existing(connection: Connection, name: str) -> NetworkRef | None:
    try:
        return connection.lookup_by_name(name)
    except NetworkNotFound:
        return None


def refuse_taken(connection: Connection, name: str) -> None:
    """Refuse a new network's name that another one has."""
    taken = existing(connection, name)
    if taken is not None:
        raise OperationFailed(
            f"network '{name}' already exists with uuid {taken.uuid}",
            remedy="choose another name, or change that network with net-edit or net-update",
        )


def network_by_uuid(context: Context, arguments: Arguments) -> NetworkRef:
    wanted = arguments.text("network")
    uuid = parse_uuid(wanted)
    connection = context.connection
    sentence = f"failed to get network '{wanted}'"
    if uuid is None:
        raise CommandFailed(sentence, hint="this takes a uuid; net-uuid prints that of a name")
    with explained(sentence):
        return connection.lookup_by_uuid(uuid)


def network_by_name(context: Context, arguments: Arguments) -> NetworkRef:
    wanted = arguments.text("network")
    connection = context.connection
    with explained(f"failed to get network '{wanted}'"):
        try:
            return _by_name(connection, wanted)
        except NetworkNotFound as error:
            if parse_uuid(wanted) is not None:
                error.remedy = "this takes a name; net-name prints that of a uuid"
            raise


def _by_name(connection: Connection, wanted: str) -> NetworkRef:
    try:
        return connection.lookup_by_name(wanted)
    except NetworkNotFound as error:
        near = _near(connection, wanted)
        if near:
            error.remedy = f"did you mean {' or '.join(near)}?"
        raise


def _near(connection: Connection, wanted: str) -> list[str]:
    """Names like this one, where there are too many to show them all."""
    from difflib import get_close_matches

    names = [network.name for network in connection.list_networks()]
    return get_close_matches(wanted, names, n=3, cutoff=0.75) if len(names) > FEW else []


def port(context: Context, arguments: Arguments, owner: NetworkRef) -> PortRef:
    """The port that the option names.

    virsh says no more than this one sentence when there is none.
    """
    wanted = arguments.text("port")
    uuid = parse_uuid(wanted)
    sentence = f"failed to get network port '{wanted}'"
    if uuid is None:
        raise CommandFailed(sentence)
    try:
        return context.connection.port_lookup(owner, uuid)
    except PortNotFound:
        raise CommandFailed(sentence) from None


def interface(context: Context, arguments: Arguments) -> InterfaceRef:
    """The interface of this MAC address, if it looks like one, else of this name."""
    wanted = arguments.text("interface")
    if looks_like_mac(wanted):
        return interface_by_mac(context, arguments)
    return interface_by_name(context, arguments)


def interface_by_name(
    context: Context, arguments: Arguments, option: str = "interface"
) -> InterfaceRef:
    wanted = arguments.text(option)
    connection = context.connection
    sentence = f"failed to get interface '{wanted}'"
    if looks_like_mac(wanted):
        raise CommandFailed(sentence, hint="this takes a name; iface-name prints that of a MAC")
    with explained(sentence):
        return connection.interface_lookup_by_name(wanted)


def interface_by_mac(context: Context, arguments: Arguments) -> InterfaceRef:
    wanted = arguments.text("interface")
    connection = context.connection
    sentence = f"failed to get interface '{wanted}'"
    if not looks_like_mac(wanted):
        raise CommandFailed(sentence, hint="this takes a MAC; iface-mac prints that of a name")
    with explained(sentence):
        return connection.interface_lookup_by_mac(wanted)


def parse_uuid(text: str) -> UUID | None:
    """The uuid, if this is one in its usual form of 36 characters; case does not matter."""
    from uuid import UUID

    if len(text) != 36 or any(text[place] != "-" for place in (8, 13, 18, 23)):
        return None
    try:
        return UUID(text)
    except ValueError:
        return None


def looks_like_mac(text: str) -> bool:
    """Whether libvirt would read this as a MAC address: six octets of one or two digits."""
    octets = text.split(":")
    return len(octets) == 6 and all(
        0 < len(octet) <= 2 and all(digit in "0123456789abcdefABCDEF" for digit in octet)
        for octet in octets
    )
