"""libc's posix_spawn, during which the other threads of this process go on.

os.posix_spawn keeps the interpreter's lock until the kernel has loaded the program (CPython 3.11;
it is a vfork): 0.2 ms, and some milliseconds where the processors are busy.
"""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

# More than the structures have in glibc (80, 336, 128 bytes) and musl.
_ACTIONS_SIZE, _ATTRIBUTES_SIZE, _SIGNALS_SIZE = 256, 1024, 256
_SETPGROUP, _SETSIGDEF, _SETSIGMASK = 0x02, 0x04, 0x08

_libc = ctypes.CDLL(None)
_libc_at_once = ctypes.PyDLL(None)  # for what is too short to let others go on


def posix_spawn(
    argv: Sequence[str],
    env: Mapping[str, str],
    standard: Sequence[int],
    reset: Iterable[signal.Signals],
) -> int:
    """Start a program in a process group of its own, with no signal blocked; its pid.

    Not in a session of its own: with autogroups (sched(7)) that would be one that has the same
    share of the processors as all of ours, and comes before our threads whatever their priority.

    Args:
        standard: what its standard input, output and error are.
        reset: signals that it does not ignore, though this process may.

    Raises:
        OSError: there is no such program.
    """
    pid = ctypes.c_int()
    variables = [f"{name}={value}" for name, value in env.items()]
    with _file_actions(standard) as actions, _attributes(reset) as attributes:
        error = _libc.posix_spawn(
            ctypes.byref(pid),
            os.fsencode(argv[0]),
            actions,
            attributes,
            _strings(argv),
            _strings(variables),
        )
    if error:
        raise OSError(error, os.strerror(error), argv[0])
    return pid.value


@contextmanager
def _file_actions(standard: Sequence[int]) -> Iterator[ctypes.Array[ctypes.c_char]]:
    actions = ctypes.create_string_buffer(_ACTIONS_SIZE)
    _check(_libc_at_once.posix_spawn_file_actions_init(actions))
    try:
        for number, file in enumerate(standard):
            _check(_libc_at_once.posix_spawn_file_actions_adddup2(actions, file, number))
        yield actions
    finally:
        _libc_at_once.posix_spawn_file_actions_destroy(actions)


@contextmanager
def _attributes(reset: Iterable[signal.Signals]) -> Iterator[ctypes.Array[ctypes.c_char]]:
    attributes = ctypes.create_string_buffer(_ATTRIBUTES_SIZE)
    flags = ctypes.c_short(_SETPGROUP | _SETSIGDEF | _SETSIGMASK)
    _check(_libc_at_once.posix_spawnattr_init(attributes))
    try:
        _check(_libc_at_once.posix_spawnattr_setflags(attributes, flags))
        _check(_libc_at_once.posix_spawnattr_setsigmask(attributes, _signals(())))
        _check(_libc_at_once.posix_spawnattr_setsigdefault(attributes, _signals(reset)))
        yield attributes
    finally:
        _libc_at_once.posix_spawnattr_destroy(attributes)


def _signals(numbers: Iterable[int]) -> ctypes.Array[ctypes.c_char]:
    signals = ctypes.create_string_buffer(_SIGNALS_SIZE)
    _libc_at_once.sigemptyset(signals)
    for number in numbers:
        _libc_at_once.sigaddset(signals, number)
    return signals


def _strings(texts: Sequence[str]) -> ctypes.Array[ctypes.c_char_p]:
    """As C has them: an array that ends with a null pointer."""
    return (ctypes.c_char_p * (len(texts) + 1))(*map(os.fsencode, texts))


def _check(error: int) -> None:
    if error:
        raise OSError(error, os.strerror(error))
