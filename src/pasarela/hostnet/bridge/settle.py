"""A change that is pending, kept or taken back; the caller holds the lock."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from pasarela.errors import HostnetRefused, PasarelaError
from pasarela.hostnet import journal, tree
from pasarela.hostnet.bridge import pending as pendings
from pasarela.hostnet.bridge.pending import Pending, Phase
from pasarela.hostnet.daemons import daemons
from pasarela.hostnet.live import moves


@dataclass(frozen=True, slots=True)
class TakenBack:
    """A change that was taken back, as far as that was possible.

    ``left`` is what could not be taken back, and why; ``strange`` the files that somebody has
    changed meanwhile, which stay as they are; ``notes`` what to type, if anything.
    """

    pending: Pending
    left: tuple[str, ...] = ()
    strange: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def take_back(root: Path, *, force: bool = False) -> TakenBack | None:
    """Have files and kernel as they were before the change; None if there is no change.

    All is taken back that can be. It may be done again: where something is left, the change stays
    pending.

    Args:
        force: forget the change whatever is left of it.

    Raises:
        HostnetRefused: not all could be taken back.
    """
    pending = pendings.load(root)
    if pending is None:
        return None
    notes: list[str] = []
    strange: list[str] = []
    left = (*_files_back(root, pending, strange), *_kernel_back(root, pending, notes))
    if left and not force:
        raise HostnetRefused(
            f"not all could be taken back: {'; '.join(left)}",
            remedy="put that right, and give 'pasarela host-bridge revert' again; with --force it "
            "is left as it is, and the change is forgotten",
        )
    journal.forget(root)
    pendings.forget(root)
    return TakenBack(pending, left, tuple(strange), tuple(notes))


def _files_back(root: Path, pending: Pending, strange: list[str]) -> tuple[str, ...]:
    """Why not all files on the disk are as they were."""
    try:
        strange += map(str, tree.changed_by_others(root, pending.edits))
        tree.take_back(root, pending.edits)
    except PasarelaError as error:
        return (error.detail,)
    return ()


def _kernel_back(root: Path, pending: Pending, notes: list[str]) -> tuple[str, ...]:
    """Why not all is as it was in the kernel, and with the manager that runs."""
    before = moves.Snapshot.from_json(pending.snapshot)
    try:
        now = moves.snapshot(before.dump.watched).state
    except PasarelaError:
        return moves.undo(before)  # which says why
    left: tuple[str, ...] = ()
    try:
        with daemons.taking_back(root, pending.volatile, now, before.state) as told:
            left = moves.undo(before)
    except PasarelaError as error:
        return (*left, error.detail)
    notes += told
    return left


def tell_of_files(root: Path, pending: Pending) -> tuple[str, ...]:
    """The files are written: a running manager goes by those; what to type where it cannot."""
    links = moves.Snapshot.from_json(pending.snapshot).dump.watched
    told = daemons.kept(root, pending.manager, pending.volatile, links)
    return told or (() if pending.volatile else daemons.tell(root, pending.manager, pending.edits))


def keep(root: Path) -> Pending:
    """Write the files, and forget how it was.

    One that was cut short while it wrote goes on where it was.

    Raises:
        HostnetRefused: there is nothing to keep, its time is out, or a file was changed meanwhile.
        SystemCallFailed: a file cannot be written; none is, and the change stays pending.
    """
    pending = _confirmable(root)
    pendings.set_phase(root, pending, Phase.WRITING)
    try:
        tree.finish(root)
        if not tree.is_written(root, pending.edits):
            tree.write(root, pending.edits)
    except BaseException:
        pendings.set_phase(root, pending, Phase.TRIAL)
        raise
    notes = tell_of_files(root, pending)
    pendings.forget(root)
    return replace(pending, notes=notes)


def _confirmable(root: Path) -> Pending:
    pending = pendings.load(root)
    if pending is None:
        raise HostnetRefused(
            "there is no change to confirm",
            remedy="it was kept or taken back already: pasarela host-bridge show says how it is",
        )
    if pending.phase is Phase.MOVING:
        raise HostnetRefused(
            f"{pending.what} is not done yet",
            remedy="wait a moment, and confirm then"
            if pending.is_watched
            else "its command has died, and nobody watches over it: pasarela host-bridge revert",
        )
    if pending.phase is Phase.TRIAL and pending.is_out_of_time:
        take_back(root)
        raise HostnetRefused(
            f"the time to confirm {pending.what} was out, so it has been taken back",
            remedy="give the command again, and confirm it in time",
        )
    return pending


def make_way(root: Path) -> None:
    """Settle what nobody will: a change whose watchdog is gone, or whose time is out.

    What was never done is taken back, as its watchdog would have done; what was confirmed is kept.

    Raises:
        HostnetRefused: a change goes on, or somebody may still confirm it.
    """
    pending = pendings.load(root)
    if pending is None:
        tree.finish(root)
    elif not pending.watchdog:  # killed before its first step
        pendings.forget(root)
    elif pending.phase is Phase.WRITING and not pending.is_watched:
        keep(root)
    elif pending.is_out_of_time or (pending.phase is Phase.MOVING and not pending.is_watched):
        take_back(root)
    else:
        raise pendings.in_the_way(pending)


def settle_unwatched(root: Path) -> str | None:
    """Settle what nobody watches over any more, whether its time is out or not; says how.

    Raises:
        PasarelaError: not all could be settled.
    """
    pending = pendings.load(root)
    if pending is None or pending.is_watched:
        return None
    if not pending.watchdog:
        pendings.forget(root)
        return None
    if pending.phase is Phase.WRITING:
        keep(root)
        return f"{pending.what} was confirmed, and is kept"
    take_back(root)
    return f"{pending.what} was never settled, and has been taken back"
