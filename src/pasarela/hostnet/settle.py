"""A change that is pending, kept or taken back; the caller holds the lock."""

from __future__ import annotations

from pathlib import Path

from pasarela.errors import HostnetRefused
from pasarela.hostnet import pending as pendings
from pasarela.hostnet import tree
from pasarela.hostnet.live import daemons, moves
from pasarela.hostnet.pending import Pending, Phase


def take_back(root: Path) -> Pending | None:
    """Have files and kernel as they were before the change; None if there is no change.

    It may be done again: where it fails, the change stays pending.

    Raises:
        PasarelaError: not all could be taken back.
    """
    pending = pendings.load(root)
    if pending is None:
        return None
    try:
        tree.take_back(root, (*pending.edits, *pending.volatile))
    finally:  # the connection comes back, whatever becomes of the files
        if pending.volatile:
            daemons.reload(root, pending.manager, pending.edits)
        moves.undo(moves.Snapshot.from_json(pending.snapshot))
    pendings.forget(root)
    return pending


def keep(root: Path) -> Pending:
    """Write the files, and forget how it was.

    Raises:
        HostnetRefused: there is nothing to keep, or a file was changed meanwhile.
        SystemCallFailed: a file cannot be written; none is, and the change stays pending.
    """
    pending = pendings.load(root)
    if pending is None:
        raise HostnetRefused(
            "there is no change to confirm",
            remedy="it was kept or taken back already: pasarela host-bridge show says how it is",
        )
    if pending.phase is Phase.MOVING:
        raise HostnetRefused(
            f"{pending.what} is not done yet", remedy="wait a moment, and confirm then"
        )
    pendings.set_phase(root, pending, Phase.WRITING)
    try:
        tree.write(root, pending.edits)
    except BaseException:
        pendings.set_phase(root, pending, Phase.TRIAL)
        raise
    pendings.forget(root)
    return pending
