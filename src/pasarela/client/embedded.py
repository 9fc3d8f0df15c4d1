"""The engine in this process, on this host: where no daemon runs, this is the door.

One of the two places that name the concrete adapters (the daemon will be the other).
"""

from __future__ import annotations

from pathlib import Path

from pasarela.engine.engine import Engine
from pasarela.host.interfaces import HostInterfaces
from pasarela.host.leases import read_leases
from pasarela.host.linux import LinuxHost
from pasarela.model.paths import Paths


def open_embedded(root: str | Path = "/") -> Engine:
    """The networks whose files lie in libvirt's places below ``root``.

    Nothing is read or made before the first call.
    """
    paths = Paths.under(root)
    return Engine(paths, LinuxHost(paths), HostInterfaces(), read_leases)
