"""Lease files, read again only when they have changed: clients ask much more often."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from pasarela.engine.index import Signature, signature_of
from pasarela.model.handles import Lease

ALWAYS = 0  # a moment before which no lease has expired
MAX_FILES = 4096


class LeaseCache:
    """Reads as host.leases.read_leases does.

    The files are replaced as a whole, so their inode tells one version from the next.
    """

    def __init__(self) -> None:
        self._known: dict[Path, tuple[Signature, Sequence[Lease]]] = {}

    def __call__(self, path: Path) -> Sequence[Lease]:
        """The leases that have not expired."""
        signature = signature_of(path)
        if signature is None:
            return ()
        known = self._known.get(path)
        if known is None or known[0] != signature:
            known = signature, _read(path)
            if len(self._known) >= MAX_FILES:
                self._known.clear()
            self._known[path] = known
        now = int(time.time())
        return [lease for lease in known[1] if not 0 < lease.expiry < now]


def _read(path: Path) -> Sequence[Lease]:
    from pasarela.host.leases import read_leases  # noqa: PLC0415  (not before it is asked for)

    return read_leases(path, now=ALWAYS)
