"""Files written whole or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from pasarela.errors import SystemCallFailed
from pasarela.host.replacing import replace
from pasarela.model.refusals import way_out

TEMPORARY_SUFFIX = ".new"
_READ = 1 << 16
_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW


def write_atomic(
    path: Path, text: str, *, mode: int = 0o600, folder_mode: int = 0o755, durable: bool = False
) -> None:
    """Put ``text`` at ``path`` so that a reader finds the old file or the new one, never half.

    Args:
        mode: the file's.
        folder_mode: the folder's, where there is none yet.
        durable: bring file and folder to the disk, too; what lies on /run needs it not.

    Raises:
        SystemCallFailed: the system said no; the old file is as it was.
    """
    name = str(path)
    new = f"{name}{TEMPORARY_SUFFIX}"
    with system_errors(f"cannot write {path}"):
        try:
            try:
                _write_new(new, text, mode, durable)
            except FileNotFoundError:
                make_folder(path.parent, folder_mode)
                _write_new(new, text, mode, durable)
            replace(new, name)
        except OSError:
            with suppress(OSError):
                os.unlink(new)  # noqa: PTH108
            raise
        if durable:
            sync_folder(path.parent)


def write_first(path: Path, text: str) -> bool:
    """Write a file that only root reads, in place; False if there is one, or no folder for it.

    Raises:
        SystemCallFailed: the system said no; there is no such file.
    """
    name = str(path)
    with system_errors(f"cannot write {path}"):
        try:
            _write_new(name, text, 0o600, durable=False, only=os.O_EXCL)
        except (FileExistsError, FileNotFoundError):
            return False
        except OSError:
            os.unlink(name)  # noqa: PTH108
            raise
        return True


def temporary(path: Path) -> Path:
    """Where a file is written before it takes its place."""
    return path.with_name(f"{path.name}{TEMPORARY_SUFFIX}")


def is_there(path: Path) -> bool:
    """Whether there is a file or link; most often there is none, which lexists tells slowly."""
    return os.access(path, os.F_OK, follow_symlinks=False)


def remove(path: Path, *, durable: bool = False) -> bool:
    """Remove a file or link; tell whether it was there."""
    with system_errors(f"cannot remove {path}"):
        try:
            os.unlink(path)  # noqa: PTH108  (called often; Path.unlink is slower)
        except (FileNotFoundError, NotADirectoryError):
            return False
        if durable:
            sync_folder(path.parent)
        return True


def read_text(path: Path) -> str | None:
    """The file's text, None if there is none.

    Raises:
        SystemCallFailed: it cannot be read.
    """
    content = read_bytes(path)
    return None if content is None else content.decode("utf-8", "surrogateescape")


def read_bytes(path: Path) -> bytes | None:
    with system_errors(f"cannot read {path}"):
        try:
            file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            return None
        try:
            return _read_all(file)
        finally:
            os.close(file)


def make_folder(path: Path, mode: int = 0o755) -> None:
    with system_errors(f"cannot create directory {path}"):
        path.mkdir(mode=mode, parents=True, exist_ok=True)


def sync_folder(path: Path) -> None:
    """Bring renames and removals in a folder to the disk."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class system_errors:  # noqa: N801  (as contextlib.suppress)
    """Turn what the system refuses into libvirt's error 38, with the errno's text at its end.

    A class, for it stands around each system call: a generator takes three times as long.
    """

    __slots__ = ("_doing",)

    def __init__(self, doing: str) -> None:
        self._doing = doing

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, OSError):
            raise SystemCallFailed(
                f"{self._doing}: {error.strerror or error}",
                errno=error.errno,
                remedy=way_out(error),
            ) from error


def _write_new(path: str, text: str, mode: int, durable: bool, only: int = 0) -> None:
    file = os.open(path, _NEW | only, mode)
    try:
        if mode != 0o600:
            os.fchmod(file, mode)  # whatever the umask is; others read some of these
        _write_all(file, text.encode("utf-8", "surrogateescape"))
        if durable:
            os.fsync(file)
    finally:
        os.close(file)


def _read_all(file: int) -> bytes:
    """In four system calls with open and close; Path.read_bytes takes nine."""
    content = part = os.read(file, _READ)
    while len(part) == _READ:
        part = os.read(file, _READ)
        content += part
    return content


def _write_all(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]
