"""How the handles and records of libvirt's API go over the wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pasarela.errors import ArgumentUnsupported, ErrorDomain, InvalidArgument
from pasarela.model.handles import InterfaceRef, Lease, LeaseType, NetworkRef, PortRef
from pasarela.rpc.xdr import (
    DOUBLE,
    HYPER,
    INT,
    STRING,
    UHYPER,
    UINT,
    UUID_TYPE,
    optional,
    record,
    union,
)

NETWORK = record(NetworkRef, name=STRING, uuid=UUID_TYPE)
PORT = record(PortRef, network=NETWORK, uuid=UUID_TYPE)
INTERFACE = record(InterfaceRef, name=STRING, mac=STRING)


def _lease(  # the constructor, with the number made a LeaseType
    interface: str,
    expiry: int,
    kind: int,
    mac: str | None,
    iaid: str | None,
    address: str,
    prefix: int,
    hostname: str | None,
    client_id: str | None,
) -> Lease:
    return Lease(
        interface, expiry, LeaseType(kind), mac, iaid, address, prefix, hostname, client_id
    )


LEASE = record(
    _lease,
    interface=STRING,
    expiry=HYPER,
    type=INT,
    mac=optional(STRING),
    iaid=optional(STRING),
    address=STRING,
    prefix=UINT,
    hostname=optional(STRING),
    client_id=optional(STRING),
)


class Parameter(NamedTuple):
    """A typed parameter; ``value`` is its type's number and the value."""

    field: str
    value: tuple[int, Any]


PARAMETER = record(
    Parameter,
    field=STRING,
    value=union({1: INT, 2: UINT, 3: HYPER, 4: UHYPER, 5: DOUBLE, 6: INT, 7: STRING}),
)
PARAMETER_TYPES = (None, "int", "uint", "llong", "ullong", "double", "boolean", "string")
PARAMETER_UINT = PARAMETER_TYPES.index("uint")
WHOLE_NUMBERS = (1, 2, 3, 4, 6)  # and booleans, which are numbers on the wire


def check_parameters(parameters: Sequence[Parameter], known: Mapping[str, str]) -> None:
    """In libvirt's words; ``known`` has the type of each name.

    Raises:
        ArgumentUnsupported: there is no such parameter.
        InvalidArgument: one is of another type, or there twice.
    """
    seen = set()
    for name, (number, _) in parameters:
        if name not in known:
            raise ArgumentUnsupported(f"parameter '{name}' not supported")
        if name in seen:
            raise _wrong(f"parameter '{name}' occurs multiple times")
        if (found := PARAMETER_TYPES[number]) != known[name]:
            raise _wrong(f"invalid type '{found}' for parameter '{name}', expected '{known[name]}'")
        seen.add(name)


def _wrong(text: str) -> InvalidArgument:
    return InvalidArgument(text, domain=ErrorDomain.NONE)
