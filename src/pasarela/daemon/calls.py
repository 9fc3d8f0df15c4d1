"""What each call of the protocol means to the engine: one short function a procedure.

They are given the engine and the call's arguments, and return the values of the reply.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from pasarela.daemon.served import ServedEngine
from pasarela.engine.flags import AFFECT, check_flags
from pasarela.errors import InvalidArgument
from pasarela.model.handles import (
    Affect,
    InterfaceFilter,
    InterfaceRef,
    MetadataType,
    NetworkFilter,
    NetworkRef,
    PortRef,
)
from pasarela.rpc.errors import RpcError
from pasarela.rpc.handles import PARAMETER_UINT, WHOLE_NUMBERS, Parameter
from pasarela.rpc.procedures import BY_NAME, NAMES_MAX

Values = tuple[Any, ...]
Handler = Callable[..., Values]

INACTIVE_XML = 1
VALIDATE = 1
RECLAIM, VALIDATE_PORT = 1, 2

HANDLERS: dict[int, Handler] = {}


def answers(name: str) -> Callable[[Handler], Handler]:
    """Enter a function as what answers a procedure."""

    def enter(handler: Handler) -> Handler:
        HANDLERS[BY_NAME[name].number] = handler
        return handler

    return enter


def _listed(found: Sequence[Any], need_results: int) -> Values:
    return (list(found) if need_results else [], len(found))


def _names(found: Sequence[str], maximum: int, limit: str) -> Values:
    if maximum > NAMES_MAX:
        raise RpcError(f"maxnames > {limit}")
    if maximum < 0:
        raise RpcError("maxnames must be non-negative")
    return (list(found)[:maximum],)


# looking up and listing


@answers("list_networks")
def _list_networks(engine: ServedEngine, need_results: int, flags: int) -> Values:
    encoded, count = engine.network_list(NetworkFilter(flags))
    return (encoded if need_results else [], count)


@answers("list_network_names")
def _list_network_names(engine: ServedEngine, maximum: int) -> Values:
    return _names(_of(engine, NetworkFilter.ACTIVE), maximum, "REMOTE_NETWORK_LIST_MAX")


@answers("list_defined_networks")
def _list_defined_networks(engine: ServedEngine, maximum: int) -> Values:
    return _names(_of(engine, NetworkFilter.INACTIVE), maximum, "REMOTE_NETWORK_LIST_MAX")


@answers("count_networks")
def _count_networks(engine: ServedEngine) -> Values:
    return (len(_of(engine, NetworkFilter.ACTIVE)),)


@answers("count_defined_networks")
def _count_defined_networks(engine: ServedEngine) -> Values:
    return (len(_of(engine, NetworkFilter.INACTIVE)),)


def _of(engine: ServedEngine, flags: NetworkFilter) -> list[str]:
    return [network.name for network in engine.list_networks(flags)]


@answers("lookup_by_name")
def _lookup_by_name(engine: ServedEngine, name: str) -> Values:
    return (engine.lookup_by_name(name),)


@answers("lookup_by_uuid")
def _lookup_by_uuid(engine: ServedEngine, uuid: UUID) -> Values:
    return (engine.lookup_by_uuid(uuid),)


@answers("is_active")
def _is_active(engine: ServedEngine, network: NetworkRef) -> Values:
    return (int(engine.is_active(network)),)


@answers("is_persistent")
def _is_persistent(engine: ServedEngine, network: NetworkRef) -> Values:
    return (int(engine.is_persistent(network)),)


@answers("get_autostart")
def _get_autostart(engine: ServedEngine, network: NetworkRef) -> Values:
    return (int(engine.autostart(network)),)


@answers("bridge_name")
def _bridge_name(engine: ServedEngine, network: NetworkRef) -> Values:
    return (engine.bridge_name(network),)


@answers("xml_desc")
def _xml_desc(engine: ServedEngine, network: NetworkRef, flags: int) -> Values:
    check_flags(flags, INACTIVE_XML, "networkGetXMLDesc")
    return (engine.xml_desc(network, inactive=bool(flags & INACTIVE_XML)),)


@answers("dhcp_leases")
def _dhcp_leases(
    engine: ServedEngine, network: NetworkRef, mac: str | None, need_results: int, flags: int
) -> Values:
    check_flags(flags, 0, "networkGetDHCPLeases")
    return _listed(engine.dhcp_leases(network, mac), need_results)


# life cycle


@answers("define_xml")
def _define_xml(engine: ServedEngine, xml: str) -> Values:
    return (engine.define_xml(xml),)


@answers("define_xml_flags")
def _define_xml_flags(engine: ServedEngine, xml: str, flags: int) -> Values:
    check_flags(flags, VALIDATE, "networkDefineXMLFlags")
    return (engine.define_xml(xml, validate=bool(flags & VALIDATE)),)


@answers("create_xml")
def _create_xml(engine: ServedEngine, xml: str) -> Values:
    return (engine.create_xml(xml),)


@answers("create_xml_flags")
def _create_xml_flags(engine: ServedEngine, xml: str, flags: int) -> Values:
    check_flags(flags, VALIDATE, "networkCreateXMLFlags")
    return (engine.create_xml(xml, validate=bool(flags & VALIDATE)),)


@answers("create")
def _create(engine: ServedEngine, network: NetworkRef) -> Values:
    engine.start(network)
    return ()


@answers("destroy")
def _destroy(engine: ServedEngine, network: NetworkRef) -> Values:
    engine.destroy(network)
    return ()


@answers("undefine")
def _undefine(engine: ServedEngine, network: NetworkRef) -> Values:
    engine.undefine(network)
    return ()


@answers("set_autostart")
def _set_autostart(engine: ServedEngine, network: NetworkRef, enabled: int) -> Values:
    engine.set_autostart(network, bool(enabled))
    return ()


# changes


@answers("update")
def _update(
    engine: ServedEngine,
    network: NetworkRef,
    command: int,
    section: int,
    parent_index: int,
    xml: str,
    flags: int,
) -> Values:
    engine.update(network, command, section, xml, parent_index=parent_index, flags=Affect(flags))
    return ()


@answers("metadata")
def _metadata(
    engine: ServedEngine, network: NetworkRef, kind: int, uri: str | None, flags: int
) -> Values:
    check_flags(flags, AFFECT, "virNetworkObjGetMetadata")
    return (engine.metadata(network, _metadata_kind(kind), uri, Affect(flags)),)


@answers("set_metadata")
def _set_metadata(
    engine: ServedEngine,
    network: NetworkRef,
    kind: int,
    text: str | None,
    key: str | None,
    uri: str | None,
    flags: int,
) -> Values:
    check_flags(flags, AFFECT, "networkSetMetadata")
    engine.set_metadata(network, _metadata_kind(kind), text, key, uri, Affect(flags))
    return ()


def _metadata_kind(number: int) -> MetadataType:
    try:
        return MetadataType(number)
    except ValueError:
        raise InvalidArgument(f"unknown metadata type '{number}'") from None


# ports


@answers("list_ports")
def _list_ports(engine: ServedEngine, network: NetworkRef, need: int, flags: int) -> Values:
    check_flags(flags, 0, "networkListAllPorts")
    return _listed(engine.list_ports(network), need)


@answers("port_lookup")
def _port_lookup(engine: ServedEngine, network: NetworkRef, uuid: UUID) -> Values:
    return (engine.port_lookup(network, uuid),)


@answers("port_create_xml")
def _port_create_xml(engine: ServedEngine, network: NetworkRef, xml: str, flags: int) -> Values:
    check_flags(flags, RECLAIM | VALIDATE_PORT, "networkPortCreateXML")
    reclaim, validate = bool(flags & RECLAIM), bool(flags & VALIDATE_PORT)
    return (engine.port_create_xml(network, xml, reclaim=reclaim, validate=validate),)


@answers("port_xml_desc")
def _port_xml_desc(engine: ServedEngine, port: PortRef, flags: int) -> Values:
    check_flags(flags, 0, "networkPortGetXMLDesc")
    return (engine.port_xml_desc(port),)


@answers("port_parameters")
def _port_parameters(engine: ServedEngine, port: PortRef, wanted: int, flags: int) -> Values:
    check_flags(flags, 0, "networkPortGetParameters")
    found = engine.port_parameters(port)
    parameters = [Parameter(name, (PARAMETER_UINT, value)) for name, value in found.items()]
    return (parameters, 0)  # libvirt's server leaves the number at 0, too


@answers("set_port_parameters")
def _set_port_parameters(
    engine: ServedEngine, port: PortRef, parameters: list[Parameter], flags: int
) -> Values:
    check_flags(flags, 0, "networkPortSetParameters")
    # Whatever the type that is sent, libvirt takes the lower half for the number that it wants.
    values = {
        name: number & 0xFFFFFFFF for name, (kind, number) in parameters if kind in WHOLE_NUMBERS
    }
    engine.port_set_parameters(port, values)
    return ()


@answers("port_delete")
def _port_delete(engine: ServedEngine, port: PortRef, flags: int) -> Values:
    check_flags(flags, 0, "networkPortDelete")
    engine.port_delete(port)
    return ()


# the host's interfaces


@answers("list_interfaces")
def _list_interfaces(engine: ServedEngine, need_results: int, flags: int) -> Values:
    return _listed(engine.list_interfaces(InterfaceFilter(flags)), need_results)


@answers("count_interfaces")
def _count_interfaces(engine: ServedEngine) -> Values:
    return (len(engine.state_names("up")),)


@answers("count_defined_interfaces")
def _count_defined_interfaces(engine: ServedEngine) -> Values:
    return (len(engine.state_names("down")),)


@answers("list_interface_names")
def _list_interface_names(engine: ServedEngine, maximum: int) -> Values:
    return _names(engine.state_names("up"), maximum, "REMOTE_INTERFACE_LIST_MAX")


@answers("list_defined_interfaces")
def _list_defined_interfaces(engine: ServedEngine, maximum: int) -> Values:
    return _names(engine.state_names("down"), maximum, "REMOTE_DEFINED_INTERFACE_LIST_MAX")


@answers("interface_by_name")
def _interface_by_name(engine: ServedEngine, name: str) -> Values:
    return (engine.interface_lookup_by_name(name),)


@answers("interface_by_mac")
def _interface_by_mac(engine: ServedEngine, mac: str) -> Values:
    return (engine.interface_lookup_by_mac(mac),)


@answers("interface_xml_desc")
def _interface_xml_desc(engine: ServedEngine, interface: InterfaceRef, flags: int) -> Values:
    check_flags(flags, INACTIVE_XML, "udevInterfaceGetXMLDesc")
    return (engine.interface_xml_desc(interface, inactive=bool(flags & INACTIVE_XML)),)


@answers("interface_is_active")
def _interface_is_active(engine: ServedEngine, interface: InterfaceRef) -> Values:
    return (int(engine.interface_is_active(interface)),)


@answers("interface_define")
def _interface_define(engine: ServedEngine, xml: str, flags: int) -> Values:
    check_flags(flags, VALIDATE, "netcfInterfaceDefineXML")
    return (engine.interface_define_xml(xml, validate=bool(flags & VALIDATE)),)


@answers("interface_undefine")
def _interface_undefine(engine: ServedEngine, interface: InterfaceRef) -> Values:
    engine.interface_undefine(interface)
    return ()


@answers("interface_create")
def _interface_create(engine: ServedEngine, interface: InterfaceRef, flags: int) -> Values:
    check_flags(flags, 0, "netcfInterfaceCreate")
    engine.interface_create(interface)
    return ()


@answers("interface_destroy")
def _interface_destroy(engine: ServedEngine, interface: InterfaceRef, flags: int) -> Values:
    check_flags(flags, 0, "netcfInterfaceDestroy")
    engine.interface_destroy(interface)
    return ()


@answers("change_begin")
def _change_begin(engine: ServedEngine, flags: int) -> Values:
    check_flags(flags, 0, "netcfInterfaceChangeBegin")
    engine.interface_change_begin()
    return ()


@answers("change_commit")
def _change_commit(engine: ServedEngine, flags: int) -> Values:
    check_flags(flags, 0, "netcfInterfaceChangeCommit")
    engine.interface_change_commit()
    return ()


@answers("change_rollback")
def _change_rollback(engine: ServedEngine, flags: int) -> Values:
    check_flags(flags, 0, "netcfInterfaceChangeRollback")
    engine.interface_change_rollback()
    return ()
