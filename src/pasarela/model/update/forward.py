"""net-update of the pool of forward interfaces and of the portgroups."""

from __future__ import annotations

from dataclasses import replace

from pasarela.errors import OperationInvalid, OperationUnsupported
from pasarela.model.handles import UpdateCommand
from pasarela.model.network import ForwardInterface, Network, PortGroup
from pasarela.model.update.items import (
    Fragment,
    added,
    first,
    is_add,
    replaced,
    unknown_command,
    without,
)


def change_interface(network: Network, command: int, _parent_index: int, item: Fragment) -> Network:
    item.expect("interface")
    if command == UpdateCommand.MODIFY:
        raise OperationUnsupported(
            "forward interface entries cannot be modified, only added or deleted"
        )
    wanted = item.interface()
    interfaces = _interfaces(network, command, wanted)
    return replace(network, forward=replace(network.forward, interfaces=interfaces))


def _interfaces(
    network: Network, command: int, wanted: ForwardInterface
) -> tuple[ForwardInterface, ...]:
    pool = network.forward.interfaces
    index = first(pool, lambda other: other.dev == wanted.dev)
    if is_add(command):
        if index is not None:
            raise OperationInvalid(
                f"there is an existing interface entry in network '{network.name}' that matches "
                f"\"<interface dev='{wanted.dev}'>\""
            )
        return added(pool, wanted, command)
    if command == UpdateCommand.DELETE:
        return without(pool, _unused(network, wanted, index))
    raise unknown_command(command)


def _unused(network: Network, wanted: ForwardInterface, index: int | None) -> int:
    if index is None:
        raise OperationInvalid(
            f"couldn't find an interface entry in network '{network.name}' matching "
            f"<interface dev='{wanted.dev}'>"
        )
    connections = network.forward.interfaces[index].connections
    if connections > 0:
        raise OperationInvalid(
            f"unable to delete interface '{wanted.dev}' in network '{network.name}'. It is "
            f"currently being used by {connections} domains."
        )
    return index


def change_portgroup(network: Network, command: int, _parent_index: int, item: Fragment) -> Network:
    item.expect("portgroup")
    group = item.portgroup()
    index = first(network.portgroups, lambda other: other.name == group.name)
    _check_presence(network, command, group, index)
    if command != UpdateCommand.DELETE:
        _refuse_second_default(network, group)
    return replace(network, portgroups=_portgroups(network, command, group, index))


def _portgroups(
    network: Network, command: int, group: PortGroup, index: int | None
) -> tuple[PortGroup, ...]:
    if is_add(command):
        return added(network.portgroups, group, command)
    if index is not None and command == UpdateCommand.MODIFY:
        return replaced(network.portgroups, index, group)
    if index is not None and command == UpdateCommand.DELETE:
        return without(network.portgroups, index)
    raise unknown_command(command)


def _check_presence(network: Network, command: int, group: PortGroup, index: int | None) -> None:
    if index is None and command in (UpdateCommand.MODIFY, UpdateCommand.DELETE):
        raise OperationInvalid(
            f"couldn't find a portgroup entry in network '{network.name}' matching "
            f"<portgroup name='{group.name}'>"
        )
    if index is not None and is_add(command):
        raise OperationInvalid(
            f"there is an existing portgroup entry in network '{network.name}' that matches "
            f"\"<portgroup name='{group.name}'>\""
        )


def _refuse_second_default(network: Network, group: PortGroup) -> None:
    others = (other for other in network.portgroups if other.name != group.name)
    if group.default and any(other.default for other in others):
        raise OperationInvalid(
            f"a different portgroup entry in network '{network.name}' is already set as the "
            "default. Only one default is allowed."
        )
