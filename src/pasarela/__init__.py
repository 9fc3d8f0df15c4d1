"""Pasarela: the virtual networks of KVM guests."""

from __future__ import annotations

TYPE_CHECKING = False  # what typing has, without the milliseconds that importing it takes
if TYPE_CHECKING:
    from pasarela.client.connection import Connection

__version__ = "0.1.0.dev0"


def connect(uri: str | None = None, root: str = "/") -> Connection:
    """A connection to this host's networks.

    Args:
        uri: as virsh's ``-c``; None and the system's URIs all mean this host.
        root: a prefix of libvirt's directories, to work on other files than the host's.

    Raises:
        NoDriver: the URI means something else than this host's networks.
    """
    from pasarela.client.uri import open_uri  # noqa: PLC0415  (importing the package stays light)

    return open_uri(uri, root)
