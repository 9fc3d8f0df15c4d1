"""Takes a change of the host's interfaces back when its time is out, or its command has died.

A process of its own in a session of its own, so that neither the end of the command, of its shell
or of the connection that it was typed over is its end. Started as
``python -m pasarela.hostnet.bridge.watchdog ROOT``; it says ``ready`` once it watches.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pasarela.errors import HostnetRefused, PasarelaError
from pasarela.hostnet.bridge import pending as pendings
from pasarela.hostnet.bridge.pending import WATCHDOG, Pending, Phase
from pasarela.hostnet.bridge.settle import take_back
from pasarela.hostnet.live.dump import now

_READY_SECONDS = 30.0
_ATTEMPTS = 5
_BETWEEN = 1.0  # seconds between two attempts to take a change back
_IGNORED = (signal.SIGHUP, signal.SIGINT, signal.SIGPIPE, signal.SIGQUIT, signal.SIGTSTP)


def start(root: Path) -> int:
    """Start a watchdog and wait until it watches; its pid.

    Raises:
        HostnetRefused: it would not start; nothing may be changed then.
    """
    reading, writing = os.pipe2(os.O_CLOEXEC)
    argv = [sys.executable, "-P", "-m", WATCHDOG, str(root.absolute())]
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
        (os.POSIX_SPAWN_DUP2, writing, 1),
        (os.POSIX_SPAWN_OPEN, 2, str(root / pendings.FOLDER / "watchdog.log"), _LOG, 0o600),
    ]
    try:
        first = os.posix_spawn(argv[0], argv, _environment(), file_actions=actions, setsid=True)
        os.close(writing)
        said = _read_until_end(reading)
        os.waitpid(first, 0)
    finally:
        os.close(reading)
    if not said.startswith("ready "):
        raise HostnetRefused(
            "the watchdog that would take the change back did not start",
            remedy=f"its log says why: {root / pendings.FOLDER / 'watchdog.log'}",
        )
    return int(said.split()[1])


_LOG = os.O_WRONLY | os.O_CREAT | os.O_TRUNC


def _environment() -> dict[str, str]:
    """Ours, and where this very package lies, wherever it was started from."""
    here = str(Path(__file__).parents[3])
    known = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": f"{here}:{known}" if known else here}


def _read_until_end(file: int) -> str:
    said, deadline = b"", time.monotonic() + _READY_SECONDS
    while (left := deadline - time.monotonic()) > 0 and not said.endswith(b"\n"):
        if not select.select([file], [], [], left)[0]:
            break
        part = os.read(file, 100)
        if not part:
            break
        said += part
    return said.decode()


# the process


def main(root: Path) -> int:
    if os.fork():
        return 0  # the second process has no parent that waits for it, and leads no session
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)
    with _told() as told:
        pending = pendings.load(root)
        if pending is None:
            return 1
        try:
            command = os.pidfd_open(pending.command)
        except ProcessLookupError:  # killed before its first step
            _take_back(root)
            return 0
        with suppress(BrokenPipeError):  # killed since; that is seen at once
            print(f"ready {os.getpid()}", flush=True)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        _watch(root, command, told)
    return 0


@contextmanager
def _told() -> Iterator[int]:
    """A file that can be read once somebody asks for an end."""
    reading, writing = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    signal.set_wakeup_fd(writing)
    signal.signal(signal.SIGTERM, lambda *_: None)
    yield reading


def _watch(root: Path, command: int, told: int) -> None:
    """Wait for the first of: an order, the deadline, the command's death before it was done."""
    files = {command, told}
    while (pending := pendings.load(root)) is not None and _is_mine(pending):
        ready = select.select(list(files), [], [], _left(pending))[0]
        if command in ready and told not in ready:
            files.discard(command)
            current = pendings.load(root)
            if current is not None and current.phase is not Phase.MOVING:
                continue
        elif not ready and _left(pendings.load(root) or pending) != 0.0:
            continue
        _take_back(root)
        return


def _is_mine(pending: Pending) -> bool:
    """Whether it is the change that this process watches, or one that has no watchdog yet."""
    return pending.watchdog in (0, os.getpid())


def _left(pending: Pending) -> float | None:
    return None if pending.deadline is None else max(0.0, pending.deadline - now())


def _take_back(root: Path) -> None:
    """Until it is done: what fails may be a moment's trouble."""
    for attempt in range(_ATTEMPTS):
        try:
            with pendings.locked(root):
                pending = pendings.load(root)
                if pending is not None and _is_mine(pending):
                    take_back(root)
                return
        except PasarelaError as error:
            print(f"attempt {attempt + 1}: {error} {error.remedy or ''}", file=sys.stderr)
        time.sleep(_BETWEEN)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
