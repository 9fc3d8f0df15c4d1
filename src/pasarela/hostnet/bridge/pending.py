"""A change that is not settled yet: how everything was before it, in a file on /run.

It is there from before the first step until the change is kept or taken back. A reboot forgets it
as it forgets what the kernel had; the files on the disk are not written before the change is kept.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

from pasarela.errors import HostnetRefused, Location, SystemCallFailed
from pasarela.host import processes
from pasarela.host.files import write_atomically
from pasarela.hostnet.journal import edits_from_json, edits_to_json
from pasarela.hostnet.live.dump import now
from pasarela.hostnet.manager import FileEdit
from pasarela.model.refusals import way_out

FOLDER = "run/pasarela/host"
WATCHDOG = "pasarela.hostnet.bridge.watchdog"


class Phase(Enum):
    """How far a change has come.

    MOVING: the command is changing the kernel. TRIAL: that is done, and waits to be confirmed.
    WRITING: it was confirmed, and the files are being written.
    """

    MOVING = "moving"
    TRIAL = "trial"
    WRITING = "writing"


@dataclass(frozen=True, slots=True)
class Pending:
    """A change that has begun and is not settled, with all that it takes to go back.

    ``command`` and ``watchdog`` are process ids. ``deadline`` is in seconds since the boot
    (CLOCK_BOOTTIME), None for a change that needs no confirmation.
    ``snapshot`` is of live/snapshot.py. ``volatile`` are files below /run that tell the ``manager``
    until the next boot. ``then`` are the words of a command to give once it is kept.
    """

    what: str
    phase: Phase
    command: int
    snapshot: dict[str, Any]
    edits: tuple[FileEdit, ...]
    volatile: tuple[FileEdit, ...] = ()
    manager: str = ""
    deadline: float | None = None
    watchdog: int = 0
    then: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()  # what to type now that it is kept; in no file

    @property
    def is_watched(self) -> bool:
        """Whether a watchdog is there to take it back."""
        return self.watchdog > 0 and WATCHDOG in processes.command_line(self.watchdog)

    @property
    def is_out_of_time(self) -> bool:
        """Whether it should have been taken back by now."""
        return self.deadline is not None and now() > self.deadline


def path(root: Path) -> Path:
    return root / FOLDER / "pending.json"


def load(root: Path) -> Pending | None:
    """
    Raises:
        HostnetRefused: the file cannot be understood, so that nobody knows how it was.
        SystemCallFailed: only root may read it, for it has what secret files had.
    """
    place = path(root)
    try:
        text = place.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _failed(f"cannot read {place}", error) from error
    try:
        return _from_json(json.loads(text))
    except (ValueError, KeyError, TypeError) as error:
        raise HostnetRefused(
            f"{place} cannot be read, and says how the host was before a change",
            location=Location(str(place)),
            remedy="look at the interfaces yourself (ip addr; ip route), then have it forgotten: "
            "pasarela host-bridge revert --force",
        ) from error


def in_the_way(other: Pending) -> HostnetRefused:
    """What whoever wants to change something meanwhile is told."""
    return HostnetRefused(
        f"another change is pending: {other.what}",
        remedy="keep it with 'pasarela confirm', or take it back with "
        "'pasarela host-bridge revert'",
    )


def save(root: Path, pending: Pending) -> None:
    """
    Raises:
        SystemCallFailed: there is no room for it, or no permission.
    """
    try:
        write_atomically(path(root), json.dumps(_to_json(pending)), mode=0o600)
    except OSError as error:
        raise _failed(f"cannot write {path(root)}", error) from error


def forget(root: Path) -> None:
    path(root).unlink(missing_ok=True)


def set_phase(root: Path, pending: Pending, phase: Phase) -> Pending:
    changed = replace(pending, phase=phase)
    save(root, changed)
    return changed


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """One at a time: the command, the watchdog, and whoever keeps or takes back.

    Raises:
        SystemCallFailed: only root may.
    """
    file = _open_lock(root / FOLDER)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)


def _open_lock(folder: Path) -> int:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o755)
        return os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _failed(f"cannot open {folder / 'lock'}", error) from error


def _failed(what: str, error: OSError) -> SystemCallFailed:
    return SystemCallFailed(f"{what}: {error.strerror}", errno=error.errno, remedy=way_out(error))


def _to_json(pending: Pending) -> dict[str, Any]:
    return {
        "what": pending.what,
        "phase": pending.phase.value,
        "command": pending.command,
        "snapshot": pending.snapshot,
        "edits": edits_to_json(pending.edits),
        "volatile": edits_to_json(pending.volatile),
        "manager": pending.manager,
        "deadline": pending.deadline,
        "watchdog": pending.watchdog,
        "then": list(pending.then),
    }


def _from_json(found: dict[str, Any]) -> Pending:
    return Pending(
        what=str(found["what"]),
        phase=Phase(found["phase"]),
        command=int(found["command"]),
        snapshot=dict(found["snapshot"]),
        edits=edits_from_json(found["edits"]),
        volatile=edits_from_json(found["volatile"]),
        manager=str(found["manager"]),
        deadline=found["deadline"],
        watchdog=int(found["watchdog"]),
        then=tuple(map(str, found["then"])),
    )
