"""What a procedure is: a row of the tables in procedures.py."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from pasarela.errors import ErrorDomain
from pasarela.rpc.xdr import Type, fields


class Family(Enum):
    """Which part of libvirt a procedure belongs to, by the domain of its errors."""

    AUTH = 7
    CONNECTION = 20
    NETWORK = 19
    INTERFACE = 26
    FILTER = 33
    STORAGE = 18
    NODEDEV = 22
    SECRET = 30
    SNAPSHOT = 35
    CHECKPOINT = 69

    @property
    def domain(self) -> ErrorDomain:
        return ErrorDomain(self.value)


@dataclass(frozen=True, slots=True)
class Procedure:
    """One remote call.

    Attributes:
        api: libvirt's function, as its error messages name it.
        writes: refused on a read-only connection.
        supported: not so where libvirt's network daemon answers that it has no such thing.
    """

    number: int
    name: str
    family: Family
    api: str
    arguments: tuple[Type, ...] = ()
    result: tuple[Type, ...] = ()
    writes: bool = False
    supported: bool = True
    arguments_type: Type = field(init=False, repr=False)
    result_type: Type = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "arguments_type", fields(self.arguments))
        object.__setattr__(self, "result_type", fields(self.result))


@dataclass(frozen=True, slots=True)
class Event:
    """A message that the server sends unasked."""

    number: int
    name: str
    parts: tuple[Type, ...]
    type: Type = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "type", fields(self.parts))
