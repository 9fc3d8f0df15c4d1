"""Which connection a URI asks for."""

from __future__ import annotations

from pasarela.client.connection import Connection
from pasarela.errors import NoDriver

LOCAL = frozenset(
    f"{driver}{transport}:///system"
    for driver in ("qemu", "network", "interface")
    for transport in ("", "+unix")
)


def open_uri(uri: str | None, root: str) -> Connection:
    """The engine in this process, for this host's networks.

    Raises:
        NoDriver: the URI means something else.
    """
    if uri is not None and uri not in LOCAL:
        raise NoDriver(uri, remedy="this host's networks are network:///system")
    from pasarela.client.embedded import open_embedded  # noqa: PLC0415

    return open_embedded(root)
