"""Lease files, read again only when they have changed: clients ask much more often."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from math import inf
from pathlib import Path
from typing import NamedTuple

from pasarela.engine.index import Signature, signature_of
from pasarela.model.handles import Lease

ALWAYS = 0  # a moment before which no lease has expired
MAX_FILES = 4096


class Look(NamedTuple):
    """A version of a lease file, and the time until which its leases are all the same."""

    path: str
    signature: Signature | None
    until: float

    def holds(self) -> bool:
        """Whether another look would find the same leases; asked at each call for them."""
        if self.signature is None:
            return not os.access(self.path, os.F_OK)
        try:
            found = os.stat(self.path)  # noqa: PTH116
        except OSError:
            return False
        return time.time() < self.until and Signature.of(found) == self.signature


class LeaseCache:
    """Reads as host.leases.read_leases does.

    The files are replaced as a whole, so their inode tells one version from the next.

    Attributes:
        last_look: what the last call saw.
    """

    def __init__(self) -> None:
        self.last_look: Look | None = None
        self._known: dict[Path, tuple[Signature, Sequence[Lease]]] = {}

    def __call__(self, path: Path) -> Sequence[Lease]:
        """The leases that have not expired."""
        signature = signature_of(path)
        if signature is None:
            self.last_look = Look(str(path), None, inf)
            return ()
        known = self._known.get(path)
        if known is None or known[0] != signature:
            known = signature, _read(path)
            if len(self._known) >= MAX_FILES:
                self._known.clear()
            self._known[path] = known
        now = int(time.time())
        valid = [lease for lease in known[1] if not 0 < lease.expiry < now]
        first = min((lease.expiry for lease in valid if lease.expiry), default=inf)
        self.last_look = Look(str(path), signature, first + 1)
        return valid


def _read(path: Path) -> Sequence[Lease]:
    from pasarela.host.leases import read_leases  # noqa: PLC0415  (not before it is asked for)

    return read_leases(path, now=ALWAYS)
