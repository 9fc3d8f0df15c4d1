"""The calls about guests' ports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from pasarela.engine.lazy import LazyModule
from pasarela.engine.session import Session
from pasarela.model.handles import NetworkRef, PortRef

if TYPE_CHECKING:
    from pasarela.engine import ports
else:
    ports = LazyModule("pasarela.engine.ports")


class PortCalls(Session):
    def list_ports(self, network: NetworkRef) -> Sequence[PortRef]:
        found = ports.all_of(self._context, self._look(network))
        return [PortRef(network, uuid) for uuid in found]

    def port_lookup(self, network: NetworkRef, uuid: UUID) -> PortRef:
        ports.look_up(self._context, self._look(network), uuid)
        return PortRef(network, uuid)

    def port_xml_desc(self, port: PortRef) -> str:
        from pasarela.xml.port import format_port  # noqa: PLC0415  (lxml: 25 ms)

        entry = self._look(port.network)
        return format_port(ports.look_up(self._context, entry, port.uuid))

    def port_create_xml(
        self, network: NetworkRef, xml: str, *, reclaim: bool = False, validate: bool = False
    ) -> PortRef:
        with self._writing() as context:
            entry = self._entry(network)
            port = ports.create(context, entry, xml, reclaim=reclaim, validate=validate)
            return PortRef(network, port.uuid)  # by the name that it was asked for, as libvirt

    def port_parameters(self, port: PortRef) -> dict[str, int]:
        """The port's bandwidth by libvirt's names, as ``inbound.average``, in its order."""
        entry = self._look(port.network)
        return ports.parameters(ports.look_up(self._context, entry, port.uuid))

    def port_set_parameters(self, port: PortRef, values: Mapping[str, int]) -> None:
        """Replace the port's whole bandwidth; names that are unknown are ignored."""
        with self._writing() as context:
            ports.set_parameters(context, self._entry(port.network), port.uuid, values)

    def port_delete(self, port: PortRef) -> None:
        with self._writing() as context:
            ports.delete(context, self._entry(port.network), port.uuid)
