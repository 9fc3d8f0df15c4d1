"""The host's files below its root: read by globs, written so that a crash leaves old or new."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import unified_diff as compare
from pathlib import Path, PurePosixPath

from pasarela.errors import HostnetRefused, Location, SystemCallFailed
from pasarela.host.files import sync_folder
from pasarela.hostnet import journal
from pasarela.hostnet.manager import FileEdit
from pasarela.model.refusals import way_out

_SUFFIX = ".pasarela-new"
_TOP = PurePosixPath("/")
_VOLATILE = _TOP / "run"


@dataclass(frozen=True, slots=True)
class _Metadata:
    """What a file is besides its content."""

    mode: int
    user: int
    group: int
    extended: tuple[tuple[str, bytes], ...]


def read(root: Path, patterns: Iterable[str]) -> dict[PurePosixPath, str]:
    """The texts of the files that any glob names, by path from the root.

    Raises:
        SystemCallFailed: one cannot be read.
    """
    found = {path for pattern in patterns for path in root.glob(pattern) if path.is_file()}
    return {_TOP / path.relative_to(root): _text(path) or "" for path in sorted(found)}


def place(root: Path, path: PurePosixPath) -> Path:
    """Where a file of the host lies; a link leads to the file itself, which keeps its place."""
    full = root / path.relative_to(_TOP)
    return full.resolve() if full.is_symlink() and root == Path("/") else full


def check(root: Path, edits: Sequence[FileEdit]) -> None:
    """Refuse edits of files that are no longer what they were made for.

    Raises:
        HostnetRefused: somebody changed one meanwhile.
    """
    for edit in edits:
        if _text(place(root, edit.path)) != edit.before:
            raise HostnetRefused(
                f"{edit.path} was changed meanwhile by somebody else",
                location=Location(str(edit.path)),
                remedy="look at it, and give the command again",
            )


def write(root: Path, edits: Sequence[FileEdit]) -> None:
    """Carry edits out, all of them or none, whenever the program or the power ends meanwhile.

    All new files are on the disk before the first takes its place, and so is the journal that says
    which are about to. A file that is there keeps its mode, owner and extended attributes.

    Raises:
        HostnetRefused: a file is no longer what the edit was made for.
        SystemCallFailed: the system said no; the files are as they were.
    """
    check(root, edits)
    try:
        for edit in edits:
            _prepare(root, edit)
        _note(root, edits)
        for edit in edits:
            _put(root, edit)
    except OSError as error:
        take_back(root, edits)
        raise _not_written(edit, error) from error
    finally:
        for edit in edits:
            _drop_temporary(place(root, edit.path))
    journal.forget(root)


def _note(root: Path, edits: Sequence[FileEdit], *, back: bool = False) -> None:
    """The journal of edits; one alone needs none, and what is in /run does not outlive a crash."""
    lasting = [one for one in edits if not one.path.is_relative_to(_VOLATILE)]
    if len(lasting) > 1:
        try:
            journal.save(root, lasting, back=back)
        except OSError as error:
            with suppress(OSError):
                journal.forget(root)
            raise SystemCallFailed(
                f"cannot write {journal.place(root)}: {error.strerror}",
                errno=error.errno,
                remedy=way_out(error),
            ) from error


def finish(root: Path) -> tuple[PurePosixPath, ...]:
    """Finish what was cut short while files were written, or taken back.

    Where somebody has changed one of them since, the others go back to how they were before.

    Returns:
        The files that it was about.

    Raises:
        HostnetRefused: the journal cannot be read.
        SystemCallFailed: the system said no; it may be done again.
    """
    found = journal.load(root)
    if found is None:
        return ()
    edits, back = found
    strange = changed_by_others(root, edits)
    if strange and not back:
        edits = tuple(map(_inverse, edits))
    for edit in edits:
        try:
            if edit.path not in strange and _text(place(root, edit.path)) != edit.after:
                _prepare(root, edit)
                _put(root, edit)
        except OSError as error:
            raise _not_written(edit, error) from error
        finally:
            _drop_temporary(place(root, edit.path))
    journal.forget(root)
    return tuple(edit.path for edit in edits)


def changed_by_others(root: Path, edits: Sequence[FileEdit]) -> tuple[PurePosixPath, ...]:
    """The files that are neither as they were before the edits nor as they are after."""
    return tuple(
        edit.path
        for edit in edits
        if _text(place(root, edit.path)) not in (edit.before, edit.after)
    )


def is_written(root: Path, edits: Sequence[FileEdit]) -> bool:
    """Whether all edits are carried out already."""
    return all(_text(place(root, edit.path)) == edit.after for edit in edits)


def rehearse(root: Path, edits: Sequence[FileEdit]) -> None:
    """Find out whether the edits could be written, with nothing changed.

    Raises:
        HostnetRefused: a file is no longer what the edit was made for.
        SystemCallFailed: the system said no.
    """
    check(root, edits)
    for edit in edits:
        try:
            _prepare(root, edit)
        except OSError as error:
            raise _not_written(edit, error) from error
        finally:
            _drop_temporary(place(root, edit.path))


def take_back(root: Path, edits: Sequence[FileEdit]) -> None:
    """Have files as they were before edits, as far as these were carried out.

    Raises:
        SystemCallFailed: the system said no to one; the others are as they were.
    """
    for edit in edits:
        _drop_temporary(place(root, edit.path))
    done = [edit for edit in edits if _is_carried_out(root, edit)]
    if done:
        with suppress(SystemCallFailed):  # a disk that is full still lets old files come back
            _note(root, [_inverse(edit) for edit in edits], back=True)
    failed = [error for edit in reversed(done) if (error := _take_back(root, edit))]
    if failed:
        raise failed[0]
    journal.forget(root)


def _is_carried_out(root: Path, edit: FileEdit) -> bool:
    return edit.before != edit.after and _text(place(root, edit.path)) == edit.after


def _take_back(root: Path, edit: FileEdit) -> SystemCallFailed | None:
    try:
        with suppress(FileNotFoundError):
            _prepare(root, _inverse(edit))
            _put(root, _inverse(edit))
    except OSError as error:
        return _not_written(edit, error)
    return None


def _inverse(edit: FileEdit) -> FileEdit:
    return FileEdit(edit.path, edit.after, edit.before, edit.mode)


def with_modes(root: Path, edits: Sequence[FileEdit]) -> list[FileEdit]:
    """The edits with the modes that files have which are to go, so that they can come again."""
    return [
        FileEdit(edit.path, edit.before, edit.after, _mode(place(root, edit.path), edit.mode))
        for edit in edits
    ]


def unified_diff(edits: Iterable[FileEdit]) -> str:
    """What changes, as diff -u shows it; a file that is not there is /dev/null."""
    return "".join(line for edit in edits for line in _diff(edit))


def _diff(edit: FileEdit) -> Iterator[str]:
    before, after = (edit.before or "").splitlines(True), (edit.after or "").splitlines(True)
    old, new = (
        "/dev/null" if text is None else str(edit.path) for text in (edit.before, edit.after)
    )
    for line in compare(before, after, old, new):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _text(path: Path) -> str | None:
    try:
        return path.read_bytes().decode(errors="surrogateescape")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise SystemCallFailed(
            f"cannot read {path}: {error.strerror}", errno=error.errno, remedy=way_out(error)
        ) from error


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}{_SUFFIX}")


def _drop_temporary(target: Path) -> None:
    """A file system that is read-only refuses it even where there is none (EROFS)."""
    with suppress(OSError):
        _temporary(target).unlink(missing_ok=True)


def _not_written(edit: FileEdit, error: OSError) -> SystemCallFailed:
    return SystemCallFailed(
        f"cannot write {edit.path}: {error.strerror}", errno=error.errno, remedy=way_out(error)
    )


def _prepare(root: Path, edit: FileEdit) -> None:
    """Write the new file beside its place, and bring it to the disk."""
    if edit.after is None:
        return
    target = place(root, edit.path)
    target.parent.mkdir(parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
    file = os.open(_temporary(target), flags, 0o600)
    with os.fdopen(file, "wb") as new:
        new.write(edit.after.encode(errors="surrogateescape"))
        _dress(file, _metadata(target) or _Metadata(edit.mode, -1, -1, ()))
        new.flush()
        os.fsync(file)


def _put(root: Path, edit: FileEdit) -> None:
    target = place(root, edit.path)
    if edit.after is None:
        target.unlink()
    else:
        _temporary(target).rename(target)
    sync_folder(target.parent)


def _metadata(path: Path) -> _Metadata | None:
    try:
        status = path.stat()
        names = os.listxattr(path)
        extended = tuple((name, os.getxattr(path, name)) for name in names)
    except OSError:
        return None
    return _Metadata(status.st_mode & 0o7777, status.st_uid, status.st_gid, extended)


def _dress(file: int, like: _Metadata) -> None:
    if os.geteuid() == 0:
        os.fchown(file, like.user, like.group)
    os.fchmod(file, like.mode)
    for name, value in like.extended:
        with suppress(OSError):  # a label that the system sets itself
            os.setxattr(file, name, value)


def _mode(path: Path, default: int) -> int:
    found = _metadata(path)
    return found.mode if found else default
