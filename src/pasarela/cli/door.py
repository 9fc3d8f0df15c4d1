"""Opens the connection that a URI asks for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pasarela.errors import NoDriver

if TYPE_CHECKING:
    from pasarela.cli.options import Settings
    from pasarela.client.connection import Connection

DEFAULT_URI = "network:///system"


def uri_of(settings: Settings) -> str:
    """The URI in force: -c, then virsh's two variables, then the local networks."""
    for uri in (
        settings.uri,
        os.environ.get("VIRSH_DEFAULT_CONNECT_URI"),
        os.environ.get("LIBVIRT_DEFAULT_URI"),
    ):
        if uri:
            return uri
    return DEFAULT_URI


def root_of(settings: Settings) -> str:
    """The prefix of libvirt's directories: --root, then $PASARELA_ROOT, then /."""
    return settings.root or os.environ.get("PASARELA_ROOT") or "/"


def open_connection(settings: Settings) -> Connection:
    """The connection for these settings: the engine in this process.

    Raises:
        NoDriver: the URI means something else than this host's networks.
    """
    from pasarela.client.uri import LOCAL

    uri = uri_of(settings)
    if uri not in LOCAL:
        raise NoDriver(uri, remedy=_remedy(uri))
    from pasarela.client.embedded import open_embedded

    connection: Connection = open_embedded(root_of(settings))
    if settings.readonly:
        from pasarela.cli.readonly import read_only

        return read_only(connection)
    return connection


def _remedy(uri: str) -> str:
    if uri.endswith(":///session"):
        return "networks belong to the system: use -c network:///system as root, or pasarela lab"
    return f"Pasarela drives this host's networks, {DEFAULT_URI} (qemu:///system means the same)"
