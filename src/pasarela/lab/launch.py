"""Bringing a lab up and down, from outside of it."""

from __future__ import annotations

import getpass
import json
import os
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from pasarela.lab import state
from pasarela.lab.faults import LabError, missing_program
from pasarela.lab.state import Record

_PROGRAMS = ("unshare", "nsenter", "ip", "mount", "dnsmasq", "udhcpc")
_TIMEOUT = 60.0  # seconds, for a machine under load
_SWITCHES = {
    "user.max_user_namespaces": "0",
    "kernel.unprivileged_userns_clone": "0",
    "kernel.apparmor_restrict_unprivileged_userns": "1",
}


def up(name: str, *, user_namespace: bool = False, bridge: bool = False) -> Record:
    """Make a lab and wait until it is ready.

    Raises:
        LabError: it is up already, or the machine does not allow it.
    """
    _require_programs()
    user_namespace = user_namespace or os.geteuid() != 0
    with state.locked():
        record = state.load(name)
        if record is not None and record.alive:
            raise LabError(
                f"lab '{name}' is up already",
                remedy="Use it, or run 'pasarela lab down' first, or choose another --name.",
            )
        state.forget(name)
        state.directory(name).mkdir()
        try:
            record = _start(name, user_namespace, bridge)
            state.save(record)
        except BaseException:
            state.forget(name)
            raise
    return record


def down(name: str) -> bool:
    """End a lab and remove what is known of it; False if there was none."""
    with state.locked():
        known = state.directory(name).exists()
        record = state.load(name)
        if record is not None:
            _end(record)
        state.forget(name)
    return known


def _require_programs() -> None:
    for program in _PROGRAMS:
        if shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") is None:
            raise missing_program(program)


def _start(name: str, user_namespace: bool, bridge: bool) -> Record:
    """Start a keeper, with all the users that this user may map, else with itself alone."""
    if user_namespace and _has_ranges():
        try:
            return _start_keeper(name, ["--user", "--map-root-user", "--map-auto"], bridge)
        except LabError:
            pass  # newuidmap may lack its privilege, in a container for example
    if user_namespace:
        return _start_keeper(name, ["--user", "--map-root-user"], bridge)
    return _start_keeper(name, [], bridge)


def _start_keeper(name: str, user: list[str], bridge: bool) -> Record:
    log = state.directory(name) / "keeper.log"
    reader, writer = os.pipe()
    argv = [
        "unshare", *user, "--mount", "--net", "--pid", "--uts", "--ipc", "--fork", "--kill-child",
        "--propagation=private", "--", sys.executable, "-m", "pasarela.lab.keeper", str(writer),
        *(["bridge"] if bridge else []),
    ]  # fmt: skip
    with log.open("wb") as errors:
        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors, pass_fds=[writer],
            start_new_session=True, cwd="/", env=_environment(),
        )  # fmt: skip
    os.close(writer)
    try:
        pid = _wait_ready(reader, log)
        started = state.start_time(pid)
        if started is None:
            raise LabError(f"lab '{name}' ended at once: {_said(log)}")
    except BaseException:
        process.kill()
        process.wait()
        raise
    return Record(name, pid, started, bool(user))


def _environment() -> dict[str, str]:
    """The caller's, but with the folders of system programs on an ordinary user's PATH."""
    path = os.environ.get("PATH", "/usr/bin:/bin")
    return {**os.environ, "PATH": f"{path}:/usr/sbin:/sbin", "LC_ALL": "C.UTF-8"}


def _has_ranges() -> bool:
    """Whether this user may map more than itself: newuidmap, and a line for it in /etc/subuid."""
    if shutil.which("newuidmap") is None:
        return False
    return all(_listed(Path(file)) for file in ("/etc/subuid", "/etc/subgid"))


def _listed(file: Path) -> bool:
    try:
        owners = {line.partition(":")[0] for line in file.read_text().splitlines()}
    except OSError:
        return False
    return bool({getpass.getuser(), str(os.getuid())} & owners)


def _wait_ready(reader: int, log: Path) -> int:
    with os.fdopen(reader) as pipe:
        if not select.select([pipe], [], [], _TIMEOUT)[0]:
            raise LabError(f"the lab was not ready within {_TIMEOUT:g} s: {_said(log)}")
        text = pipe.readline()  # not until the end: unshare holds the pipe too
    if not text:
        raise LabError(f"the lab cannot be made here: {_said(log)}", remedy=_way_out())
    message = json.loads(text)
    if "error" in message:
        raise LabError(message["error"], remedy=message["remedy"] or _way_out())
    return int(message["pid"])


def _said(log: Path) -> str:
    return log.read_text(errors="replace").strip() or "it said nothing"


def _way_out() -> str | None:
    """Which setting of this machine forbids user namespaces, and what to type."""
    for name, bad in _SWITCHES.items():
        file = Path("/proc/sys") / name.replace(".", "/")
        if file.exists() and file.read_text().strip() == bad:
            good = {"user.max_user_namespaces": "15000"}.get(name, str(1 - int(bad)))
            return (
                f"This machine has {name} = {bad}, which forbids user namespaces: "
                f"run 'sudo sysctl {name}={good}', or 'sudo pasarela lab up'."
            )
    if os.geteuid() == 0:
        return "In a container, run it with the capability SYS_ADMIN (docker run --privileged)."
    return "Run 'sudo pasarela lab up' to make the lab without a user namespace."


def _end(record: Record) -> None:
    """Kill the keeper and wait until the kernel has ended all that was in its lab."""
    if not record.alive:
        return
    try:
        descriptor = os.pidfd_open(record.pid)
    except ProcessLookupError:
        return
    try:
        if record.alive:
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
            select.select([descriptor], [], [], _TIMEOUT)
    finally:
        os.close(descriptor)
