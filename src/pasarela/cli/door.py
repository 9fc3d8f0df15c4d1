"""Opens the connection that a URI asks for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pasarela.cli.options import Settings
    from pasarela.client.connection import Connection

DEFAULT_URI = "network:///system"


def uri_of(settings: Settings) -> str:
    """The URI in force: what was given, else the local networks."""
    return given_uri(settings) or DEFAULT_URI


def given_uri(settings: Settings) -> str | None:
    """-c, then virsh's two variables."""
    for uri in (
        settings.uri,
        os.environ.get("VIRSH_DEFAULT_CONNECT_URI"),
        os.environ.get("LIBVIRT_DEFAULT_URI"),
    ):
        if uri:
            return uri
    return None


def root_of(settings: Settings) -> str:
    """The prefix of libvirt's directories: --root, then $PASARELA_ROOT, then /."""
    return settings.root or os.environ.get("PASARELA_ROOT") or "/"


def open_connection(settings: Settings) -> Connection:
    """The connection for these settings: to a daemon, else the engine in this process.

    Raises:
        PasarelaError: the URI means something else, or its daemon does not let us in.
    """
    from pasarela.client.uri import open_uri

    uri = given_uri(settings)
    connection = open_uri(uri, root_of(settings), readonly=settings.readonly)
    if settings.readonly:
        from pasarela.cli.readonly import read_only

        return read_only(connection)
    return connection
