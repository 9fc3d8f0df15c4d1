"""dnsmasq processes: spawned directly, told to read again, stopped by pid.

dnsmasq binds its sockets, writes its pid file and then lets go of its standard error, so the end
of that pipe means that it listens. It stays a child of this process until that ends: the two forks
on its way to the background would cost a fifth of its start. The configuration's digest travels in
the process's environment, from where it can be read again.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from pasarela.errors import PasarelaError
from pasarela.host import processes
from pasarela.host.dnsmasq_start import (
    DIGEST,
    Starting,
    begin,
    check,
    conf_argument,
    finish,
    lease_table,
    make_wait,
)
from pasarela.host.leases import forget_empty_table
from pasarela.host.spawn import Kept
from pasarela.plan.actions import Action, ApplyError, Change, Create, Meanwhile, Remove, nothing
from pasarela.plan.resources import DnsmasqProcess, Resource

# So many load themselves ahead, and are on their way up at a time: enough for a second processor
# to have something to do while this process plans and looks.
_PARALLEL = 32


class Dnsmasqs:
    """The adapter of dnsmasq processes."""

    def __init__(self) -> None:
        self._waiting: dict[DnsmasqProcess, Kept] = {}

    @contextmanager
    def ahead(self, actions: Iterable[Action]) -> Iterator[None]:
        """While all that comes before them is done, have the first dnsmasqs load themselves."""
        starting = [_process(one) for one in actions if _is_start(one)]
        for process in starting[:_PARALLEL]:
            waiting = make_wait(process)
            if waiting is not None:
                self._waiting[process] = waiting
        try:
            yield
        finally:
            while self._waiting:
                self._waiting.popitem()[1].abandon()

    def observe(self, expected: Iterable[Resource]) -> Iterator[Resource]:
        """Those that run. One that was started by somebody else has an empty digest."""
        for process in expected:
            assert isinstance(process, DnsmasqProcess)
            pid = running_pid(process.pid_file, process.conf)
            if pid is not None:
                yield replace(process, digest=processes.environment(pid).get(DIGEST, ""))

    def apply(self, actions: Sequence[Action], meanwhile: Meanwhile = nothing) -> None:
        """Stop and start, several at a time.

        Args:
            meanwhile: is called while the last of those that start come up.

        Raises:
            ApplyError: one did not start; of those after it, one may have.
        """
        done: list[Action] = []
        for stopping, run in groupby(actions, key=lambda action: isinstance(action, Remove)):
            batch = list(run)
            try:
                if stopping:
                    _stop([_process(action) for action in batch])
                else:
                    _Starter(self._waiting).start_all(batch, meanwhile)
            except ApplyError as error:
                raise ApplyError([*done, *error.done], error.cause) from error.cause
            done += batch

    def end_strays(self, expected: Iterable[DnsmasqProcess]) -> None:
        """End dnsmasqs of these networks that no pid file knows.

        A starter that was killed leaves one on its way up, which may fork once more meanwhile.
        """
        confs = {process.conf: process.pid_file for process in expected}
        while strays := set(_strays(confs)):
            processes.terminate(strays)

    def reload(self, pid_file: Path, conf: Path) -> None:
        """Make a dnsmasq read its host files again; nothing if it does not run."""
        pid = running_pid(pid_file, conf)
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGHUP)


def running_pid(pid_file: Path, conf: Path) -> int | None:
    """The pid in the file, if that process is the dnsmasq that was started with ``conf``."""
    try:
        pid = int(processes.read_file(pid_file))
    except (OSError, ValueError):
        return None
    return pid if _runs(pid, conf) else None


def _runs(pid: int, conf: Path) -> bool:
    return _is_dnsmasq(processes.command_line(pid), {conf_argument(conf)})


def _is_dnsmasq(words: Sequence[str], arguments: set[str]) -> bool:
    return bool(words) and words[0].endswith("dnsmasq") and not arguments.isdisjoint(words)


def _strays(confs: Mapping[Path, Path]) -> Iterator[int]:
    """Those that neither are known nor a child of one that is: its helper, an answer over TCP."""
    known = {running_pid(pid_file, conf) for conf, pid_file in confs.items()}
    arguments = {conf_argument(conf) for conf in confs}
    for pid in processes.pids():
        if not _is_dnsmasq(_settled_command_line(pid), arguments):
            continue
        if known.isdisjoint((pid, processes.parent(pid))):
            yield pid


def _settled_command_line(pid: int) -> list[str]:
    """A dnsmasq that is just being executed has no arguments yet (Linux: begin_new_exec)."""
    words = processes.command_line(pid)
    while not words and processes.program(pid).endswith("/dnsmasq"):
        os.sched_yield()
        words = processes.command_line(pid)
    return words


def _is_start(action: Action) -> bool:
    return isinstance(action, Create) and isinstance(action.resource, DnsmasqProcess)


def _process(action: Action) -> DnsmasqProcess:
    assert isinstance(action.resource, DnsmasqProcess)
    return action.resource


class _Starter:
    """Starts dnsmasqs, a few at a time, until one fails.

    Args:
        loaded: those that wait for being told to go on; taken out of it as they are.
    """

    def __init__(self, loaded: dict[DnsmasqProcess, Kept]) -> None:
        self._loaded = loaded
        self._waiting: list[tuple[Action, Starting]] = []
        self._done: list[Action] = []
        self._failure: PasarelaError | None = None

    def start_all(self, actions: Sequence[Action], meanwhile: Meanwhile) -> None:
        try:
            self._begin_all(actions[:_PARALLEL])
            if self._failure is None:
                meanwhile()
            self._begin_all(actions[_PARALLEL:])
        except PasarelaError as error:
            self._failure = error
        finally:
            while self._waiting:
                self._finish_first()
        if self._failure is not None:
            raise ApplyError(self._done, self._failure) from self._failure

    def _begin_all(self, actions: Sequence[Action]) -> None:
        for action in actions:
            if len(self._waiting) == _PARALLEL:
                self._finish_first()
            if self._failure is None:
                self._begin(action)

    def _begin(self, action: Action) -> None:
        process = _process(action)
        try:
            if isinstance(action, Change):
                check(process)  # what cannot be read must not cost the one that runs
                _stop([process])
            self._waiting.append((action, begin(process, self._loaded.get(process))))
            self._loaded.pop(process, None)
        except PasarelaError as error:
            self._failure = error

    def _finish_first(self) -> None:
        action, starting = self._waiting.pop(0)
        process = _process(action)
        try:
            try:
                finish(process, starting)
            except PasarelaError:
                if not _stop_orphans(process):
                    raise
                finish(process, begin(process))
            self._done.append(action)
        except PasarelaError as error:
            forget_empty_table(lease_table(process))
            self._failure = self._failure or error


def _stop(stopping: Sequence[DnsmasqProcess]) -> None:
    """End them and wait until they are gone; one that runs already no more is no error."""
    pids = {process: running_pid(process.pid_file, process.conf) for process in stopping}
    processes.terminate({pid for pid in pids.values() if pid is not None})
    for process in stopping:
        process.pid_file.unlink(missing_ok=True)


def _stop_orphans(process: DnsmasqProcess) -> bool:
    """End a dnsmasq of this network that no pid file knows: its starter was killed."""
    orphans = set(_strays({process.conf: process.pid_file}))
    processes.terminate(orphans)
    return bool(orphans)
