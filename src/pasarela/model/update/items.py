"""What the sections of net-update share: the item, and lists with one item more, less or other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from pasarela.errors import OperationUnsupported
from pasarela.model.handles import UpdateCommand
from pasarela.model.network import (
    DhcpHost,
    DhcpRange,
    DnsHost,
    ForwardInterface,
    Ip,
    Network,
    PortGroup,
    SrvRecord,
    TxtRecord,
)

T = TypeVar("T")


class Fragment(Protocol):
    """The item of a net-update: well-formed, and not yet read as one thing or another.

    Each method raises an XmlError where the element is not what it is read as. ``partial`` also
    takes an item with parts left out, as serves to find one.
    """

    def expect(self, tag: str) -> None: ...
    def dhcp_host(self, ip: Ip, *, partial: bool) -> DhcpHost: ...
    def dhcp_range(self, ip: Ip) -> DhcpRange: ...
    def interface(self) -> ForwardInterface: ...
    def portgroup(self) -> PortGroup: ...
    def dns_host(self, *, partial: bool) -> DnsHost: ...
    def txt(self, *, partial: bool) -> TxtRecord: ...
    def srv(self, *, partial: bool) -> SrvRecord: ...


Change = Callable[[Network, int, int, Fragment], Network]
"""network, command, parent index, item -> the network changed."""


def is_add(command: int) -> bool:
    return command in (UpdateCommand.ADD_FIRST, UpdateCommand.ADD_LAST)


def added(items: tuple[T, ...], item: T, command: int) -> tuple[T, ...]:
    return (item, *items) if command == UpdateCommand.ADD_FIRST else (*items, item)


def replaced(items: tuple[T, ...], index: int, item: T) -> tuple[T, ...]:
    return (*items[:index], item, *items[index + 1 :])


def without(items: tuple[T, ...], index: int) -> tuple[T, ...]:
    return (*items[:index], *items[index + 1 :])


def first(items: tuple[T, ...], matches: Callable[[T], bool]) -> int | None:
    """The index of the first item that matches."""
    return next((index for index, item in enumerate(items) if matches(item)), None)


def every(items: tuple[T, ...], matches: Callable[[T], bool]) -> list[int]:
    """The indexes of all items that match."""
    return [index for index, item in enumerate(items) if matches(item)]


def unknown_command(command: int) -> OperationUnsupported:
    return OperationUnsupported(f"unrecognized network update command code {command}")
