"""The procedures of libvirt's remote program that a network and interface daemon answers.

Numbers, arguments and results are those of libvirt's remote_protocol.x.
"""

from __future__ import annotations

from pasarela.rpc.handles import INTERFACE, LEASE, NETWORK, PARAMETER, PORT
from pasarela.rpc.procedure import Event, Family, Procedure
from pasarela.rpc.xdr import INT, STRING, UHYPER, UINT, UUID_TYPE, Type, array, optional

NAMES_MAX = 16384
LEASES_MAX = 65536
NAMES = array(STRING, NAMES_MAX)
NETWORKS = array(NETWORK, NAMES_MAX)
MAYBE = optional(STRING)


def _auth(number: int, name: str, result: Type) -> Procedure:
    return Procedure(number, name, Family.AUTH, name, (), (result,))


def _connection(
    number: int,
    name: str,
    api: str,
    arguments: tuple[Type, ...] = (),
    result: tuple[Type, ...] = (),
) -> Procedure:
    return Procedure(number, name, Family.CONNECTION, api, arguments, result)


def _network(
    number: int,
    name: str,
    api: str,
    arguments: tuple[Type, ...] = (),
    result: tuple[Type, ...] = (),
    *,
    writes: bool = False,
) -> Procedure:
    return Procedure(number, name, Family.NETWORK, api, arguments, result, writes)


def _interface(
    number: int,
    name: str,
    api: str,
    arguments: tuple[Type, ...] = (),
    result: tuple[Type, ...] = (),
    *,
    writes: bool = False,
) -> Procedure:
    return Procedure(number, name, Family.INTERFACE, api, arguments, result, writes)


PROCEDURES = (
    _connection(1, "open", "virConnectOpen", (MAYBE, UINT)),
    _connection(2, "close", "virConnectClose"),
    _connection(3, "get_type", "virConnectGetType", (), (STRING,)),
    _connection(59, "get_hostname", "virConnectGetHostname", (), (STRING,)),
    _connection(60, "supports_feature", "virConnectSupportsFeature", (INT,), (INT,)),
    _auth(66, "auth_list", array(INT, 20)),
    _auth(67, "auth_sasl_init", STRING),
    _auth(68, "auth_sasl_start", INT),
    _auth(69, "auth_sasl_step", INT),
    _auth(70, "auth_polkit", INT),
    _connection(110, "get_uri", "virConnectGetURI", (), (STRING,)),
    _connection(149, "is_secure", "virConnectIsSecure", (), (INT,)),
    _connection(157, "get_lib_version", "virConnectGetLibVersion", (), (UHYPER,)),
    _connection(360, "register_close_callback", "virConnectRegisterCloseCallback"),
    _connection(361, "unregister_close_callback", "virConnectUnregisterCloseCallback"),
    _connection(419, "set_identity", "virConnectSetIdentity", (array(PARAMETER, 20), UINT)),
    # networks
    _network(36, "list_defined_networks", "virConnectListDefinedNetworks", (INT,), (NAMES,)),
    _network(38, "list_network_names", "virConnectListNetworks", (INT,), (NAMES,)),
    _network(39, "create", "virNetworkCreate", (NETWORK,), writes=True),
    _network(40, "create_xml", "virNetworkCreateXML", (STRING,), (NETWORK,), writes=True),
    _network(41, "define_xml", "virNetworkDefineXML", (STRING,), (NETWORK,), writes=True),
    _network(42, "destroy", "virNetworkDestroy", (NETWORK,), writes=True),
    _network(43, "xml_desc", "virNetworkGetXMLDesc", (NETWORK, UINT), (STRING,)),
    _network(44, "get_autostart", "virNetworkGetAutostart", (NETWORK,), (INT,)),
    _network(45, "bridge_name", "virNetworkGetBridgeName", (NETWORK,), (STRING,)),
    _network(46, "lookup_by_name", "virNetworkLookupByName", (STRING,), (NETWORK,)),
    _network(47, "lookup_by_uuid", "virNetworkLookupByUUID", (UUID_TYPE,), (NETWORK,)),
    _network(48, "set_autostart", "virNetworkSetAutostart", (NETWORK, INT), writes=True),
    _network(49, "undefine", "virNetworkUndefine", (NETWORK,), writes=True),
    _network(50, "count_defined_networks", "virConnectNumOfDefinedNetworks", (), (INT,)),
    _network(52, "count_networks", "virConnectNumOfNetworks", (), (INT,)),
    _network(152, "is_active", "virNetworkIsActive", (NETWORK,), (INT,)),
    _network(153, "is_persistent", "virNetworkIsPersistent", (NETWORK,), (INT,)),
    _network(
        283,
        "list_networks",
        "virConnectListAllNetworks",
        (INT, UINT),
        (NETWORKS, UINT),
    ),
    _network(
        291,
        "update",
        "virNetworkUpdate",
        (NETWORK, UINT, UINT, INT, STRING, UINT),
        writes=True,
    ),
    _network(
        313,
        "register_event",
        "virConnectNetworkEventRegisterAny",
        (INT, optional(NETWORK)),
        (INT,),
    ),
    _network(314, "deregister_event", "virConnectNetworkEventDeregisterAny", (INT,)),
    _network(
        341,
        "dhcp_leases",
        "virNetworkGetDHCPLeases",
        (NETWORK, MAYBE, INT, UINT),
        (array(LEASE, LEASES_MAX), UINT),
    ),
    _network(
        404,
        "list_ports",
        "virNetworkListAllPorts",
        (NETWORK, INT, UINT),
        (array(PORT, NAMES_MAX), UINT),
    ),
    _network(405, "port_lookup", "virNetworkPortLookupByUUID", (NETWORK, UUID_TYPE), (PORT,)),
    _network(
        406,
        "port_create_xml",
        "virNetworkPortCreateXML",
        (NETWORK, STRING, UINT),
        (PORT,),
        writes=True,
    ),
    _network(
        407,
        "port_parameters",
        "virNetworkPortGetParameters",
        (PORT, INT, UINT),
        (array(PARAMETER, 16), INT),
    ),
    _network(
        408,
        "set_port_parameters",
        "virNetworkPortSetParameters",
        (PORT, array(PARAMETER, 16), UINT),
        writes=True,
    ),
    _network(409, "port_xml_desc", "virNetworkPortGetXMLDesc", (PORT, UINT), (STRING,)),
    _network(410, "port_delete", "virNetworkPortDelete", (PORT, UINT), writes=True),
    _network(
        432, "define_xml_flags", "virNetworkDefineXMLFlags", (STRING, UINT), (NETWORK,), writes=True
    ),
    _network(
        437, "create_xml_flags", "virNetworkCreateXMLFlags", (STRING, UINT), (NETWORK,), writes=True
    ),
    _network(
        444,
        "set_metadata",
        "virNetworkSetMetadata",
        (NETWORK, INT, MAYBE, MAYBE, MAYBE, UINT),
        writes=True,
    ),
    _network(445, "metadata", "virNetworkGetMetadata", (NETWORK, INT, MAYBE, UINT), (STRING,)),
    # the host's interfaces
    _interface(126, "count_interfaces", "virConnectNumOfInterfaces", (), (INT,)),
    _interface(127, "list_interface_names", "virConnectListInterfaces", (INT,), (NAMES,)),
    _interface(128, "interface_by_name", "virInterfaceLookupByName", (STRING,), (INTERFACE,)),
    _interface(129, "interface_by_mac", "virInterfaceLookupByMACString", (STRING,), (INTERFACE,)),
    _interface(130, "interface_xml_desc", "virInterfaceGetXMLDesc", (INTERFACE, UINT), (STRING,)),
    _interface(
        131, "interface_define", "virInterfaceDefineXML", (STRING, UINT), (INTERFACE,), writes=True
    ),
    _interface(132, "interface_undefine", "virInterfaceUndefine", (INTERFACE,), writes=True),
    _interface(133, "interface_create", "virInterfaceCreate", (INTERFACE, UINT), writes=True),
    _interface(134, "interface_destroy", "virInterfaceDestroy", (INTERFACE, UINT), writes=True),
    _interface(137, "count_defined_interfaces", "virConnectNumOfDefinedInterfaces", (), (INT,)),
    _interface(138, "list_defined_interfaces", "virConnectListDefinedInterfaces", (INT,), (NAMES,)),
    _interface(156, "interface_is_active", "virInterfaceIsActive", (INTERFACE,), (INT,)),
    _interface(220, "change_begin", "virInterfaceChangeBegin", (UINT,), writes=True),
    _interface(221, "change_commit", "virInterfaceChangeCommit", (UINT,), writes=True),
    _interface(222, "change_rollback", "virInterfaceChangeRollback", (UINT,), writes=True),
    _interface(
        284,
        "list_interfaces",
        "virConnectListAllInterfaces",
        (INT, UINT),
        (array(INTERFACE, NAMES_MAX), UINT),
    ),
)

LIFECYCLE = Event(315, "lifecycle", (INT, NETWORK, INT, INT))
METADATA_CHANGE = Event(446, "metadata_change", (INT, NETWORK, INT, MAYBE))
CONNECTION_CLOSED = Event(362, "connection_closed", (INT,))

BY_NUMBER = {procedure.number: procedure for procedure in PROCEDURES}
BY_NAME = {procedure.name: procedure for procedure in PROCEDURES}
EVENTS = {event.number: event for event in (LIFECYCLE, METADATA_CHANGE, CONNECTION_CLOSED)}
