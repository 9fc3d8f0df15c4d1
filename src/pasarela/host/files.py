"""Files written so that a reader sees the old or the new one, and a crash leaves one of them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from pasarela.errors import SystemCallFailed
from pasarela.host.replacing import replace
from pasarela.model.refusals import way_out
from pasarela.plan.actions import Action, ApplyError, Remove
from pasarela.plan.resources import Resource, TextFile


class Files:
    """The adapter of files that are ours as a whole and made again at each start."""

    def observe(self, expected: Iterable[Resource]) -> Iterator[Resource]:
        for file in expected:
            assert isinstance(file, TextFile)
            found = _read(file)
            if found is not None:
                yield found

    def apply(self, actions: Sequence[Action]) -> None:
        """Raises:
        ApplyError: a file could not be written or removed."""
        for position, action in enumerate(actions):
            file = action.resource
            assert isinstance(file, TextFile)
            try:
                if isinstance(action, Remove):
                    file.path.unlink(missing_ok=True)
                else:
                    write_atomically(file.path, file.content, mode=file.mode)
            except OSError as cause:
                raise ApplyError(actions[:position], _failure(file.path, cause)) from cause


def write_atomically(path: Path, content: str, *, mode: int = 0o644, durable: bool = False) -> None:
    """Write a temporary file beside ``path`` and rename it over it.

    Args:
        durable: also wait until file and folder are on the disk, for what must outlive a crash of
            the machine.

    Raises:
        OSError: as the system says; nothing is left behind.
    """
    name = str(path)
    temporary = f"{name}.new"
    encoded = content.encode(errors="surrogateescape")
    try:
        _write_new(temporary, encoded, mode, durable=durable)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_new(temporary, encoded, mode, durable=durable)
    try:
        replace(temporary, name)
    except OSError:
        _drop(temporary)
        raise
    if durable:
        sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Wait until the folder's entries are on the disk."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _write_new(path: str, content: bytes, mode: int, *, durable: bool) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
    file = os.open(path, flags, mode)
    try:
        os.fchmod(file, mode)  # whatever the umask is; dnsmasq reads some of them as nobody
        _write_all(file, content)
        if durable:
            os.fsync(file)
    except OSError:
        _drop(path)
        raise
    finally:
        os.close(file)


def _drop(path: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(path)  # noqa: PTH108


def _write_all(file: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(file, rest) :]


def _read(expected: TextFile) -> TextFile | None:
    try:
        file = os.open(expected.path, os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        status = os.fstat(file)
        content = _read_all(file, status.st_size).decode(errors="surrogateescape")
    finally:
        os.close(file)
    return TextFile(expected.path, content, status.st_mode & 0o777, expected.reader)


def _read_all(file: int, size: int) -> bytes:
    parts = []
    while part := os.read(file, size + 1):
        parts.append(part)
    return b"".join(parts)


def _failure(path: Path, cause: OSError) -> SystemCallFailed:
    return SystemCallFailed(
        f"cannot write file '{path}': {cause.strerror}", errno=cause.errno, remedy=way_out(cause)
    )
