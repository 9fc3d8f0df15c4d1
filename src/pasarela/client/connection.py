"""The one interface to networks: the embedded engine has it, and so will the wire's client.

Names and meanings are libvirt's (libvirt-network.h, libvirt-interface.h), in Python's style. Every
method may raise an error of pasarela.errors, with libvirt's code and text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol
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


class Connection(Protocol):
    """A door to a host's networks and interfaces."""

    # looking up and listing

    def list_networks(self, flags: NetworkFilter = NetworkFilter.ALL) -> Sequence[NetworkRef]: ...
    def lookup_by_name(self, name: str) -> NetworkRef: ...
    def lookup_by_uuid(self, uuid: UUID) -> NetworkRef: ...
    def is_active(self, network: NetworkRef) -> bool: ...
    def is_persistent(self, network: NetworkRef) -> bool: ...
    def autostart(self, network: NetworkRef) -> bool: ...
    def bridge_name(self, network: NetworkRef) -> str: ...
    def xml_desc(self, network: NetworkRef, *, inactive: bool = False) -> str: ...
    def dhcp_leases(self, network: NetworkRef, mac: str | None = None) -> Sequence[Lease]: ...

    # life cycle

    def define_xml(self, xml: str, *, validate: bool = False) -> NetworkRef: ...
    def create_xml(self, xml: str, *, validate: bool = False) -> NetworkRef: ...
    def start(self, network: NetworkRef) -> None: ...
    def destroy(self, network: NetworkRef) -> None: ...
    def undefine(self, network: NetworkRef) -> None: ...
    def set_autostart(self, network: NetworkRef, enabled: bool) -> None: ...

    # changes

    def update(
        self,
        network: NetworkRef,
        command: UpdateCommand | int,
        section: UpdateSection | int,
        xml: str,
        *,
        parent_index: int = -1,
        flags: Affect = Affect.CURRENT,
    ) -> None: ...
    def metadata(
        self,
        network: NetworkRef,
        kind: MetadataType,
        uri: str | None = None,
        flags: Affect = Affect.CURRENT,
    ) -> str: ...
    def set_metadata(
        self,
        network: NetworkRef,
        kind: MetadataType,
        text: str | None,
        key: str | None = None,
        uri: str | None = None,
        flags: Affect = Affect.CURRENT,
    ) -> None: ...

    # ports

    def list_ports(self, network: NetworkRef) -> Sequence[PortRef]: ...
    def port_lookup(self, network: NetworkRef, uuid: UUID) -> PortRef: ...
    def port_create_xml(
        self, network: NetworkRef, xml: str, *, reclaim: bool = False, validate: bool = False
    ) -> PortRef: ...
    def port_xml_desc(self, port: PortRef) -> str: ...
    def port_delete(self, port: PortRef) -> None: ...

    # events

    def events(
        self,
        handler: Callable[[NetworkEvent], bool],
        *,
        network: NetworkRef | None = None,
        timeout: float | None = None,
    ) -> None:
        """Hand events to ``handler`` until it returns False or ``timeout`` seconds have passed."""
        ...

    # the host's interfaces

    def list_interfaces(
        self, flags: InterfaceFilter = InterfaceFilter.ALL
    ) -> Sequence[InterfaceRef]: ...
    def interface_lookup_by_name(self, name: str) -> InterfaceRef: ...
    def interface_lookup_by_mac(self, mac: str) -> InterfaceRef: ...
    def interface_is_active(self, interface: InterfaceRef) -> bool: ...
    def interface_xml_desc(self, interface: InterfaceRef, *, inactive: bool = False) -> str: ...

    def close(self) -> None: ...
