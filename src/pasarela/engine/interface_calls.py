"""The calls about the host's own interfaces.

What is there is told by the kernel, as libvirt's udev backend does on Debian; what is configured,
and whatever changes it, by the files of what manages the interfaces, as its netcf backend did.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from pasarela.engine.flags import INTERFACE_FILTERS, check_flags
from pasarela.engine.lazy import LazyModule
from pasarela.engine.session import Session
from pasarela.errors import InterfaceNotFound
from pasarela.model.handles import InterfaceFilter, InterfaceRef

if TYPE_CHECKING:
    from pasarela.engine import interface_changes
    from pasarela.engine.machine import Interfaces
    from pasarela.model.interface import HostInterface
else:
    interface_changes = LazyModule("pasarela.engine.interface_changes")


class InterfaceCalls(Session):
    def __init__(self, interfaces: Callable[[], Interfaces]) -> None:
        self._make_interfaces = interfaces

    @cached_property
    def _interfaces(self) -> Interfaces:
        return self._make_interfaces()

    @cached_property
    def _settings(self) -> interface_changes.Settings:
        return interface_changes.Settings(self._context, self._interfaces)

    # looking up and listing

    def list_interfaces(
        self, flags: InterfaceFilter = InterfaceFilter.ALL
    ) -> Sequence[InterfaceRef]:
        check_flags(flags, INTERFACE_FILTERS, "udevConnectListAllInterfaces")
        wanted = flags or INTERFACE_FILTERS
        listed = self._interfaces.listed()
        found = [
            _ref(interface)
            for interface in listed
            if wanted & (InterfaceFilter.ACTIVE if _is_up(interface) else InterfaceFilter.INACTIVE)
        ]
        if wanted & InterfaceFilter.INACTIVE:
            found += map(_absent, self._settings.absent())
        return found

    def interface_lookup_by_name(self, name: str) -> InterfaceRef:
        try:
            return _ref(self._interfaces.by_name(name))
        except InterfaceNotFound:
            if name not in self._settings.absent():
                raise
            return _absent(name)

    def interface_lookup_by_mac(self, mac: str) -> InterfaceRef:
        return _ref(self._interfaces.by_mac(mac))

    def interface_is_active(self, interface: InterfaceRef) -> bool:
        try:
            return _is_up(self._interfaces.by_name(interface.name))
        except InterfaceNotFound:
            if interface.name not in self._settings.absent():
                raise
            return False

    def interface_xml_desc(self, interface: InterfaceRef, *, inactive: bool = False) -> str:
        """What there is of an interface; ``inactive``, or where it is not there: what is
        configured of it."""
        from pasarela.xml.interface import format_interface  # noqa: PLC0415  (lxml: 25 ms)

        document = self._settings.document(interface.name) if inactive else None
        if document is not None:
            return document
        try:
            return format_interface(self._interfaces.by_name(interface.name))
        except InterfaceNotFound:
            document = self._settings.document(interface.name)
            if document is None:
                raise
            return document

    # changes

    def interface_define_xml(self, xml: str, *, validate: bool = False) -> InterfaceRef:
        with self._writing():
            name = self._settings.define(xml, validate=validate)
        return self.interface_lookup_by_name(name)

    def interface_undefine(self, interface: InterfaceRef) -> None:
        with self._writing():
            self._settings.undefine(interface.name)

    def interface_create(self, interface: InterfaceRef) -> None:
        with self._writing():
            self._settings.start(interface.name)

    def interface_destroy(self, interface: InterfaceRef) -> None:
        with self._writing():
            self._settings.stop(interface.name)

    def interface_change_begin(self) -> None:
        with self._writing():
            self._settings.begin()

    def interface_change_commit(self) -> None:
        with self._writing():
            self._settings.commit()

    def interface_change_rollback(self) -> None:
        with self._writing():
            self._settings.rollback()

    def recover_interfaces(self) -> tuple[str, ...]:
        """Take back a change of the interfaces that a reboot ended; says so."""
        if not self._context.paths.interface_change.exists():
            return ()
        with self._writing():
            return self._settings.recover()


def _ref(interface: HostInterface) -> InterfaceRef:
    return InterfaceRef(interface.name, interface.mac)


def _absent(name: str) -> InterfaceRef:
    """What is configured and not there has no address yet; libvirt's empty text for that."""
    return InterfaceRef(name, "")


def _is_up(interface: HostInterface) -> bool:
    return interface.state == "up"
