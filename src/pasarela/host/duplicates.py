"""Sockets of another process, as descriptors of our own: what is set on one is set for both.

Whoever may trace a process may duplicate its descriptors (pidfd_getfd, Linux 5.6). It is the way
to set what a program has no option for.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

_SYS_PIDFD_GETFD = 438  # the same number on all architectures
_STANDARD = 3  # input, output and error, which a daemon does not have as sockets
_libc = ctypes.CDLL(None, use_errno=True)

Change = Callable[[socket.socket], bool]  # of a socket, if it is the right one; whether it was


def change_sockets(pid: int, changes: Iterable[Change]) -> bool:
    """Offer a process's sockets to each change, until it has taken one.

    Returns:
        Whether all have. The kernel, a security module or a container's seccomp profile may be
        against it.
    """
    left = list(changes)
    with suppress(OSError):
        for one in sockets_of(pid):
            left = [change for change in left if not change(one)]
            if not left:
                break
    return not left


def sockets_of(pid: int) -> Iterator[socket.socket]:
    """The process's sockets, lowest descriptor first; each is open until the next is asked for.

    Raises:
        OSError: the kernel, a security module or a container's seccomp profile is against it.
    """
    process = os.pidfd_open(pid)
    try:
        for one in _duplicates(process, pid):
            with one:
                yield one
    finally:
        os.close(process)


def _duplicates(process: int, pid: int) -> Iterator[socket.socket]:
    numbers = sorted(int(name) for name in os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208
    for number in numbers[_STANDARD:]:
        file = _libc.syscall(_SYS_PIDFD_GETFD, process, number, 0)
        if file < 0:
            if ctypes.get_errno() == errno.EBADF:  # it has been closed meanwhile
                continue
            raise OSError(ctypes.get_errno(), "pidfd_getfd")
        try:
            yield socket.socket(fileno=file)
        except OSError:  # not a socket
            os.close(file)
