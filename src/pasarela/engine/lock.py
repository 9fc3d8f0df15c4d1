"""Who may write: one Pasarela command at a time, and none beside a libvirt daemon.

Between Pasarela's own commands there is an flock on a file of ours. Towards libvirt there is its
own lock, taken the way virPidFileAcquirePath does: an fcntl write lock on the first byte of
driver.pid, which holds the owner's pid. Whoever of the two holds that keeps the other out.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from pasarela.engine.files import make_folder, system_errors
from pasarela.errors import StoreOwned
from pasarela.model.paths import Paths

_FLOCK = struct.Struct("hhqqi4x")  # struct flock of 64-bit Linux: type, whence, start, len, pid
_DAEMONS = ("libvirtd", "virtnetworkd", "pasarelad")
_NUMBER = struct.Struct("<Q")


class Turn(NamedTuple):
    """One holding of the lock. All of them are numbered, over all processes: whoever finds the
    number of its own last turn as ``previous`` knows that nobody has written since."""

    previous: int
    current: int


@contextmanager
def writing(paths: Paths, *, wait: bool = True) -> Iterator[Turn]:
    """Hold both locks.

    Raises:
        StoreOwned: a libvirt daemon holds the files.
        SystemCallFailed: they cannot be locked, most often for want of permission.
        BlockingIOError: with ``wait=False``, another Pasarela command is at work.
    """
    with _own_lock(paths.lock, wait) as turn, driver_lock(paths.driver_lock):
        yield turn


@contextmanager
def holding(paths: Paths) -> Iterator[None]:
    """Hold libvirt's lock as a daemon does, for all its life; a command at work is waited for.

    Raises:
        StoreOwned: another daemon holds the files.
        SystemCallFailed: they cannot be locked, most often for want of permission.
    """
    with ExitStack() as held:
        with _own_lock(paths.lock, wait=True):
            held.enter_context(driver_lock(paths.driver_lock))
        yield


@contextmanager
def _own_lock(path: Path, wait: bool) -> Iterator[Turn]:
    file = _open_own_lock(path)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        with system_errors(f"cannot write {path}"):
            turn = _next_turn(file)
        yield turn
    finally:
        os.close(file)


def _open_own_lock(path: Path) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
    with system_errors(f"cannot open {path}"):
        try:
            return os.open(path, flags, 0o600)
        except FileNotFoundError:
            make_folder(path.parent)
            return os.open(path, flags, 0o600)


def _next_turn(file: int) -> Turn:
    raw = os.pread(file, _NUMBER.size, 0)
    previous = _NUMBER.unpack(raw)[0] if len(raw) == _NUMBER.size else 0
    os.pwrite(file, _NUMBER.pack(previous + 1), 0)
    return Turn(previous, previous + 1)


@contextmanager
def driver_lock(path: Path) -> Iterator[None]:
    """Hold one of libvirt's locks.

    The kernel gives it up as soon as this process closes any descriptor of that file.

    Raises:
        StoreOwned: another daemon holds it.
        SystemCallFailed: there is no way to lock it.
    """
    file = _acquire_driver_lock(path)
    try:
        with system_errors(f"cannot write {path}"):
            if os.fstat(file).st_size:  # whoever had it was killed
                os.ftruncate(file, 0)
            os.pwrite(file, b"%d" % os.getpid(), 0)
        yield
    finally:
        # The file stays, empty: making and removing it at each turn would change the folder's
        # time stamp, and with it make every reader look at all networks anew.
        with suppress(OSError):  # what was to be done is done
            os.ftruncate(file, 0)
        os.close(file)


def _acquire_driver_lock(path: Path) -> int:
    """An open file that bears the lock, and that is still the one at ``path``."""
    while True:
        with system_errors(f"cannot open {path}"):
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            _lock_first_byte(file, path)
            if _is_still_at(file, path):
                return file
        except BaseException:
            os.close(file)
            raise
        os.close(file)


def _lock_first_byte(file: int, path: Path) -> None:
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 0)
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EAGAIN):
            raise
        raise _owned(file, path) from error


def _is_still_at(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False


def _owned(file: int, path: Path) -> StoreOwned:
    pid = _lock_owner(file)
    name = _process_name(pid) if pid else None
    who = f"{name} (pid {pid})" if name else "another daemon"
    units = f"{name} and its sockets" if name in _DAEMONS else f"{' '.join(_DAEMONS)}, and sockets"
    return StoreOwned(
        f"{who} owns the networks' files: it holds {path}",
        remedy=(
            "while it runs, use virsh or pasarela -c qemu:///system, which ask it; or stop it "
            f"(systemctl stop {units}), or give --root DIR to work on other files"
        ),
    )


def _lock_owner(file: int) -> int | None:
    request = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 1, 0)
    answer = _FLOCK.unpack(fcntl.fcntl(file, fcntl.F_GETLK, request))
    return answer[4] or None  # 0: in a pid namespace that we do not see


def _process_name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip()
    except OSError:
        return "a process"
