"""The engine in this process, on this host: where no daemon runs, this is the door.

One of the two places that name the concrete adapters (the daemon will be the other). They are
imported when they are first needed: listing networks needs none of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pasarela.engine.engine import Engine
from pasarela.model.paths import Paths

if TYPE_CHECKING:
    from pasarela.engine.machine import Interfaces, Machine
    from pasarela.model.handles import Lease


def open_embedded(root: str | Path = "/") -> Engine:
    """The networks whose files lie in libvirt's places below ``root``.

    Nothing is read or made before the first call.
    """
    paths = Paths.under(Path(root).absolute())  # dnsmasq leaves the working directory
    return Engine(paths, lambda: _host(paths), _interfaces, _leases)


def _host(paths: Paths) -> Machine:
    from pasarela.host.linux import LinuxHost  # noqa: PLC0415  (see engine/lazy.py)

    return LinuxHost(paths)


def _interfaces() -> Interfaces:
    from pasarela.host.interfaces import HostInterfaces  # noqa: PLC0415

    return HostInterfaces()


def _leases(path: Path) -> Sequence[Lease]:
    from pasarela.host.leases import read_leases  # noqa: PLC0415

    return read_leases(path)
