"""Networks, their ports and the host's interfaces as objects, for programs.

What means the same as in libvirt-python bears its name there, so that a program written for the
one reads like the other. What is better than there bears a name of its own: ``leases`` are values,
not dictionaries, ``definition`` is the parsed document, ``events`` needs no loop to be
registered. All raise `PasarelaError`; its ``code`` and ``default_domain`` are libvirt's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Self
from uuid import UUID

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

if TYPE_CHECKING:
    from types import TracebackType

    from pasarela.client.connection import Connection
    from pasarela.model.network import Network


class Host:
    """A host's networks and interfaces; a context manager that hangs up at its end.

    Threads may share one.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def __repr__(self) -> str:
        return f"<Host through {type(self.connection).__name__}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self.connection.close()

    # networks

    def listAllNetworks(self, flags: NetworkFilter = NetworkFilter.ALL) -> list[VirtualNetwork]:
        """By name, those that pass the filter; a group of flags without a bit does not filter."""
        return [self._network(ref) for ref in self.connection.list_networks(flags)]

    def listNetworks(self) -> list[str]:
        """The names of the active ones."""
        return [ref.name for ref in self.connection.list_networks(NetworkFilter.ACTIVE)]

    def listDefinedNetworks(self) -> list[str]:
        """The names of those that are defined and not active."""
        return [ref.name for ref in self.connection.list_networks(NetworkFilter.INACTIVE)]

    def networkLookupByName(self, name: str) -> VirtualNetwork:
        """
        Raises:
            NetworkNotFound: there is none of that name.
        """
        return self._network(self.connection.lookup_by_name(name))

    def networkLookupByUUIDString(self, uuid: str) -> VirtualNetwork:
        """
        Raises:
            NetworkNotFound: there is none with it.
            ValueError: it is no UUID.
        """
        return self._network(self.connection.lookup_by_uuid(UUID(uuid)))

    def networkDefineXML(self, xml: str, *, validate: bool = False) -> VirtualNetwork:
        """Define a network, or change the definition of the one that bears its name and UUID.

        Args:
            validate: refuse elements that libvirt's schema does not have.

        Raises:
            XmlError: the document is wrong; the error's location and remedy say where and what.
            Refused: it clashes with a network that is there.
        """
        return self._network(self.connection.define_xml(xml, validate=validate))

    def networkCreateXML(self, xml: str, *, validate: bool = False) -> VirtualNetwork:
        """Start a network that is forgotten when it ends. Raises what networkDefineXML does."""
        return self._network(self.connection.create_xml(xml, validate=validate))

    def events(
        self, handler: Callable[[NetworkEvent], bool], *, timeout: float | None = None
    ) -> None:
        """Hand what happens to networks to ``handler``, as it happens, until it returns False.

        What changes networks meanwhile is another thread's or process's `Host`.

        Args:
            timeout: seconds after which it returns at the latest; None is never.
        """
        self.connection.events(handler, timeout=timeout)

    # interfaces

    def listAllInterfaces(self, flags: InterfaceFilter = InterfaceFilter.ALL) -> list[Interface]:
        return [Interface(self.connection, ref) for ref in self.connection.list_interfaces(flags)]

    def interfaceLookupByName(self, name: str) -> Interface:
        """
        Raises:
            InterfaceNotFound: there is none of that name.
        """
        return Interface(self.connection, self.connection.interface_lookup_by_name(name))

    def interfaceLookupByMACString(self, mac: str) -> Interface:
        """
        Raises:
            InterfaceNotFound: there is none with that address.
            MultipleInterfaces: there are several.
        """
        return Interface(self.connection, self.connection.interface_lookup_by_mac(mac))

    def interfaceDefineXML(self, xml: str, *, validate: bool = False) -> Interface:
        """Configure an interface, in the files of what manages the host's interfaces.

        Raises:
            XmlError: the document is wrong; the error's location and remedy say where and what.
            HostnetRefused: it cannot be said in those files.
        """
        ref = self.connection.interface_define_xml(xml, validate=validate)
        return Interface(self.connection, ref)

    def changeBegin(self) -> None:
        """Note how the interfaces are configured, and which are up.

        Raises:
            OperationInvalid: a change has begun already.
        """
        self.connection.interface_change_begin()

    def changeCommit(self) -> None:
        """Keep what was changed since `changeBegin`.

        Raises:
            OperationInvalid: none has begun.
        """
        self.connection.interface_change_commit()

    def changeRollback(self) -> None:
        """Take back what was changed since `changeBegin`.

        Raises:
            OperationInvalid: none has begun.
        """
        self.connection.interface_change_rollback()

    def _network(self, ref: NetworkRef) -> VirtualNetwork:
        return VirtualNetwork(self.connection, ref)


class VirtualNetwork:
    """A network. Two are equal if they are the same network, whatever has become of it."""

    def __init__(self, connection: Connection, ref: NetworkRef) -> None:
        self._connection = connection
        self._ref = ref

    def __repr__(self) -> str:
        return f"<VirtualNetwork {self.name()} {self.UUIDString()}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, VirtualNetwork) and other.UUID() == self.UUID()

    def __hash__(self) -> int:
        return hash(self._ref.uuid)

    # what it is

    def name(self) -> str:
        return self._ref.name

    def UUID(self) -> UUID:
        return self._ref.uuid

    def UUIDString(self) -> str:
        return str(self._ref.uuid)

    def isActive(self) -> bool:
        return self._connection.is_active(self._ref)

    def isPersistent(self) -> bool:
        return self._connection.is_persistent(self._ref)

    def autostart(self) -> bool:
        return self._connection.autostart(self._ref)

    def bridgeName(self) -> str:
        """
        Raises:
            InternalError: it has no bridge, as one over a host's NIC has none.
        """
        return self._connection.bridge_name(self._ref)

    def XMLDesc(self, *, inactive: bool = False) -> str:
        """Its document: the live one while it runs, unless ``inactive`` asks for the definition."""
        return self._connection.xml_desc(self._ref, inactive=inactive)

    def definition(self, *, inactive: bool = False) -> Network:
        """Its document as a value."""
        from pasarela.xml.network import parse_network  # noqa: PLC0415  (lxml: 25 ms)

        return parse_network(self.XMLDesc(inactive=inactive))

    def leases(self, mac: str | None = None) -> Sequence[Lease]:
        """The addresses that its DHCP server has given away, to one guest or to all."""
        return self._connection.dhcp_leases(self._ref, mac)

    # life cycle

    def create(self) -> None:
        """Start it.

        Raises:
            OperationInvalid: it runs already.
            Refused, HostError: it cannot; the host is as it was.
        """
        self._connection.start(self._ref)

    def destroy(self) -> None:
        """Stop it; its definition stays.

        Raises:
            OperationInvalid: it does not run.
        """
        self._connection.destroy(self._ref)

    def undefine(self) -> None:
        """Forget its definition; while it runs it goes on."""
        self._connection.undefine(self._ref)

    def setAutostart(self, enabled: bool) -> None:
        """Whether it starts with the host."""
        self._connection.set_autostart(self._ref, enabled)

    # changes

    def update(
        self,
        command: UpdateCommand,
        section: UpdateSection,
        parentIndex: int,
        xml: str,
        flags: Affect = Affect.CURRENT,
    ) -> None:
        """Change a part of it, while it runs if ``flags`` say so.

        Args:
            parentIndex: which of several parents, an ``<ip>`` say; -1 finds the right one.
        """
        self._connection.update(
            self._ref, command, section, xml, parent_index=parentIndex, flags=flags
        )

    def metadata(
        self, type: MetadataType, uri: str | None = None, flags: Affect = Affect.CURRENT
    ) -> str:
        """
        Raises:
            MetadataNotFound: it has none of that kind.
        """
        return self._connection.metadata(self._ref, type, uri, flags)

    def setMetadata(
        self,
        type: MetadataType,
        metadata: str | None,
        key: str | None = None,
        uri: str | None = None,
        flags: Affect = Affect.CURRENT,
    ) -> None:
        """Set the title, the description or an element of its own; None takes it away."""
        self._connection.set_metadata(self._ref, type, metadata, key, uri, flags)

    # ports and events

    def listAllPorts(self) -> list[NetworkPort]:
        ports = self._connection.list_ports(self._ref)
        return [NetworkPort(self._connection, port) for port in ports]

    def portLookupByUUIDString(self, uuid: str) -> NetworkPort:
        """
        Raises:
            PortNotFound: it has none with it.
        """
        port = self._connection.port_lookup(self._ref, UUID(uuid))
        return NetworkPort(self._connection, port)

    def portCreateXML(
        self, xml: str, *, reclaim: bool = False, validate: bool = False
    ) -> NetworkPort:
        port = self._connection.port_create_xml(self._ref, xml, reclaim=reclaim, validate=validate)
        return NetworkPort(self._connection, port)

    def events(
        self, handler: Callable[[NetworkEvent], bool], *, timeout: float | None = None
    ) -> None:
        """What happens to this network; see `Host.events`."""
        self._connection.events(handler, network=self._ref, timeout=timeout)


class NetworkPort:
    """Where a guest is plugged in."""

    def __init__(self, connection: Connection, ref: PortRef) -> None:
        self._connection = connection
        self._ref = ref

    def __repr__(self) -> str:
        return f"<NetworkPort {self.UUIDString()} of {self._ref.network.name}>"

    def network(self) -> VirtualNetwork:
        return VirtualNetwork(self._connection, self._ref.network)

    def UUID(self) -> UUID:
        return self._ref.uuid

    def UUIDString(self) -> str:
        return str(self._ref.uuid)

    def XMLDesc(self) -> str:
        return self._connection.port_xml_desc(self._ref)

    def delete(self) -> None:
        self._connection.port_delete(self._ref)


class Interface:
    """One of the host's own interfaces."""

    def __init__(self, connection: Connection, ref: InterfaceRef) -> None:
        self._connection = connection
        self._ref = ref

    def __repr__(self) -> str:
        return f"<Interface {self.name()} {self.MACString()}>"

    def name(self) -> str:
        return self._ref.name

    def MACString(self) -> str:
        return self._ref.mac

    def isActive(self) -> bool:
        return self._connection.interface_is_active(self._ref)

    def XMLDesc(self, *, inactive: bool = False) -> str:
        return self._connection.interface_xml_desc(self._ref, inactive=inactive)

    def create(self) -> None:
        """Bring it up as it is configured; what it has already is kept."""
        self._connection.interface_create(self._ref)

    def destroy(self) -> None:
        """Take it down; a bridge's addresses go to its first port."""
        self._connection.interface_destroy(self._ref)

    def undefine(self) -> None:
        """Remove its configuration.

        Raises:
            InterfaceNotFound: nothing is configured of it.
        """
        self._connection.interface_undefine(self._ref)
