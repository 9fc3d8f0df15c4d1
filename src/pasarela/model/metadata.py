"""A network's metadata: which requests make sense, and the two kinds that are plain text.

The third kind, elements, is in :mod:`pasarela.xml.metadata`.
"""

from __future__ import annotations

from dataclasses import replace

from pasarela.errors import InvalidArgument, MetadataNotFound, WrongArgument
from pasarela.model.handles import Affect, MetadataType
from pasarela.model.network import Network

_FIELDS = {MetadataType.DESCRIPTION: "description", MetadataType.TITLE: "title"}


def check_get(kind: int, uri: str | None, flags: int) -> None:
    """Refuse a request to read that makes no sense.

    Raises:
        InvalidArgument: the arguments do not go together.
    """
    if flags & Affect.LIVE and flags & Affect.CONFIG:
        raise WrongArgument(
            "flags 'VIR_NETWORK_UPDATE_AFFECT_LIVE' and 'VIR_NETWORK_UPDATE_AFFECT_CONFIG' in "
            "function virNetworkGetMetadata are mutually exclusive",
            remedy="ask for one of the two",
        )
    if kind in _FIELDS and uri is not None:
        raise _must_be_null("uri", "virNetworkGetMetadata")
    if kind == MetadataType.ELEMENT and uri is None:
        raise _must_not_be_null("uri", "virNetworkGetMetadata")
    _check_kind(kind)


def check_set(kind: int, text: str | None, key: str | None, uri: str | None) -> None:
    """Refuse a request to write that makes no sense.

    Raises:
        InvalidArgument: the arguments do not go together, or a title has several lines.
    """
    if kind == MetadataType.TITLE and text is not None and "\n" in text:
        raise WrongArgument(
            "metadata title can't contain newlines", remedy="longer text belongs in the description"
        )
    if kind in _FIELDS:
        for name, value in (("uri", uri), ("key", key)):
            if value is not None:
                raise _must_be_null(name, "virNetworkSetMetadata")
    if kind == MetadataType.ELEMENT:
        if uri is None:
            raise _must_not_be_null("uri", "virNetworkSetMetadata")
        if text is not None and key is None:
            raise _must_not_be_null("key", "virNetworkSetMetadata")
    _check_kind(kind)


def get_text(network: Network, kind: MetadataType) -> str:
    """The description or title.

    Raises:
        MetadataNotFound: there is none.
    """
    text: str | None = getattr(network, _FIELDS[kind])
    if text is None:
        raise not_found()
    return text


def set_text(network: Network, kind: MetadataType, text: str | None) -> Network:
    """The network with another description or title; an empty one is none."""
    if kind is MetadataType.TITLE:
        return replace(network, title=text or None)
    return replace(network, description=text or None)


def not_found() -> MetadataNotFound:
    return MetadataNotFound("Requested metadata element is not present")


def _check_kind(kind: int) -> None:
    if kind not in frozenset(MetadataType):
        raise InvalidArgument(f"unknown metadata type '{kind}'")


def _must_be_null(name: str, function: str) -> InvalidArgument:
    return WrongArgument(f"{name} in {function} must be NULL")


def _must_not_be_null(name: str, function: str) -> InvalidArgument:
    return WrongArgument(f"{name} in {function} must not be NULL")
