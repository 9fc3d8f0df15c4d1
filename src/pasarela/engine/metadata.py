"""A network's title, description and metadata elements, in either definition."""

from __future__ import annotations

import re
from dataclasses import replace

from pasarela.engine.changes import Edit, annotate, impact
from pasarela.engine.context import Context
from pasarela.engine.store import Entry
from pasarela.errors import InvalidArgument, MetadataNotFound
from pasarela.model.handles import Affect, MetadataEvent, MetadataType
from pasarela.model.network import Network

_NOT_IN_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")  # controls are dropped, as by libvirt


def get(context: Context, entry: Entry, kind: MetadataType, uri: str | None, flags: Affect) -> str:
    """Raises:
    MetadataNotFound: the definition has none."""
    live, _ = impact(entry, flags)
    store = context.store
    network = store.live(entry.name).network if live else store.definition(entry.name)
    if kind is MetadataType.ELEMENT:
        from pasarela.xml.metadata import get_element  # noqa: PLC0415  (lxml: 25 ms)

        return get_element(network, uri or "")
    text = network.title if kind is MetadataType.TITLE else network.description
    if text is None:
        raise MetadataNotFound("Requested metadata element is not present")
    return text


def put(
    context: Context,
    entry: Entry,
    kind: MetadataType,
    text: str | None,
    key: str | None,
    uri: str | None,
    flags: Affect,
) -> None:
    """Set, or with no text remove, in the definitions that are meant; then tell of it.

    Raises:
        InvalidArgument: no XML document can hold the text.
    """
    if text is not None and kind is not MetadataType.ELEMENT:  # which is read as XML anyway
        _check(text, kind)
    annotate(context, entry, flags, _edit(kind, text, key, uri))
    context.tell(MetadataEvent(entry.ref, kind, uri))


def _check(text: str, kind: MetadataType) -> None:
    """libvirt writes such bytes, and cannot read the network's file after its next start."""
    if _NOT_IN_XML.search(text):
        raise InvalidArgument(
            f"{kind.name.lower()} holds bytes that are not UTF-8, or no characters of XML",
            remedy="is the terminal, or the file that it comes from, in another encoding? "
            "Use UTF-8",
        )


def _edit(kind: MetadataType, text: str | None, key: str | None, uri: str | None) -> Edit:
    if kind is MetadataType.TITLE:
        return lambda network: replace(network, title=text or None)
    if kind is MetadataType.DESCRIPTION:
        return lambda network: replace(network, description=text or None)

    def set_element_of(network: Network) -> Network:
        from pasarela.xml.metadata import set_element  # noqa: PLC0415

        return set_element(network, text, key, uri or "")

    return set_element_of
