"""Calls each method of libvirt-python for networks or interfaces, and prints what comes back.

Run with a URI and one of MODES, by a Python that has libvirt-python; not a test itself.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any

import libvirt  # type: ignore[import-not-found,unused-ignore]

NAT = """
<network><name>nat</name><uuid>00000000-0000-4000-8000-000000000001</uuid><forward mode='nat'/>
<bridge name='wbr1' stp='off' delay='0'/><ip address='10.77.1.1' netmask='255.255.255.0'>
<dhcp><range start='10.77.1.100' end='10.77.1.120'/></dhcp></ip></network>"""
ISOLATED = (
    "<network><name>isolated</name><uuid>00000000-0000-4000-8000-000000000002</uuid></network>"
)
PORT = """
<networkport><uuid>00000000-0000-4000-9000-000000000001</uuid><owner><name>guest</name>
<uuid>00000000-0000-4000-a000-000000000001</uuid></owner><mac address='52:54:00:00:00:01'/>
</networkport>"""
HOST = "<host mac='52:54:00:00:00:02' ip='10.77.1.50'/>"
URI = "http://example.org/"


def show(name: str, call: Callable[..., Any], *arguments: Any) -> Any:
    """Print the result, or the error's fields; objects as their names."""
    try:
        found = call(*arguments)
    except libvirt.libvirtError as error:
        fields = error.get_error_code(), error.get_error_domain(), error.get_error_message()
        print(f"{name}: {fields}")
        return None
    except LookupError as error:  # setParameters, whatever the daemon: libvirt counts none
        print(f"{name}: {error}")
        return None
    print(f"{name}: {text_of(found)}")
    return found


def text_of(found: Any) -> str:
    if isinstance(found, list):
        return str(sorted(text_of(one) for one in found))  # libvirt's order is a hash table's
    if isinstance(found, libvirt.virNetworkPort):
        return f"port {found.UUIDString()}"
    if isinstance(found, (libvirt.virNetwork, libvirt.virInterface)):
        return f"{type(found).__name__} {found.name()}"
    return str(found)


class Events:
    """libvirt-python's own loop in a thread, and what it has brought."""

    def __init__(self) -> None:
        libvirt.virEventRegisterDefaultImpl()
        self.seen: list[tuple[Any, ...]] = []
        self.last = threading.Event()
        threading.Thread(target=self._turn, daemon=True).start()

    def _turn(self) -> None:
        while True:
            libvirt.virEventRunDefaultImpl()

    def lifecycle(self, _: Any, network: Any, event: int, detail: int, opaque: str) -> None:
        self.seen.append(("lifecycle", network.name(), event, detail, opaque))
        if (network.name(), event) == ("isolated", libvirt.VIR_NETWORK_EVENT_UNDEFINED):
            self.last.set()

    def metadata(self, _: Any, network: Any, kind: int, uri: str, opaque: str) -> None:
        self.seen.append(("metadata", network.name(), kind, uri, opaque))


def networks(uri: str) -> None:
    events = Events()
    connection = libvirt.open(uri)
    show("setKeepAlive", connection.setKeepAlive, 5, 3)
    show("isAlive", connection.isAlive)
    show("isEncrypted", connection.isEncrypted)
    show("isSecure", connection.isSecure)
    show("getType", connection.getType)
    show("getLibVersion", connection.getLibVersion)
    show("setIdentity", connection.setIdentity, {"user-name": "root"})
    show("getHostname", connection.getHostname)
    lifecycle, metadata = (
        libvirt.VIR_NETWORK_EVENT_ID_LIFECYCLE,
        libvirt.VIR_NETWORK_EVENT_ID_METADATA_CHANGE,
    )
    numbers = [
        connection.networkEventRegisterAny(None, lifecycle, events.lifecycle, "any"),
        connection.networkEventRegisterAny(None, metadata, events.metadata, "any"),
    ]
    show("create it", connection.networkCreateXML, ISOLATED.replace("isolated", "transient", 1))
    show("it again", connection.networkCreateXMLFlags, ISOLATED, 0)
    show("destroy it", connection.networkLookupByName("transient").destroy)
    nat = show("networkDefineXML", connection.networkDefineXML, NAT)
    isolated = show("networkDefineXMLFlags", connection.networkDefineXMLFlags, ISOLATED, 1)
    numbers.append(connection.networkEventRegisterAny(nat, lifecycle, events.lifecycle, "nat"))
    show("listAllNetworks", connection.listAllNetworks)
    show("listAllNetworks(active)", connection.listAllNetworks, 2)
    show("listNetworks", connection.listNetworks)
    show("listDefinedNetworks", connection.listDefinedNetworks)
    show("numOfNetworks", connection.numOfNetworks)
    show("numOfDefinedNetworks", connection.numOfDefinedNetworks)
    show("networkLookupByName", connection.networkLookupByName, "nat")
    show("networkLookupByName", connection.networkLookupByName, "nowhere")
    show("networkLookupByUUID", connection.networkLookupByUUID, nat.UUID())
    show("networkLookupByUUIDString", connection.networkLookupByUUIDString, nat.UUIDString())
    methods_of_network(nat)
    ports(nat)
    leave(connection, nat, isolated)
    assert events.last.wait(20), "the last event did not come"
    for number in numbers:
        show("networkEventDeregisterAny", connection.networkEventDeregisterAny, number)
    for event in events.seen:
        print("event", *event)
    print("close", connection.close())


def methods_of_network(nat: Any) -> None:
    show("XMLDesc", nat.XMLDesc, 0)
    show("create", nat.create)
    show("create again", nat.create)
    for name in ("name", "UUIDString", "bridgeName", "isActive", "isPersistent", "autostart"):
        show(name, getattr(nat, name))
    show("setAutostart", nat.setAutostart, 1)
    show("autostart", nat.autostart)
    show("DHCPLeases", nat.DHCPLeases)
    show("DHCPLeases of", nat.DHCPLeases, "52:54:00:00:00:01")
    add, section = (
        libvirt.VIR_NETWORK_UPDATE_COMMAND_ADD_LAST,
        libvirt.VIR_NETWORK_SECTION_IP_DHCP_HOST,
    )
    show("update", nat.update, add, section, -1, HOST, 3)
    show("update again", nat.update, add, section, -1, HOST, 3)
    show("update of nothing", nat.update, add, 99, -1, HOST, 3)
    description, title, element = 0, 1, 2
    show("metadata", nat.metadata, description, None)
    show("setMetadata", nat.setMetadata, description, "a text", None, None, 3)
    show("setMetadata", nat.setMetadata, title, "a title", None, None, 0)
    show("setMetadata", nat.setMetadata, element, "<a/>", "k", URI, 3)
    show("setMetadata", nat.setMetadata, element, "<a/>", None, URI)
    show("metadata", nat.metadata, description, None)
    show("metadata", nat.metadata, title, None, 2)
    show("metadata", nat.metadata, element, URI)
    show("XMLDesc", nat.XMLDesc, 0)
    show("XMLDesc(inactive)", nat.XMLDesc, 1)
    show("remove metadata", nat.setMetadata, element, None, None, URI, 3)


def ports(nat: Any) -> None:
    port = show("portCreateXML", nat.portCreateXML, PORT)
    show("portCreateXML again", nat.portCreateXML, PORT)
    show("listAllPorts", nat.listAllPorts)
    show("portLookupByUUID", nat.portLookupByUUID, port.UUID())
    show("portLookupByUUIDString", nat.portLookupByUUIDString, port.UUIDString())
    show("port's network", port.network)
    show("parameters", port.parameters)
    show("setParameters", port.setParameters, {"inbound.average": 100, "outbound.peak": 200})
    show("parameters", port.parameters)
    show("port's XMLDesc", port.XMLDesc)
    show("delete", port.delete)
    show("delete again", port.delete)
    show("listAllPorts", nat.listAllPorts)


def leave(connection: Any, nat: Any, isolated: Any) -> None:
    show("destroy", nat.destroy)
    show("destroy again", nat.destroy)
    show("undefine", nat.undefine)
    show("name of the undefined", nat.isActive)
    show("listAllNetworks", connection.listAllNetworks)
    show("undefine", isolated.undefine)


def interfaces(uri: str) -> None:
    connection = libvirt.open(uri)
    show("listAllInterfaces", connection.listAllInterfaces)
    show("listAllInterfaces(inactive)", connection.listAllInterfaces, 1)
    show("listInterfaces", connection.listInterfaces)
    show("listDefinedInterfaces", connection.listDefinedInterfaces)
    show("numOfInterfaces", connection.numOfInterfaces)
    show("numOfDefinedInterfaces", connection.numOfDefinedInterfaces)
    show("interfaceLookupByName", connection.interfaceLookupByName, "nowhere")
    show("interfaceLookupByMACString", connection.interfaceLookupByMACString, "02:00:00:00:00:07")
    for name in connection.listInterfaces():
        interface = show("interfaceLookupByName", connection.interfaceLookupByName, name)
        show("isActive", interface.isActive)
        show("MACString", interface.MACString)
        show("XMLDesc", interface.XMLDesc)
        show("XMLDesc(inactive)", interface.XMLDesc, 1)


def changes(uri: str) -> None:
    connection = libvirt.open(uri)
    document = "<interface type='bridge' name='br9'><bridge stp='off'/></interface>"
    show("changeBegin", connection.changeBegin)
    show("changeBegin again", connection.changeBegin)
    bridge = show("interfaceDefineXML", connection.interfaceDefineXML, document)
    show("listDefinedInterfaces", connection.listDefinedInterfaces)
    show("numOfDefinedInterfaces", connection.numOfDefinedInterfaces)
    show("create", bridge.create)
    show("isActive", bridge.isActive)
    show("name", bridge.name)
    show("destroy", bridge.destroy)
    show("isActive", bridge.isActive)
    show("changeCommit", connection.changeCommit)
    show("changeRollback", connection.changeRollback)
    show("undefine", bridge.undefine)
    show("undefine again", bridge.undefine)
    show("listDefinedInterfaces", connection.listDefinedInterfaces)


MODES = {"networks": networks, "interfaces": interfaces, "changes": changes}

if __name__ == "__main__":
    MODES[sys.argv[2]](sys.argv[1])
