"""The calls that are measured, as the bytes that go over the wire."""

from __future__ import annotations

import struct

import documents
from oracle.rpc import (
    HEADER,
    PROGRAM,
    Handle,
    Procedure,
    pack_numbers,
    pack_optional,
    pack_string,
)

GET_LEASES = 341
ACTIVE = 2
ADD_LAST, DELETE, DHCP_HOST, BOTH = 3, 2, 4, 3


def message(procedure: int, arguments: bytes = b"", serial: int = 0) -> bytes:
    header = HEADER.pack(PROGRAM, 1, procedure, 0, serial, 0)
    return struct.pack(">I", 28 + len(arguments)) + header + arguments


def opening(uri: str) -> bytes:
    """What every client says first: two messages."""
    arguments = pack_optional(uri) + pack_numbers(0)
    return message(Procedure.AUTH_LIST) + message(Procedure.CONNECT_OPEN, arguments, 1)


def closing() -> bytes:
    return message(Procedure.CONNECT_CLOSE)


def _handle(number: int) -> bytes:
    return Handle(documents.name(number), documents.uuid(number)).pack()


def lookup(number: int) -> bytes:
    return message(Procedure.NETWORK_LOOKUP_BY_NAME, pack_string(documents.name(number)))


def xml_desc(number: int) -> bytes:
    return message(Procedure.NETWORK_GET_XML_DESC, _handle(number) + pack_numbers(0))


def leases(number: int) -> bytes:
    return message(GET_LEASES, _handle(number) + pack_optional(None) + pack_numbers(1, 0))


def list_all(flags: int = 0) -> bytes:
    return message(Procedure.CONNECT_LIST_ALL_NETWORKS, pack_numbers(1, flags))


def define(number: int) -> bytes:
    return message(Procedure.NETWORK_DEFINE_XML, pack_string(documents.network(number)))


def start(number: int) -> bytes:
    return message(Procedure.NETWORK_CREATE, _handle(number))


def destroy(number: int) -> bytes:
    return message(Procedure.NETWORK_DESTROY, _handle(number))


def add_host(number: int, host: int) -> bytes:
    return _update(number, ADD_LAST, host)


def delete_host(number: int, host: int) -> bytes:
    return _update(number, DELETE, host)


def _update(number: int, command: int, host: int) -> bytes:
    fragment = pack_string(documents.dhcp_host(number, host))
    numbers = pack_numbers(command, DHCP_HOST, -1)
    return message(
        Procedure.NETWORK_UPDATE, _handle(number) + numbers + fragment + pack_numbers(BOTH)
    )


def port_create(number: int, port: int) -> bytes:
    arguments = _handle(number) + pack_string(documents.port(port)) + pack_numbers(0)
    return message(Procedure.NETWORK_PORT_CREATE_XML, arguments)


def port_delete(number: int, port: int) -> bytes:
    arguments = _handle(number) + documents.port_uuid(port).bytes + pack_numbers(0)
    return message(Procedure.NETWORK_PORT_DELETE, arguments)
