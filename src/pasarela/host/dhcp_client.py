"""What asks the LAN for addresses of the host's own macvlans.

Of IPv4 dhclient or udhcpc, whichever there is, of IPv6 our own listener to routers (autoconf.py).
Each is a process that stays, under a pid file of its own.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from errno import ENOENT
from ipaddress import ip_network
from pathlib import Path

from pasarela.errors import SystemCallFailed
from pasarela.host import processes
from pasarela.host.rules import Rules
from pasarela.plan.actions import Action, ApplyError, Change, Remove
from pasarela.plan.resources import DhcpClient, Resource

SCRIPT = Path(__file__).with_name("dhcp_client.sh")
LISTENER = Path(__file__).with_name("autoconf.py")
_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
_SILENT = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in (0, 1, 2)]
_TABLE, _GUESTS = "PASARELA_TABLE", "PASARELA_GUESTS"


class DhcpClients:
    """The adapter of DHCP clients; the rules that they add go with them."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules

    def observe(self, expected: Iterable[Resource]) -> Iterator[DhcpClient]:
        for client in expected:
            assert isinstance(client, DhcpClient)
            pid = _running_pid(client)
            if pid is not None:
                yield _as_started(client, processes.environment(pid))

    def apply(self, actions: Sequence[Action]) -> None:
        """Raises:
        ApplyError: there is no DHCP client, or it did not start."""
        for position, action in enumerate(actions):
            client = action.resource
            assert isinstance(client, DhcpClient)
            if isinstance(action, Remove | Change):
                self._stop(client if isinstance(action, Remove) else _client(action.before))
            if not isinstance(action, Remove):
                try:
                    _start(client)
                except SystemCallFailed as cause:
                    raise ApplyError(actions[:position], cause) from cause

    def _stop(self, client: DhcpClient) -> None:
        processes.terminate(set(_all_pids(client)))
        client.pid_file.unlink(missing_ok=True)
        self._rules.clear(client.table, client.version)


def _client(resource: Resource) -> DhcpClient:
    assert isinstance(resource, DhcpClient)
    return resource


def _running_pid(client: DhcpClient) -> int | None:
    try:
        pid = int(client.pid_file.read_text())
    except (OSError, ValueError):
        return None
    return pid if str(client.pid_file) in processes.command_line(pid) else None


def _all_pids(client: DhcpClient) -> Iterator[int]:
    """The client, and the one that the listener has started to ask by DHCP."""
    pid = _running_pid(client)
    if pid is not None:
        yield pid
    if client.version == 6:
        mine = helper_pid_file(client.pid_file)
        yield from (one for one in processes.pids() if mine in processes.command_line(one))


def helper_pid_file(pid_file: Path) -> str:
    """What dhclient that works for the listener is told to write its pid to."""
    return f"{pid_file}.dhclient"


def _as_started(client: DhcpClient, environment: Mapping[str, str]) -> DhcpClient:
    table, guests = environment.get(_TABLE, ""), environment.get(_GUESTS, "")
    return replace(
        client,
        table=int(table) if table.isdecimal() else 0,
        guests=tuple(map(ip_network, guests.split())),
    )


def _start(client: DhcpClient) -> None:
    argv = _command(client)
    environment = {"PATH": _PATH, _TABLE: str(client.table)}
    if client.guests:
        environment[_GUESTS] = _words(client)
    _make_ready(client)
    try:
        pid = os.posix_spawn(argv[0], argv, environment, file_actions=_SILENT, setsid=True)
        client.pid_file.write_text(f"{pid}\n")
        while not processes.command_line(pid) and processes.program(pid):
            os.sched_yield()  # just being executed, it has no arguments yet (begin_new_exec)
    except OSError as cause:
        raise SystemCallFailed(
            f"cannot start {argv[0]} on {client.link}: {cause}",
            remedy="see what it says itself: dhclient -d -v " + client.link,
        ) from cause


def _words(client: DhcpClient) -> str:
    return " ".join(map(str, client.guests))


def _make_ready(client: DhcpClient) -> None:
    for file in (client.pid_file, client.leases):
        file.parent.mkdir(parents=True, exist_ok=True)
    if not os.access(SCRIPT, os.X_OK):  # an installer may have dropped its execute bit
        with suppress(OSError):
            SCRIPT.chmod(0o755)


def _command(client: DhcpClient) -> list[str]:
    """A client that goes on asking until somebody answers.

    It stays the process that was started, so that its pid is known at once: dhclient writes it
    down some time after its first process has ended.

    Raises:
        SystemCallFailed: there is none.
    """
    if client.version == 6:
        return _listener(client)
    pid_file, script = str(client.pid_file), str(SCRIPT)
    if dhclient := shutil.which("dhclient", path=_PATH):
        given = [f"{_TABLE}={client.table}"]
        given += [f"{_GUESTS}={_words(client)}"] if client.guests else []
        extra = [word for one in given for word in ("-e", one)]
        leases = str(client.leases)
        return [
            dhclient, "-4", "-d", "-cf", "/dev/null", "-sf", script, "-pf", pid_file,
            "-lf", leases, *extra, client.link,
        ]  # fmt: skip
    if udhcpc := shutil.which("udhcpc", path=_PATH):
        return [
            udhcpc, "-f", "-i", client.link, "-s", script, "-p", pid_file,
        ]  # fmt: skip
    raise SystemCallFailed(
        f"there is no DHCP client on this host to get an address for {client.link}",
        errno=ENOENT,
        remedy="apt install isc-dhcp-client (or udhcpc), or give a fixed address: "
        "--host-access ADDRESS/PREFIX",
    )


def _listener(client: DhcpClient) -> list[str]:
    """Alone, so that it starts without the rest of Pasarela; dhclient asks where routers say so."""
    asking: list[str] = []
    if dhclient := shutil.which("dhclient", path=_PATH):
        asking = [
            dhclient, "-6", "-d", "-cf", "/dev/null", "-sf", str(SCRIPT),
            "-pf", helper_pid_file(client.pid_file), "-lf", str(client.leases),
            "-e", f"{_TABLE}={client.table}", client.link,
        ]  # fmt: skip
    return [sys.executable, "-IS", str(LISTENER), client.link, str(client.pid_file), *asking]
