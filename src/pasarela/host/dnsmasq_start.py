"""Starting one dnsmasq: its command, its environment, and what its failure means."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from errno import ENOENT
from functools import partial
from pathlib import Path
from typing import TypeVar

from pasarela.errors import ErrorDomain, InternalError, PasarelaError, SystemCallFailed
from pasarela.host import processes
from pasarela.host.leases import seed_lease_file
from pasarela.host.spawn import (
    Kept,
    StartFailed,
    Starting,
    may_change_user,
    start_background,
    start_foreground,
    start_kept,
)
from pasarela.plan.dnsmasq import digest
from pasarela.plan.resources import DnsmasqProcess

__all__ = [
    "DIGEST",
    "Starting",
    "begin",
    "check",
    "conf_argument",
    "finish",
    "lease_table",
    "make_wait",
]

PROGRAM = "/usr/sbin/dnsmasq"
DIGEST = "PASARELA_DIGEST"
STATUS_FOLDER = "PASARELA_STATUS_FOLDER"
_READY = b"started, version"
_PORTS = (53, 67, 547)
_T = TypeVar("_T")


def begin(process: DnsmasqProcess, waiting: Kept | None = None) -> Starting:
    """Start it, or let one go on that was made to wait; not until it listens.

    Raises:
        SystemCallFailed: there is no dnsmasq, or its files cannot be made.
    """
    return _explained(lambda: _begin(process, waiting))


def make_wait(process: DnsmasqProcess) -> Kept | None:
    """Start one that does not read its configuration before it is told to.

    Loading the program takes more than half of a dnsmasq's start, and needs nothing of the network
    yet. It reads standard input first (``--conf-file=-``), which stays open meanwhile. None where
    it cannot be; nothing is lost then.
    """
    if not may_change_user() or not process.conf.parent.is_dir():
        return None
    environment = _environment(process, process.digest)
    try:
        return start_kept(_kept_command(process), environment, process.pid_file, gated=True)
    except OSError:
        return None


def finish(process: DnsmasqProcess, starting: Starting) -> None:
    """Wait until it listens, and see to it that it sleeps until it is asked something.

    Raises:
        InternalError: it ended instead, and said why.
    """
    from pasarela.host.dhcp_checksums import leave_out  # noqa: PLC0415  (2 ms, meanwhile)
    from pasarela.host.duplicates import change_sockets  # noqa: PLC0415
    from pasarela.host.netlink_groups import leave_news  # noqa: PLC0415

    _await(process, starting)
    quiet = partial(leave_news, except_addresses=process.follows)
    change_sockets(starting.pid, (quiet, leave_out))


def _await(process: DnsmasqProcess, starting: Starting) -> None:
    try:
        pid = starting.wait()
    except StartFailed as failed:
        raise _failure(process, failed) from failed
    if pid is not None:  # in the foreground dnsmasq writes no pid file
        _explained(lambda: process.pid_file.write_text(f"{pid}\n"))


def check(process: DnsmasqProcess) -> None:
    """Have dnsmasq read its configuration, and nothing else.

    Raises:
        InternalError: it cannot, and says why.
    """
    command = [*_command(process), "--test"]
    _await(process, _explained(lambda: start_background(command, {"LC_ALL": "C.UTF-8"})))


def lease_table(process: DnsmasqProcess) -> Path:
    """dnsmasq's own record of the leases, beside its configuration."""
    return process.conf.with_name(f"{process.conf.stem}.leases")


def conf_argument(conf: Path) -> str:
    """By this a dnsmasq's process is known."""
    return f"--conf-file={conf}"


def _begin(process: DnsmasqProcess, waiting: Kept | None) -> Starting:
    if not process.pid_file.parent.is_dir():
        process.pid_file.parent.mkdir(parents=True, exist_ok=True)
    status = process.conf.with_name(f"{process.bridge}.status")
    seed_lease_file(lease_table(process), status)
    if waiting is not None:
        waiting.release()
        return waiting
    conf = processes.read_file(process.conf).decode(errors="surrogateescape")
    environment = _environment(process, digest(conf))
    if not may_change_user():  # --no-daemon is dnsmasq's only way to stay who it is
        return start_foreground([*_command(process), "--no-daemon"], environment, _READY)
    return start_kept(_kept_command(process), environment, process.pid_file)


def _kept_command(process: DnsmasqProcess) -> list[str]:
    user = [] if _open_to_others(process.conf.parent) else ["--user=root"]
    return [*_command(process), "--conf-file=-", *user, "--keep-in-foreground"]


def _command(process: DnsmasqProcess) -> list[str]:
    return [PROGRAM, conf_argument(process.conf)]


def _environment(process: DnsmasqProcess, digest: str) -> Mapping[str, str]:
    """Of the locale it has what international names need; LC_ALL would be twelve files to read."""
    return {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "LC_CTYPE": "C.UTF-8",
        "VIR_BRIDGE_NAME": process.bridge,
        STATUS_FOLDER: str(process.conf.parent),
        DIGEST: digest,
    }


def _open_to_others(folder: Path) -> bool:
    """Whether dnsmasq can read its host files again after it has become an ordinary user."""
    return all(one.stat().st_mode & 0o001 for one in (folder, *folder.parents))


def _explained(act: Callable[[], _T]) -> _T:
    try:
        return act()
    except OSError as cause:
        raise _system_failure(cause) from cause


def _system_failure(cause: OSError) -> PasarelaError:
    if cause.errno == ENOENT and cause.filename == PROGRAM:
        return SystemCallFailed(
            f"Cannot check dnsmasq binary {PROGRAM}: {cause.strerror}",
            errno=cause.errno,
            remedy="install it: apt install dnsmasq-base",
        )
    return SystemCallFailed(f"cannot start dnsmasq: {cause}", errno=cause.errno)


def _failure(process: DnsmasqProcess, failed: StartFailed) -> InternalError:
    words: Sequence[str] = (f"VIR_BRIDGE_NAME={process.bridge}", *_command(process))
    return InternalError(
        f"Child process ({' '.join(words)}) unexpected exit status {failed.status}: "
        f"{failed.output}",
        domain=ErrorDomain.NONE,
        remedy=_remedy(failed.output, process.conf.parent),
    )


def _remedy(output: str, folder: Path) -> str | None:
    if "inotify" in output:
        return "raise the limit: sysctl -w fs.inotify.max_user_instances=1024"
    if "Address already in use" not in output:
        return None
    holders = {
        f"{name} (pid {pid}) on port {port}"
        for port in _PORTS
        for pid, name in processes.holders_of_udp_port(port)
        if not _serves_network(pid, folder)
    }
    if not holders:
        return "another program holds the port; ss -ulpn names it"
    return (
        f"the port is held by {', '.join(sorted(holders))}: stop it, or have it listen on its own "
        "addresses only (dnsmasq: bind-interfaces; named: listen-on)"
    )


def _serves_network(pid: int, folder: Path) -> bool:
    """Whether it is another network's dnsmasq, which is in nobody's way."""
    own = conf_argument(folder / "x").removesuffix("x")
    return any(word.startswith(own) for word in processes.command_line(pid))
