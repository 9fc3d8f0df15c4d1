"""Checks of flags and arguments that come before anything else, in libvirt's words."""

from __future__ import annotations

from pasarela.errors import InvalidArgument, UnsupportedFlags, WrongArgument
from pasarela.model.handles import Affect, InterfaceFilter, MetadataType, NetworkFilter

AFFECT = Affect.LIVE | Affect.CONFIG
NETWORK_FILTERS = NetworkFilter(63)
INTERFACE_FILTERS = InterfaceFilter.ACTIVE | InterfaceFilter.INACTIVE


def check_flags(flags: int, known: int, function: str) -> None:
    """Raises:
    UnsupportedFlags: a bit is set that ``function`` does not know."""
    unknown = int(flags) & ~int(known)
    if unknown:
        raise UnsupportedFlags(f"unsupported flags (0x{unknown:x}) in function {function}")


def check_metadata_kind(kind: int, uri: str | None, function: str) -> None:
    """Raises:
    InvalidArgument: there is no such kind, or the URI does not go with it."""
    if kind in (MetadataType.DESCRIPTION, MetadataType.TITLE):
        if uri is not None:
            raise WrongArgument(f"uri in {function} must be NULL")
    elif kind == MetadataType.ELEMENT:
        if uri is None:
            raise WrongArgument(f"uri in {function} must not be NULL")
    else:
        raise InvalidArgument(f"unknown metadata type '{int(kind)}'")


def check_metadata_key(kind: int, text: str | None, key: str | None, function: str) -> None:
    """Raises:
    InvalidArgument: an element is set without a prefix, or a text with one."""
    if kind == MetadataType.ELEMENT:
        if text is not None and key is None:
            raise WrongArgument(f"key in {function} must not be NULL")
    elif key is not None:
        raise WrongArgument(f"key in {function} must be NULL")


def check_title(text: str | None) -> None:
    """Raises:
    InvalidArgument: a title is one line."""
    if text is not None and "\n" in text:
        raise WrongArgument("metadata title can't contain newlines")


def check_exclusive(flags: Affect) -> None:
    """Raises:
    InvalidArgument: both definitions are asked for, where only one can be answered."""
    if flags & Affect.LIVE and flags & Affect.CONFIG:
        raise WrongArgument(
            "Flags 'VIR_NETWORK_UPDATE_AFFECT_LIVE' and 'VIR_NETWORK_UPDATE_AFFECT_CONFIG' are "
            "mutually exclusive"
        )
