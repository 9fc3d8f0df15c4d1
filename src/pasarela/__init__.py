"""Pasarela: the virtual networks of KVM guests."""

from __future__ import annotations

from pasarela.version import __version__ as __version__

TYPE_CHECKING = False  # what typing has, without the milliseconds that importing it takes
if TYPE_CHECKING:
    from pasarela.client.objects import Host
    from pasarela.errors import PasarelaError as PasarelaError


def connect(uri: str | None = None, root: str = "/", *, readonly: bool = False) -> Host:
    """A host's networks and interfaces, through its daemon or, where none runs, without one.

    Args:
        uri: as virsh's ``-c``; None and the system's URIs all mean this host.
        root: a prefix of libvirt's directories, to work on other files than the host's.
        readonly: only look; each change is refused.

    Raises:
        NoDriver: the URI means something that has no networks.
        PasarelaError: the daemon cannot be reached, or refused.
    """
    from pasarela.client.objects import Host  # noqa: PLC0415  (importing the package stays light)
    from pasarela.client.uri import open_uri  # noqa: PLC0415

    return Host(open_uri(uri, root, readonly=readonly))


def __getattr__(name: str) -> object:
    """``pasarela.PasarelaError``, whose module is not imported before it is needed."""
    if name != "PasarelaError":
        raise AttributeError(f"module 'pasarela' has no attribute '{name}'")
    from pasarela.errors import PasarelaError  # noqa: PLC0415

    return PasarelaError
