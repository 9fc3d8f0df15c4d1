"""A small connection in memory, for what the command line prints and asks for."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from pasarela.errors import (
    InterfaceNotFound,
    InternalError,
    MetadataNotFound,
    NetworkNotFound,
    OperationInvalid,
    PortNotFound,
)
from pasarela.model.handles import (
    Affect,
    InterfaceFilter,
    InterfaceRef,
    Lease,
    MetadataType,
    NetworkEvent,
    NetworkFilter,
    NetworkRef,
    PortRef,
    UpdateCommand,
    UpdateSection,
)


@dataclass
class FakeNetwork:
    name: str
    uuid: UUID
    active: bool = False
    persistent: bool = True
    autostart: bool = False
    bridge: str | None = "virbr0"
    xml: str = "<network>\n</network>\n"
    leases: list[Lease] = field(default_factory=list)
    ports: list[UUID] = field(default_factory=list)
    metadata: dict[tuple[MetadataType, str | None], str] = field(default_factory=dict)

    @property
    def ref(self) -> NetworkRef:
        return NetworkRef(self.name, self.uuid)


class FakeConnection:
    """Looks like a Connection; ``calls`` is what changed something, in order."""

    def __init__(self, *networks: FakeNetwork, interfaces: Sequence[InterfaceRef] = ()) -> None:
        self.networks = {network.uuid: network for network in networks}
        self.interfaces = list(interfaces)
        self.configured: dict[str, str] = {}
        self.pending: list[NetworkEvent] = []
        self.calls: list[tuple[object, ...]] = []
        self.closed = False

    def _of(self, network: NetworkRef) -> FakeNetwork:
        return self.networks[network.uuid]

    def list_networks(self, flags: NetworkFilter = NetworkFilter.ALL) -> list[NetworkRef]:
        return [n.ref for n in self.networks.values() if _passes(n, flags)]

    def lookup_by_name(self, name: str) -> NetworkRef:
        for network in self.networks.values():
            if network.name == name:
                return network.ref
        raise NetworkNotFound(f"no network with matching name '{name}'")

    def lookup_by_uuid(self, uuid: UUID) -> NetworkRef:
        if uuid in self.networks:
            return self.networks[uuid].ref
        raise NetworkNotFound(f"no network with matching uuid '{uuid}'")

    def is_active(self, network: NetworkRef) -> bool:
        return self._of(network).active

    def is_persistent(self, network: NetworkRef) -> bool:
        return self._of(network).persistent

    def autostart(self, network: NetworkRef) -> bool:
        return self._of(network).autostart

    def bridge_name(self, network: NetworkRef) -> str:
        name = self._of(network).bridge
        if name is None:
            raise InternalError(f"network '{network.name}' does not have a bridge name.")
        return name

    def xml_desc(self, network: NetworkRef, *, inactive: bool = False) -> str:
        return self._of(network).xml

    def dhcp_leases(self, network: NetworkRef, mac: str | None = None) -> list[Lease]:
        return [lease for lease in self._of(network).leases if mac in (None, lease.mac)]

    def define_xml(self, xml: str, *, validate: bool = False) -> NetworkRef:
        self.calls.append(("define", xml, validate))
        network = next(iter(self.networks.values()))
        network.xml = xml
        return network.ref

    def create_xml(self, xml: str, *, validate: bool = False) -> NetworkRef:
        self.calls.append(("create", xml, validate))
        return next(iter(self.networks.values())).ref

    def start(self, network: NetworkRef) -> None:
        if self._of(network).active:
            raise OperationInvalid("network is already active")
        self._of(network).active = True

    def destroy(self, network: NetworkRef) -> None:
        if not self._of(network).active:
            raise OperationInvalid(f"network '{network.name}' is not active")
        self._of(network).active = False

    def undefine(self, network: NetworkRef) -> None:
        del self.networks[network.uuid]

    def set_autostart(self, network: NetworkRef, enabled: bool) -> None:
        self._of(network).autostart = enabled

    def update(
        self,
        network: NetworkRef,
        command: UpdateCommand | int,
        section: UpdateSection | int,
        xml: str,
        *,
        parent_index: int = -1,
        flags: Affect = Affect.CURRENT,
    ) -> None:
        self.calls.append(("update", command, section, xml, parent_index, flags))

    def daemon_version(self) -> str:
        return "11.3.0"

    def metadata(
        self,
        network: NetworkRef,
        kind: MetadataType,
        uri: str | None = None,
        flags: Affect = Affect.CURRENT,
    ) -> str:
        try:
            return self._of(network).metadata[kind, uri]
        except KeyError:
            raise MetadataNotFound("Requested metadata element is not present") from None

    def set_metadata(
        self,
        network: NetworkRef,
        kind: MetadataType,
        text: str | None,
        key: str | None = None,
        uri: str | None = None,
        flags: Affect = Affect.CURRENT,
    ) -> None:
        self.calls.append(("set_metadata", kind, text, key, uri, flags))
        if text:
            self._of(network).metadata[kind, uri] = text
        else:
            self._of(network).metadata.pop((kind, uri), None)

    def list_ports(self, network: NetworkRef) -> list[PortRef]:
        return [PortRef(network, uuid) for uuid in self._of(network).ports]

    def port_lookup(self, network: NetworkRef, uuid: UUID) -> PortRef:
        if uuid not in self._of(network).ports:
            raise PortNotFound(f"Network port with UUID {uuid} does not exist")
        return PortRef(network, uuid)

    def port_create_xml(
        self, network: NetworkRef, xml: str, *, reclaim: bool = False, validate: bool = False
    ) -> PortRef:
        uuid = UUID(int=len(self._of(network).ports) + 1)
        self._of(network).ports.append(uuid)
        return PortRef(network, uuid)

    def port_xml_desc(self, port: PortRef) -> str:
        return f"<networkport>\n  <uuid>{port.uuid}</uuid>\n</networkport>\n"

    def port_delete(self, port: PortRef) -> None:
        self._of(port.network).ports.remove(port.uuid)

    def events(
        self,
        handler: Callable[[NetworkEvent], bool],
        *,
        network: NetworkRef | None = None,
        timeout: float | None = None,
    ) -> None:
        for event in self.pending:
            if network in (None, event.network) and not handler(event):
                return

    def list_interfaces(
        self, flags: InterfaceFilter = InterfaceFilter.ALL
    ) -> Sequence[InterfaceRef]:
        return [i for i in self.interfaces if flags != InterfaceFilter.INACTIVE or i.name == "lo"]

    def interface_lookup_by_name(self, name: str) -> InterfaceRef:
        for interface in self.interfaces:
            if interface.name == name:
                return interface
        raise InterfaceNotFound(f"couldn't find interface named '{name}'")

    def interface_lookup_by_mac(self, mac: str) -> InterfaceRef:
        for interface in self.interfaces:
            if interface.mac == mac:
                return interface
        raise InterfaceNotFound(f"couldn't find interface with MAC address '{mac}'")

    def interface_is_active(self, interface: InterfaceRef) -> bool:
        return interface.name != "lo"

    def interface_xml_desc(self, interface: InterfaceRef, *, inactive: bool = False) -> str:
        if inactive and interface.name in self.configured:
            return self.configured[interface.name]
        return f"<interface type='ethernet' name='{interface.name}'>\n</interface>\n"

    def interface_define_xml(self, xml: str, *, validate: bool = False) -> InterfaceRef:
        self.calls.append(("interface_define", xml, validate))
        found = re.search("name='(.*?)'", xml)
        assert found
        interface = InterfaceRef(found[1], "")
        if interface.name not in [known.name for known in self.interfaces]:
            self.interfaces.append(interface)
        self.configured[interface.name] = xml
        return interface

    def interface_undefine(self, interface: InterfaceRef) -> None:
        self.calls.append(("interface_undefine", interface.name))

    def interface_create(self, interface: InterfaceRef) -> None:
        self.calls.append(("interface_create", interface.name))

    def interface_destroy(self, interface: InterfaceRef) -> None:
        self.calls.append(("interface_destroy", interface.name))

    def interface_change_begin(self) -> None:
        self.calls.append(("change_begin",))

    def interface_change_commit(self) -> None:
        self.calls.append(("change_commit",))

    def interface_change_rollback(self) -> None:
        self.calls.append(("change_rollback",))

    def close(self) -> None:
        self.closed = True


def _passes(network: FakeNetwork, flags: NetworkFilter) -> bool:
    groups = (
        (NetworkFilter.ACTIVE, NetworkFilter.INACTIVE, network.active),
        (NetworkFilter.PERSISTENT, NetworkFilter.TRANSIENT, network.persistent),
        (NetworkFilter.AUTOSTART, NetworkFilter.NO_AUTOSTART, network.autostart),
    )
    return all(not flags & (yes | no) or flags & (yes if fact else no) for yes, no, fact in groups)
