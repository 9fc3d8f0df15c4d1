"""dnsmasq processes: spawned directly, told to read again, stopped by pid.

dnsmasq binds its sockets before it goes to the background and its parent waits for that, so the
parent's exit status 0 means that it listens. The configuration's digest travels in the process's
environment, from where it can be read again.
"""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from pasarela.errors import ErrorDomain, InternalError
from pasarela.host import processes
from pasarela.host.leases import seed_lease_file
from pasarela.host.spawn import (
    StartFailed,
    Starting,
    may_change_user,
    start_background,
    start_foreground,
)
from pasarela.plan.actions import Action, ApplyError, Change, Remove
from pasarela.plan.dnsmasq import digest
from pasarela.plan.resources import DnsmasqProcess, Resource

PROGRAM = "/usr/sbin/dnsmasq"
DIGEST = "PASARELA_DIGEST"
STATUS_FOLDER = "PASARELA_STATUS_FOLDER"
_PARALLEL = 2  # more at a time brings nothing (measured on two cores)
_READY = b"started, version"
_PORTS = (53, 67, 547)


class Dnsmasqs:
    """The adapter of dnsmasq processes."""

    def observe(self, expected: Iterable[Resource]) -> Iterator[Resource]:
        """Those that run. One that was started by somebody else has an empty digest."""
        for process in expected:
            assert isinstance(process, DnsmasqProcess)
            pid = running_pid(process.pid_file, process.conf)
            if pid is not None:
                yield replace(process, digest=processes.environment(pid).get(DIGEST, ""))

    def apply(self, actions: Sequence[Action]) -> None:
        """Stop and start, several at a time.

        Raises:
            ApplyError: one did not start; those after it have been stopped again.
        """
        done: list[Action] = []
        for stopping, run in groupby(actions, key=lambda action: isinstance(action, Remove)):
            batch = list(run)
            try:
                if stopping:
                    _stop([_process(action) for action in batch])
                else:
                    _start_all(batch)
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
        pid = int(pid_file.read_text())
    except (OSError, ValueError):
        return None
    return pid if _runs(pid, conf) else None


def _runs(pid: int, conf: Path) -> bool:
    return _is_dnsmasq(processes.command_line(pid), {_conf_argument(conf)})


def _is_dnsmasq(words: Sequence[str], arguments: set[str]) -> bool:
    return bool(words) and words[0].endswith("dnsmasq") and not arguments.isdisjoint(words)


def _strays(confs: Mapping[Path, Path]) -> Iterator[int]:
    """Those that neither are known nor a child of one that is: its helper, an answer over TCP."""
    known = {running_pid(pid_file, conf) for conf, pid_file in confs.items()}
    arguments = {_conf_argument(conf) for conf in confs}
    for pid in processes.pids():
        if not _is_dnsmasq(processes.command_line(pid), arguments):
            continue
        if known.isdisjoint((pid, processes.parent(pid))):
            yield pid


def _conf_argument(conf: Path) -> str:
    return f"--conf-file={conf}"


def _process(action: Action) -> DnsmasqProcess:
    assert isinstance(action.resource, DnsmasqProcess)
    return action.resource


# starting


def _start_all(actions: Sequence[Action]) -> None:
    waiting: deque[tuple[int, Starting]] = deque()
    failures: dict[int, InternalError] = {}
    for position, action in enumerate(actions):
        if failures:
            break
        if len(waiting) == _PARALLEL:
            _finish(actions, waiting, failures)
        if isinstance(action, Change):
            _stop([_process(action)])
        waiting.append((position, _start(_process(action))))
    while waiting:
        _finish(actions, waiting, failures)
    if failures:
        first = min(failures)
        _stop([_process(action) for action in actions[first:]])
        raise ApplyError(actions[:first], failures[first]) from failures[first]


def _finish(
    actions: Sequence[Action],
    waiting: deque[tuple[int, Starting]],
    failures: dict[int, InternalError],
) -> None:
    position, starting = waiting.popleft()
    process = _process(actions[position])
    try:
        _become_ready(process, starting)
    except StartFailed as failed:
        if not _stop_orphan(process):
            failures[position] = _failure(process, failed)
            return
        try:
            _become_ready(process, _start(process))
        except StartFailed as again:
            failures[position] = _failure(process, again)


def _become_ready(process: DnsmasqProcess, starting: Starting) -> None:
    pid = starting.wait()
    if pid is not None:  # in the foreground dnsmasq writes no pid file
        process.pid_file.write_text(f"{pid}\n")


def _start(process: DnsmasqProcess) -> Starting:
    process.pid_file.parent.mkdir(parents=True, exist_ok=True)
    leases = process.conf.with_suffix(".leases")
    seed_lease_file(leases, process.conf.with_name(f"{process.bridge}.status"))
    command, environment = _command(process), _environment(process)
    if not may_change_user():  # --no-daemon is dnsmasq's only way to stay who it is
        return start_foreground([*command, "--no-daemon"], environment, _READY)
    if not _open_to_others(process.conf.parent):
        command.append("--user=root")
    return start_background(command, environment)


def _command(process: DnsmasqProcess) -> list[str]:
    return [PROGRAM, _conf_argument(process.conf)]


def _open_to_others(folder: Path) -> bool:
    """Whether dnsmasq can read its host files again after it has become an ordinary user."""
    return all(one.stat().st_mode & 0o001 for one in (folder, *folder.parents))


def _environment(process: DnsmasqProcess) -> dict[str, str]:
    conf = process.conf.read_text(errors="surrogateescape")
    return {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "LC_ALL": "C.UTF-8",
        "VIR_BRIDGE_NAME": process.bridge,
        STATUS_FOLDER: str(process.conf.parent),
        DIGEST: digest(conf),
    }


def _failure(process: DnsmasqProcess, failed: StartFailed) -> InternalError:
    command = " ".join((f"VIR_BRIDGE_NAME={process.bridge}", *_command(process)))
    return InternalError(
        f"Child process ({command}) unexpected exit status {failed.status}: {failed.output}",
        domain=ErrorDomain.NONE,
        remedy=_remedy(failed.output),
    )


def _remedy(output: str) -> str | None:
    if "inotify" in output:
        return "raise the limit: sysctl -w fs.inotify.max_user_instances=1024"
    if "Address already in use" not in output:
        return None
    holders = {
        f"{name} (pid {pid}) on port {port}"
        for port in _PORTS
        for pid, name in processes.holders_of_udp_port(port)
    }
    if not holders:
        return "another program holds the port; ss -ulpn names it"
    return (
        f"the port is held by {', '.join(sorted(holders))}: stop it, or have it listen on its own "
        "addresses only (dnsmasq: bind-interfaces; named: listen-on)"
    )


# stopping


def _stop(stopping: Sequence[DnsmasqProcess]) -> None:
    """End them and wait until they are gone; one that runs already no more is no error."""
    pids = {process: running_pid(process.pid_file, process.conf) for process in stopping}
    processes.terminate({pid for pid in pids.values() if pid is not None})
    for process in stopping:
        process.pid_file.unlink(missing_ok=True)


def _stop_orphan(process: DnsmasqProcess) -> bool:
    """End a dnsmasq of this network that no pid file knows: we were killed as it started."""
    orphans = {pid for pid in processes.pids() if _runs(pid, process.conf)}
    processes.terminate(orphans)
    return bool(orphans)
