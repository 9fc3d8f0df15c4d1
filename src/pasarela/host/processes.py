"""What /proc says about processes."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
_AT_ONCE = 200  # pidfds; a process may have 1,024 files open


def command_line(pid: int) -> list[str]:
    """The arguments of a process, empty if there is none."""
    return _words(pid, "cmdline")


def environment(pid: int) -> dict[str, str]:
    """The environment that a process was started with, empty if it is gone or not to be seen."""
    pairs = (word.partition("=") for word in _words(pid, "environ"))
    return {name: value for name, equals, value in pairs if equals}


def name(pid: int) -> str:
    try:
        return (PROC / str(pid) / "comm").read_text(errors="replace").strip()
    except OSError:
        return ""


def program(pid: int) -> str:
    """The file that a process executes, empty if it is gone, a zombie or not to be seen."""
    try:
        return os.readlink(f"/proc/{pid}/exe")  # noqa: PTH115  (asked of each process)
    except OSError:
        return ""


def parent(pid: int) -> int:
    """The pid of a process's parent, 0 if there is none (any more)."""
    try:
        status = (PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return 0
    return int(status.rpartition(")")[2].split()[1])


def started(pid: int) -> int:
    """When a process began, in clock ticks since the boot; 0 if it is gone.

    Together with its pid this is one process and no other.
    """
    try:
        status = (PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return 0
    return int(status.rpartition(")")[2].split()[19])


def is_here(pid: int) -> bool:
    """Whether a process is in this network namespace, and still runs."""
    try:
        return (PROC / str(pid) / "ns/net").readlink() == (PROC / "self/ns/net").readlink()
    except OSError:
        return False


def pids() -> Iterator[int]:
    return (int(entry.name) for entry in PROC.iterdir() if entry.name.isdecimal())


def holders_of_udp_port(port: int) -> Iterator[tuple[int, str]]:
    """The processes with a UDP socket on ``port`` in this network namespace: pid and name."""
    inodes = {inode for table in ("udp", "udp6") for inode in _sockets_on(table, port)}
    if not inodes:
        return
    for pid in pids():
        if inodes & set(_socket_inodes(pid)):
            yield pid, name(pid)


def _sockets_on(table: str, port: int) -> Iterator[str]:
    """The inodes of the sockets in /proc/net/<table> whose local port is ``port``."""
    try:
        lines = (PROC / "net" / table).read_text().splitlines()[1:]
    except OSError:
        return
    for line in lines:
        fields = line.split()
        if fields[1].endswith(f":{port:04X}"):
            yield fields[9]


def _socket_inodes(pid: int) -> Iterator[str]:
    folder = PROC / str(pid) / "fd"
    try:
        entries = list(folder.iterdir())
    except OSError:
        return
    for entry in entries:
        try:
            target = str(entry.readlink())
        except OSError:
            continue
        if target.startswith("socket:["):
            yield target[len("socket:[") : -1]


def read_file(path: str | Path) -> bytes:
    """A file's content in four system calls; Path.read_bytes takes nine.

    Raises:
        OSError: it cannot be read.
    """
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        parts = []
        while part := os.read(file, 1 << 16):
            parts.append(part)
        return b"".join(parts)
    finally:
        os.close(file)


def _words(pid: int, file: str) -> list[str]:
    try:
        data = read_file(f"/proc/{pid}/{file}")
    except OSError:
        return []
    return data.decode(errors="surrogateescape").split("\0")[:-1]


def terminate(targets: Iterable[int], seconds: float = 2.0) -> None:
    """End processes and wait until they are gone: politely at first, by force after a while.

    Pids that are gone already count as ended. The caller has made sure whose they are.
    """
    rest = sorted(targets)
    for start in range(0, len(rest), _AT_ONCE):
        _terminate(rest[start : start + _AT_ONCE], seconds)


def _terminate(targets: Sequence[int], seconds: float) -> None:
    files: dict[int, int] = {}
    try:
        for pid in targets:
            with suppress(ProcessLookupError):
                files[os.pidfd_open(pid)] = pid
        left = set(files)
        for number in (signal.SIGTERM, signal.SIGKILL):
            for file in left:
                with suppress(ProcessLookupError):
                    signal.pidfd_send_signal(file, number)
            left = _wait(left, seconds)
    finally:
        for file in files:
            os.close(file)
    for pid in targets:
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)


def _wait(files: set[int], seconds: float) -> set[int]:
    """Wait until the processes have ended; those that have not after ``seconds``."""
    left = set(files)
    poll = select.poll()
    for file in files:
        poll.register(file, select.POLLIN)
    deadline = time.monotonic() + seconds
    while left:
        ended = poll.poll(max(0.0, deadline - time.monotonic()) * 1000)
        if not ended:
            break
        for file, _ in ended:
            poll.unregister(file)
            left.discard(file)
    return left
