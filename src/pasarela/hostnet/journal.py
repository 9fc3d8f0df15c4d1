"""What several files shall be, on the disk before the first of them is.

It is there while they are written or taken back, and only then. Whoever finds it knows that this
was cut short, by a signal or by the end of the power, and can finish it: each file is the old one
or the new one, and both texts are here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

from pasarela.errors import HostnetRefused, Location
from pasarela.host.files import sync_folder, write_atomically
from pasarela.hostnet.manager import FileEdit

FOLDER = "var/lib/pasarela/host"


def place(root: Path) -> Path:
    return root / FOLDER / "files.json"


def save(root: Path, edits: Sequence[FileEdit], *, back: bool = False) -> None:
    """Note what is about to be written.

    Args:
        back: these take back what was written before.

    Raises:
        OSError: as the system says.
    """
    folder = place(root).parent
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)  # files of managers hold secrets
    text = json.dumps({"back": back, "edits": edits_to_json(edits)})
    write_atomically(place(root), text, mode=0o600, durable=True)
    for above in folder.parents[:3]:  # var/lib/pasarela may be new as well
        sync_folder(above)


def load(root: Path) -> tuple[tuple[FileEdit, ...], bool] | None:
    """What was about to be written, and whether that was the way back; None if nothing is open.

    Raises:
        HostnetRefused: it cannot be understood.
    """
    try:
        found = json.loads(place(root).read_bytes())
        return edits_from_json(found["edits"]), bool(found["back"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise HostnetRefused(
            f"{place(root)} cannot be read, and says which files were being written",
            location=Location(str(place(root))),
            remedy="look at the files of the host's interfaces yourself, then remove it",
        ) from error


def is_open(root: Path) -> bool:
    """Whether files were left half written, as far as one may look."""
    try:
        return place(root).exists()
    except PermissionError:
        return False


def forget(root: Path) -> None:
    """All files are as they shall be."""
    with suppress(FileNotFoundError):
        place(root).unlink()
        sync_folder(place(root).parent)


def edits_to_json(edits: Sequence[FileEdit]) -> list[dict[str, Any]]:
    return [
        {"path": str(one.path), "before": one.before, "after": one.after, "mode": one.mode}
        for one in edits
    ]


def edits_from_json(found: Sequence[dict[str, Any]]) -> tuple[FileEdit, ...]:
    return tuple(
        FileEdit(PurePosixPath(one["path"]), one["before"], one["after"], int(one["mode"]))
        for one in found
    )
