"""The same connection over the wire, to pasarelad or to a daemon of libvirt's; it blocks."""

from __future__ import annotations

import os
from _thread import allocate_lock
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from errno import EIO
from time import monotonic
from typing import Any
from uuid import UUID

from pasarela.client.channel import Channel
from pasarela.errors import ErrorDomain, PasarelaError, SystemCallFailed
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
from pasarela.rpc.client import ClientProtocol, Happened
from pasarela.rpc.handles import PARAMETER_UINT, Parameter

NO_FLAGS = 0
READ_ONLY = 1
WITH_RESULTS = 1  # libvirt can also be asked for the mere number
ALL = 0
UPDATE_ORDER_IS_RIGHT = 16
VALIDATE = 1
RECLAIM, VALIDATE_PORT = 1, 2
EVENT_IDS = (0, 1)


class RemoteConnection:
    """Satisfies client.connection.Connection.

    Threads may share it, also while one of them waits for events.

    Args:
        channel: leads to the daemon.
        uri: what the daemon shall open.

    Raises:
        PasarelaError: the daemon refused.
    """

    def __init__(self, channel: Channel, uri: str, *, readonly: bool = False) -> None:
        self._channel = channel
        self._protocol = ClientProtocol()
        self._events: list[Happened] = []
        self._busy = allocate_lock()  # held from a call to its reply
        self._wake: int | None = None  # told when a call has received events meanwhile
        self._swaps_update: bool | None = None
        try:
            self._call("auth_list")
            self._call("open", uri, READ_ONLY if readonly else NO_FLAGS)
        except BaseException:
            channel.close()
            raise

    def close(self) -> None:
        """Hang up; the daemon needs no farewell."""
        self._channel.close()

    def daemon_version(self) -> str:
        number = self._one("get_lib_version")
        return f"{number // 1_000_000}.{number // 1000 % 1000}.{number % 1000}"

    def hostname(self) -> str:
        """The name of the host at the other end.

        Raises:
            NotSupportedByDriver: the daemon is one of networks alone.
        """
        found: str = self._one("get_hostname")
        return found

    # looking up and listing

    def list_networks(self, flags: NetworkFilter = NetworkFilter.ALL) -> Sequence[NetworkRef]:
        return self._list("list_networks", WITH_RESULTS, int(flags))

    def lookup_by_name(self, name: str) -> NetworkRef:
        return self._network("lookup_by_name", name)

    def lookup_by_uuid(self, uuid: UUID) -> NetworkRef:
        return self._network("lookup_by_uuid", uuid)

    def is_active(self, network: NetworkRef) -> bool:
        return bool(self._one("is_active", network))

    def is_persistent(self, network: NetworkRef) -> bool:
        return bool(self._one("is_persistent", network))

    def autostart(self, network: NetworkRef) -> bool:
        return bool(self._one("get_autostart", network))

    def bridge_name(self, network: NetworkRef) -> str:
        return self._text("bridge_name", network)

    def xml_desc(self, network: NetworkRef, *, inactive: bool = False) -> str:
        return self._text("xml_desc", network, int(inactive))

    def dhcp_leases(self, network: NetworkRef, mac: str | None = None) -> Sequence[Lease]:
        return self._list("dhcp_leases", network, mac, WITH_RESULTS, NO_FLAGS)

    # life cycle

    def define_xml(self, xml: str, *, validate: bool = False) -> NetworkRef:
        if validate:
            return self._network("define_xml_flags", xml, VALIDATE)
        return self._network("define_xml", xml)

    def create_xml(self, xml: str, *, validate: bool = False) -> NetworkRef:
        if validate:
            return self._network("create_xml_flags", xml, VALIDATE)
        return self._network("create_xml", xml)

    def start(self, network: NetworkRef) -> None:
        self._call("create", network)

    def destroy(self, network: NetworkRef) -> None:
        self._call("destroy", network)

    def undefine(self, network: NetworkRef) -> None:
        self._call("undefine", network)

    def set_autostart(self, network: NetworkRef, enabled: bool) -> None:
        self._call("set_autostart", network, int(enabled))

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
    ) -> None:
        first, second = int(command), int(section)
        if self._swaps():
            first, second = second, first
        self._call("update", network, first, second, parent_index, xml, int(flags))

    def metadata(
        self,
        network: NetworkRef,
        kind: MetadataType,
        uri: str | None = None,
        flags: Affect = Affect.CURRENT,
    ) -> str:
        return self._text("metadata", network, int(kind), uri, int(flags))

    def set_metadata(
        self,
        network: NetworkRef,
        kind: MetadataType,
        text: str | None,
        key: str | None = None,
        uri: str | None = None,
        flags: Affect = Affect.CURRENT,
    ) -> None:
        self._call("set_metadata", network, int(kind), text, key, uri, int(flags))

    def _swaps(self) -> bool:
        """Whether the daemon has the two arguments of update the wrong way round (before 7.2)."""
        if self._swaps_update is None:
            self._swaps_update = not self._one("supports_feature", UPDATE_ORDER_IS_RIGHT)
        return self._swaps_update

    # ports

    def list_ports(self, network: NetworkRef) -> Sequence[PortRef]:
        return self._list("list_ports", network, WITH_RESULTS, NO_FLAGS)

    def port_lookup(self, network: NetworkRef, uuid: UUID) -> PortRef:
        return self._port("port_lookup", network, uuid)

    def port_create_xml(
        self, network: NetworkRef, xml: str, *, reclaim: bool = False, validate: bool = False
    ) -> PortRef:
        flags = (RECLAIM if reclaim else 0) | (VALIDATE_PORT if validate else 0)
        return self._port("port_create_xml", network, xml, flags)

    def port_xml_desc(self, port: PortRef) -> str:
        return self._text("port_xml_desc", port, NO_FLAGS)

    def port_parameters(self, port: PortRef) -> dict[str, int]:
        """The port's bandwidth by libvirt's names, as ``inbound.average``."""
        return {
            one.field: one.value[1] for one in self._list("port_parameters", port, ALL, NO_FLAGS)
        }

    def port_set_parameters(self, port: PortRef, values: Mapping[str, int]) -> None:
        """Replace the port's whole bandwidth."""
        parameters = [Parameter(name, (PARAMETER_UINT, value)) for name, value in values.items()]
        self._call("set_port_parameters", port, parameters, NO_FLAGS)

    def port_delete(self, port: PortRef) -> None:
        self._call("port_delete", port, NO_FLAGS)

    # events

    def events(
        self,
        handler: Callable[[NetworkEvent], bool],
        *,
        network: NetworkRef | None = None,
        timeout: float | None = None,
    ) -> None:
        """Hand events to ``handler`` until it returns False or ``timeout`` seconds have passed."""
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        try:
            callbacks = self._register(network)
            end = None if timeout is None else monotonic() + timeout
            try:
                while self._next_event(self._wake, end, handler):
                    pass
            finally:
                for callback in callbacks:
                    self._call("deregister_event", callback)
                self._events.clear()
        finally:
            os.close(self._wake)
            self._wake = None

    def _register(self, network: NetworkRef | None) -> list[int]:
        callbacks = [self._one("register_event", EVENT_IDS[0], network)]
        with suppress(PasarelaError):  # libvirt before 9.7 has no metadata events
            callbacks.append(self._one("register_event", EVENT_IDS[1], network))
        return callbacks

    def _next_event(
        self, wake: int, end: float | None, handler: Callable[[NetworkEvent], bool]
    ) -> bool:
        """Whether to go on."""
        while self._events:
            if not handler(self._events.pop(0).event):
                return False
        left = None if end is None else end - monotonic()
        if (left is not None and left <= 0) or not self._channel.wait(wake, left):
            return False
        with self._busy, suppress(TimeoutError):  # unless a call has taken what came
            self._take(self._receive(0))
        with suppress(BlockingIOError):
            os.eventfd_read(wake)
        return True

    # the host's interfaces

    def list_interfaces(
        self, flags: InterfaceFilter = InterfaceFilter.ALL
    ) -> Sequence[InterfaceRef]:
        return self._list("list_interfaces", WITH_RESULTS, int(flags))

    def interface_lookup_by_name(self, name: str) -> InterfaceRef:
        return self._interface("interface_by_name", name)

    def interface_lookup_by_mac(self, mac: str) -> InterfaceRef:
        return self._interface("interface_by_mac", mac)

    def interface_is_active(self, interface: InterfaceRef) -> bool:
        return bool(self._one("interface_is_active", interface))

    def interface_xml_desc(self, interface: InterfaceRef, *, inactive: bool = False) -> str:
        return self._text("interface_xml_desc", interface, int(inactive))

    def interface_define_xml(self, xml: str, *, validate: bool = False) -> InterfaceRef:
        return self._interface("interface_define", xml, VALIDATE if validate else 0)

    def interface_undefine(self, interface: InterfaceRef) -> None:
        self._call("interface_undefine", interface)

    def interface_create(self, interface: InterfaceRef) -> None:
        self._call("interface_create", interface, NO_FLAGS)

    def interface_destroy(self, interface: InterfaceRef) -> None:
        self._call("interface_destroy", interface, NO_FLAGS)

    def interface_change_begin(self) -> None:
        self._call("change_begin", NO_FLAGS)

    def interface_change_commit(self) -> None:
        self._call("change_commit", NO_FLAGS)

    def interface_change_rollback(self) -> None:
        self._call("change_rollback", NO_FLAGS)

    # calling

    def _network(self, name: str, *arguments: object) -> NetworkRef:
        found: NetworkRef = self._one(name, *arguments)
        return found

    def _port(self, name: str, *arguments: object) -> PortRef:
        found: PortRef = self._one(name, *arguments)
        return found

    def _interface(self, name: str, *arguments: object) -> InterfaceRef:
        found: InterfaceRef = self._one(name, *arguments)
        return found

    def _text(self, name: str, *arguments: object) -> str:
        found: str = self._one(name, *arguments)
        return found

    def _list(self, name: str, *arguments: object) -> list[Any]:
        found: list[Any] = self._one(name, *arguments)
        return found

    def _one(self, name: str, *arguments: object) -> Any:
        return self._call(name, *arguments)[0]

    def _call(self, name: str, *arguments: object) -> tuple[Any, ...]:
        with self._busy:
            return self._call_alone(name, *arguments)

    def _call_alone(self, name: str, *arguments: object) -> tuple[Any, ...]:
        serial = self._protocol.call(name, *arguments)
        self._send()
        while True:
            for serial_of, values, error in self._take(self._receive(None)):
                if serial_of == serial:
                    if error is not None:
                        raise error
                    return values

    def _take(self, data: bytes) -> list[tuple[int, tuple[Any, ...], PasarelaError | None]]:
        """The replies in what has come; events are kept, and pings answered."""
        replies = []
        for one in self._protocol.receive(data):
            if isinstance(one, Happened):
                self._events.append(one)
                if self._wake is not None:
                    os.eventfd_write(self._wake, 1)
            else:
                replies.append((one.serial, one.values, one.error))
        self._send()
        return replies

    def _send(self) -> None:
        data = self._protocol.take_bytes()
        if data:
            try:
                self._channel.send(data)
            except OSError as error:
                raise self._lost(f"Cannot write data: {error.strerror}") from error

    def _receive(self, seconds: float | None) -> bytes:
        try:
            data = self._channel.receive(seconds)
        except TimeoutError:
            raise
        except OSError as error:
            raise self._lost(f"Cannot recv data: {error.strerror}") from error
        if not data:
            raise self._lost("End of file while reading data: Input/output error")
        return data

    def _lost(self, text: str) -> SystemCallFailed:
        way_out = self._channel.way_out()
        return SystemCallFailed(text, domain=ErrorDomain.RPC, errno=EIO, remedy=way_out)
