"""Starting dnsmasq without waiting idly, and knowing when it listens."""

from __future__ import annotations

import _thread
import os
import select
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

START_SECONDS = 30.0
_NOBODY = 65534
# The interpreter ignores SIGPIPE and SIGXFSZ, and a caller may block others.
_RESET = (signal.SIGPIPE, signal.SIGINT, signal.SIGHUP)


class StartFailed(Exception):
    """The program ended, or did not get ready in time; ``status`` as in a shell's ``$?``."""

    def __init__(self, status: int, output: str) -> None:
        super().__init__(output)
        self.status = status
        self.output = output


class Starting(Protocol):
    """A program on its way up."""

    @property
    def pid(self) -> int: ...

    def wait(self) -> int | None:
        """Wait until it is ready.

        Returns:
            The pid of the process that stays, where that is known.

        Raises:
            StartFailed: it will not be.
        """
        ...


@dataclass(frozen=True, slots=True)
class Background:
    """A program that goes to the background itself; that its parent exits with 0 means ready."""

    pid: int
    output: int  # a memory file

    def wait(self) -> int | None:
        try:
            status = _exit_status(self.pid)
            if status:
                os.lseek(self.output, 0, os.SEEK_SET)
                raise StartFailed(status, _decode(os.read(self.output, 1 << 16)))
        finally:
            os.close(self.output)
        return None


@dataclass(frozen=True, slots=True)
class Kept:
    """A program that stays a child, and lets go of its standard error once it is ready.

    By then it has written its pid file; one that ends lets go of it too, but has not.
    """

    pid: int
    output: int  # a pipe's reading end
    pid_file: Path
    gate: int | None = None  # a pipe's writing end, whose reading end is its standard input

    def release(self) -> None:
        """Let it find the end of its standard input, for which it has been waiting."""
        if self.gate is not None:
            os.close(self.gate)

    def abandon(self) -> None:
        """End it while it waits."""
        _kill(self.pid)
        os.waitpid(self.pid, 0)
        self.release()
        os.close(self.output)

    def wait(self) -> int | None:
        said = b""
        try:
            while part := _read_within(self.output, START_SECONDS):
                said += part
        finally:
            os.close(self.output)
        if not _names(self.pid_file, self.pid):
            raise StartFailed(_exit_status(self.pid), _decode(said))
        return None


@dataclass(frozen=True, slots=True)
class Foreground:
    """A program that stays in the foreground and says so when it is ready."""

    pid: int
    output: int  # a pipe's reading end
    ready: bytes

    def wait(self) -> int | None:
        said = b""
        try:
            while self.ready not in said:
                part = _read_within(self.output, START_SECONDS)
                if not part:
                    _kill(self.pid)
                    raise StartFailed(_exit_status(self.pid), _decode(said))
                said += part
        finally:
            os.close(self.output)
        return self.pid


def start_background(argv: Sequence[str], env: Mapping[str, str]) -> Background:
    """Start a program that daemonizes itself.

    Raises:
        OSError: there is no such program.
    """
    output = os.memfd_create("output")
    try:
        return Background(_spawn(argv, env, output), output)
    except OSError:
        os.close(output)
        raise


def start_kept(
    argv: Sequence[str], env: Mapping[str, str], pid_file: Path, *, gated: bool = False
) -> Kept:
    """Start a program that writes a pid file and stays a child, in a session of its own.

    Args:
        gated: its standard input stays open until ``release``; else it is empty.

    Raises:
        OSError: there is no such program.
    """
    pid_file.unlink(missing_ok=True)
    if not gated:
        return Kept(*_spawn_with_pipe(argv, env), pid_file)
    waiting, gate = os.pipe2(os.O_CLOEXEC)
    try:
        return Kept(*_spawn_with_pipe(argv, env, waiting), pid_file, gate)
    except OSError:
        os.close(gate)
        raise
    finally:
        os.close(waiting)


def start_foreground(argv: Sequence[str], env: Mapping[str, str], ready: bytes) -> Foreground:
    """Start a program that stays a child, in a session of its own, and says when it is ready.

    Raises:
        OSError: there is no such program.
    """
    return Foreground(*_spawn_with_pipe(argv, env), ready)


@cache
def may_change_user() -> bool:
    """Whether a child may become ``nobody``: not in a user namespace that has but one user."""
    try:
        denied = Path("/proc/self/setgroups").read_text().strip() == "deny"
        mapped = Path("/proc/self/uid_map").read_text().split()
    except OSError:
        return True  # a kernel without user namespaces
    ranges = zip(mapped[0::3], mapped[2::3], strict=True)
    return not denied and any(
        int(first) <= _NOBODY < int(first) + int(count) for first, count in ranges
    )


def _spawn_with_pipe(
    argv: Sequence[str], env: Mapping[str, str], given: int | None = None
) -> tuple[int, int]:
    """The pid, and the end of a pipe where what it says comes out."""
    reading, writing = os.pipe2(os.O_CLOEXEC)
    try:
        return _spawn(argv, env, writing, given), reading
    except OSError:
        os.close(reading)
        raise
    finally:
        os.close(writing)


def _spawn(
    argv: Sequence[str], env: Mapping[str, str], output: int, given: int | None = None
) -> int:
    if _thread._count() > 0:  # besides the main one; threading would have to be imported
        return _spawn_beside_threads(argv, env, output, given)
    empty = (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0)
    actions = [
        empty if given is None else (os.POSIX_SPAWN_DUP2, given, 0),
        (os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0),
        (os.POSIX_SPAWN_DUP2, output, 2),
    ]
    return os.posix_spawn(
        argv[0],
        list(argv),
        dict(env),
        file_actions=actions,
        setsid=True,
        setsigmask=(),
        setsigdef=_RESET,
    )


def _spawn_beside_threads(
    argv: Sequence[str], env: Mapping[str, str], output: int, given: int | None
) -> int:
    """The same, but that others of this process need not wait for it."""
    from pasarela.host.posix_spawn import posix_spawn  # noqa: PLC0415  (only daemons need ctypes)

    null = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
    try:
        return posix_spawn(argv, env, (null if given is None else given, null, output), _RESET)
    finally:
        os.close(null)


def _exit_status(pid: int) -> int:
    """Wait for a child's end; one that takes too long is killed."""
    end = os.pidfd_open(pid)
    try:
        if not _readable(end, START_SECONDS):
            _kill(pid)
    finally:
        os.close(end)
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _names(pid_file: Path, pid: int) -> bool:
    try:
        return pid_file.read_text().strip() == str(pid)
    except OSError:
        return False


def _read_within(file: int, seconds: float) -> bytes:
    return os.read(file, 1 << 16) if _readable(file, seconds) else b""


def _readable(file: int, seconds: float) -> bool:
    poll = select.poll()
    poll.register(file, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _decode(output: bytes) -> str:
    return output.decode(errors="replace")
