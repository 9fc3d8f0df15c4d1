"""The restore point of a change of the interfaces: how their files were, and which were up.

One file, written before anything is changed and kept until the change is committed or rolled back:
whatever ends in between, a program or the machine, the way back is there.
"""

from __future__ import annotations

import json
import os
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pasarela.errors import ErrorDomain, InternalError, Location, OperationInvalid
from pasarela.host.files import sync_folder, write_atomically

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class SavedFile:
    """A file's path from the root, and all that it takes to have it back."""

    path: PurePosixPath
    content: bytes
    mode: int
    user: int
    group: int


@dataclass(frozen=True, slots=True)
class RestorePoint:
    """How the host's interfaces were when a change of several of them began.

    ``boot`` is the kernel's identifier of the boot in which that was.
    ``present`` are the interfaces that there were, ``up`` those that were set up.
    """

    boot: str
    present: frozenset[str]
    up: frozenset[str]
    files: tuple[SavedFile, ...]

    @property
    def is_of_this_boot(self) -> bool:
        return self.boot == boot_id()


def boot_id() -> str:
    return _BOOT_ID.read_text().strip()


class Changes:
    """At most one change at a time.

    Args:
        place: the restore point's file.
        root: the host's root folder.
        patterns: globs of the files that a change may be about, from the root.
    """

    def __init__(self, place: Path, root: Path, patterns: Sequence[str]) -> None:
        self._place = place
        self._root = root
        self._patterns = patterns

    def begin(self, *, up: Iterable[str], present: Iterable[str]) -> None:
        """Note how everything is.

        Raises:
            OperationInvalid: a change has begun already.
        """
        if self._place.exists():
            raise OperationInvalid(
                "there is another transaction running.",
                domain=ErrorDomain.INTERFACE,
                remedy="end it first: pasarela iface-commit keeps it, iface-rollback takes it back",
            )
        files = tuple(self._saved())
        point = RestorePoint(boot_id(), frozenset(present), frozenset(up), files)
        write_atomically(self._place, _to_text(point), mode=0o600, durable=True)  # holds secrets

    def current(self, purpose: str) -> RestorePoint:
        """The restore point of the change that goes on.

        Args:
            purpose: what is to be done, in libvirt's words: "be committed", "rollback".

        Raises:
            OperationInvalid: none does.
        """
        point = self.pending()
        if point is None:
            raise OperationInvalid(
                f"no transaction running, nothing to {purpose}.",
                domain=ErrorDomain.INTERFACE,
                remedy="pasarela iface-begin begins one",
            )
        return point

    def pending(self) -> RestorePoint | None:
        """Raises:
        InternalError: the restore point cannot be read."""
        try:
            text = self._place.read_text()
        except FileNotFoundError:
            return None
        try:
            return _from_text(text)
        except (ValueError, KeyError, TypeError) as error:
            raise InternalError(
                f"the restore point {self._place} cannot be read",
                domain=ErrorDomain.INTERFACE,
                location=Location(str(self._place)),
                remedy="look at the interfaces' files yourself, then remove it",
            ) from error

    def restore(self, point: RestorePoint) -> None:
        """Put the files back: those that were there, and none that came since."""
        for path in self._paths():
            if PurePosixPath(path.relative_to(self._root)) not in {f.path for f in point.files}:
                path.unlink()
                sync_folder(path.parent)
        for file in point.files:
            if not self._is_as_saved(file):
                _put(self._root / file.path, file)

    def end(self) -> None:
        """Forget the restore point."""
        self._place.unlink(missing_ok=True)
        with suppress(FileNotFoundError):
            sync_folder(self._place.parent)

    def _paths(self) -> list[Path]:
        found = {path for pattern in self._patterns for path in self._root.glob(pattern)}
        return sorted(path for path in found if path.is_file())

    def _saved(self) -> Iterator[SavedFile]:
        for path in self._paths():
            status = path.stat()
            yield SavedFile(
                path=PurePosixPath(path.relative_to(self._root)),
                content=path.read_bytes(),
                mode=status.st_mode & 0o7777,
                user=status.st_uid,
                group=status.st_gid,
            )

    def _is_as_saved(self, file: SavedFile) -> bool:
        path = self._root / file.path
        try:
            status, content = path.stat(), path.read_bytes()
        except FileNotFoundError:
            return False
        now = (content, status.st_mode & 0o7777, status.st_uid, status.st_gid)
        return now == (file.content, file.mode, file.user, file.group)


def _put(path: Path, file: SavedFile) -> None:
    """The file as it was; where it is a link, what the link leads to."""
    path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.pasarela")  # what no manager takes for its own
    descriptor = os.open(
        temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600
    )
    with os.fdopen(descriptor, "wb") as new:
        new.write(file.content)
        if os.geteuid() == 0:
            os.fchown(descriptor, file.user, file.group)
        os.fchmod(descriptor, file.mode)
        new.flush()
        os.fsync(descriptor)
    temporary.rename(path)
    sync_folder(path.parent)


def _to_text(point: RestorePoint) -> str:
    files = [
        {
            "path": str(file.path),
            "content": b64encode(file.content).decode(),
            "mode": file.mode,
            "user": file.user,
            "group": file.group,
        }
        for file in point.files
    ]
    present, up = sorted(point.present), sorted(point.up)
    return json.dumps({"boot": point.boot, "present": present, "up": up, "files": files})


def _from_text(text: str) -> RestorePoint:
    found = json.loads(text)
    return RestorePoint(
        boot=str(found["boot"]),
        present=frozenset(map(str, found["present"])),
        up=frozenset(map(str, found["up"])),
        files=tuple(
            SavedFile(
                path=PurePosixPath(file["path"]),
                content=b64decode(file["content"]),
                mode=int(file["mode"]),
                user=int(file["user"]),
                group=int(file["group"]),
            )
            for file in found["files"]
        ),
    )
