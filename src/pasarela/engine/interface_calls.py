"""The calls about the host's own interfaces; libvirt shows them, and so do we."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from pasarela.engine.flags import INTERFACE_FILTERS, check_flags
from pasarela.model.handles import InterfaceFilter, InterfaceRef

if TYPE_CHECKING:
    from pasarela.engine.machine import Interfaces
    from pasarela.model.interface import HostInterface


class InterfaceCalls:
    def __init__(self, interfaces: Callable[[], Interfaces]) -> None:
        self._make_interfaces = interfaces

    @cached_property
    def _interfaces(self) -> Interfaces:
        return self._make_interfaces()

    def list_interfaces(
        self, flags: InterfaceFilter = InterfaceFilter.ALL
    ) -> Sequence[InterfaceRef]:
        check_flags(flags, INTERFACE_FILTERS, "udevConnectListAllInterfaces")
        wanted = flags or INTERFACE_FILTERS
        return [
            _ref(interface)
            for interface in self._interfaces.listed()
            if wanted & (InterfaceFilter.ACTIVE if _is_up(interface) else InterfaceFilter.INACTIVE)
        ]

    def interface_lookup_by_name(self, name: str) -> InterfaceRef:
        return _ref(self._interfaces.by_name(name))

    def interface_lookup_by_mac(self, mac: str) -> InterfaceRef:
        return _ref(self._interfaces.by_mac(mac))

    def interface_is_active(self, interface: InterfaceRef) -> bool:
        return _is_up(self._interfaces.by_name(interface.name))

    def interface_xml_desc(self, interface: InterfaceRef, *, inactive: bool = False) -> str:
        """The document; ``inactive`` makes no difference, as in libvirt's udev backend."""
        from pasarela.xml.interface import format_interface  # noqa: PLC0415  (lxml: 25 ms)

        return format_interface(self._interfaces.by_name(interface.name))


def _ref(interface: HostInterface) -> InterfaceRef:
    return InterfaceRef(interface.name, interface.mac)


def _is_up(interface: HostInterface) -> bool:
    return interface.state == "up"
