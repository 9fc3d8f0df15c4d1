"""DHCP clients that run beside their interface: found, and moved to another with their lease.

The same program is started with the same arguments on the new link, with the lease carried over,
so that it asks for the same address as the same client. The old one is stopped in its tracks before
its addresses move, for it would mend what it sees, and ends by SIGKILL: asked to end, it would give
the lease back or have its script take the address away.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pasarela.errors import HostnetRefused
from pasarela.host import processes
from pasarela.hostnet.live.dhcp import dhcpcd
from pasarela.hostnet.live.dhcp.client_programs import (
    PATH,
    carry_lease,
    fresh,
    in_background,
    moved_arguments,
    program_name,
    sparing,
)
from pasarela.hostnet.live.state import State

_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Client:
    """A running client, with all that it takes to start it again.

    Attributes:
        started: when, in clock ticks since the boot: the pid may be another's by now.
        argv: without the link's name it is dhcpcd that serves all links.
    """

    pid: int
    started: int
    link: str
    program: str
    argv: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        return program_name(self.argv)

    @property
    def is_manager(self) -> bool:
        return self.name == dhcpcd.NAME and self.link not in self.argv

    @property
    def is_running(self) -> bool:
        return processes.started(self.pid) == self.started and bool(processes.program(self.pid))

    def to_json(self) -> dict[str, Any]:
        return {
            "pid": self.pid,
            "started": self.started,
            "link": self.link,
            "program": self.program,
            "argv": list(self.argv),
            "environment": dict(self.environment),
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Client:
        return cls(
            int(found["pid"]),
            int(found["started"]),
            str(found["link"]),
            str(found["program"]),
            tuple(map(str, found["argv"])),
            tuple((str(k), str(v)) for k, v in found["environment"].items()),
        )


# finding


def find(links: Iterable[str]) -> list[Client]:
    """The clients of these links alone in this network namespace."""
    wanted = set(links)
    found = []
    for pid in processes.pids():
        argv = dhcpcd.original(pid, processes.command_line(pid))
        link = next((word for word in argv[1:] if word in wanted), None)
        if link and program_name(argv) and processes.is_here(pid):
            found.append(_client(pid, link, argv))
    return found


def find_manager(state: State) -> list[Client]:
    """dhcpcd that serves all links, once for each of these that it serves."""
    links = [link for link in state.links if dhcpcd.serves(link, state)]
    pid = dhcpcd.manager() if links else None
    if pid is None:
        return []
    argv = dhcpcd.original(pid, processes.command_line(pid))
    return [_client(pid, link, argv) for link in links]


def _client(pid: int, link: str, argv: tuple[str, ...]) -> Client:
    shown = processes.command_line(pid)
    # A title is longer than the arguments were: what is left of the environment is torn.
    environment = {} if tuple(shown) != argv else processes.environment(pid)
    return Client(
        pid,
        processes.started(pid),
        link,
        processes.program(pid),
        argv,
        tuple(sorted(environment.items())),
    )


# moving


def freeze(clients: Iterable[Client]) -> None:
    """Keep clients from mending what moves; who is moved or restored runs again."""
    for client in clients:
        _signal(client, signal.SIGSTOP)


def move(clients: Iterable[Client], link: str, run: Path, known: str = "") -> tuple[str, ...]:
    """Have each client serve another link from now on.

    Args:
        run: a folder for what lasts until the next boot.
        known: the leased address, for a client that keeps no lease.

    Returns:
        What to do by hand.

    Raises:
        HostnetRefused: a client would not start; the old ones that have not been moved run on.
    """
    notes: list[str] = []
    for client in clients:
        if client.is_manager:
            notes += _move_manager(client, link, run)
            continue
        argv = moved_arguments(client.argv, client.link, link)
        carry_lease(client.argv, client.link, argv, link)
        kill([client])
        start(argv, client.environment, link, run, known)
    return tuple(notes)


def give_up(clients: Iterable[Client], run: Path) -> tuple[str, ...]:
    """Have these links served by no client any more; what to do by hand."""
    notes: list[str] = []
    for client in clients:
        if client.is_manager:
            notes += _move_manager(client, "", run)
        else:
            kill([client])
    return tuple(notes)


def _move_manager(client: Client, link: str, run: Path) -> list[str]:
    """dhcpcd that serves all links serves another, or none, in the place of this one."""
    argv = dhcpcd.for_other_link(_manager_arguments(client), client.link, link, run)
    dhcpcd.carry_lease(client.link, link)
    _end_manager()
    start(argv, client.environment, link or client.link, run)
    if not any(word.startswith(f"{run}/") for word in argv):
        return []
    lines = f"denyinterfaces {client.link}" + (f", and a line interface {link}" if link else "")
    return [
        f"dhcpcd serves all links of this host, and leaves {client.link} alone until the next boot "
        f"only; before you make that permanent, write into {dhcpcd.CONFIGURATION}: {lines}"
    ]


def _manager_arguments(client: Client) -> tuple[str, ...]:
    """How the manager runs that is there now: not as the client, if that served two links."""
    pid = dhcpcd.manager()
    if pid is None or pid == client.pid:
        return client.argv
    return dhcpcd.original(pid, processes.command_line(pid))


def _end_manager() -> None:
    pid = dhcpcd.manager()
    if pid is not None:
        kill([_client(pid, "", (dhcpcd.NAME,))])


# back


def clear(clients: Iterable[Client], strangers: Iterable[str]) -> None:
    """End whoever serves links that were not theirs, before these links lose their addresses."""
    kill(find(strangers))
    for client in clients:
        if client.is_manager and _manager_arguments(client) != client.argv:
            _end_manager()


def restore(
    clients: Iterable[Client], strangers: Iterable[str], run: Path, known: str = ""
) -> None:
    """Have the clients run as they did, and none on the links that were not theirs.

    Raises:
        HostnetRefused: a client would not start.
    """
    clear(clients := list(clients), strangers)
    for client in clients:
        if client.is_running:
            _signal(client, signal.SIGCONT)
        elif not client.is_manager or dhcpcd.manager() is None:
            start(in_background(client.argv), client.environment, client.link, run, known)


def kill(clients: Iterable[Client]) -> None:
    """End clients without a word to server or script.

    dhcpcd's processes are stopped first, so that none of them sees another one end.
    """
    for client in clients:
        if not client.is_running:
            continue
        ends = _open_all(_signal(client, signal.SIGSTOP))
        try:
            for end in ends:
                with suppress(ProcessLookupError):
                    signal.pidfd_send_signal(end, signal.SIGKILL)
            for end in ends:
                _await_end(end)
        finally:
            for end in ends:
                os.close(end)
        if client.name == dhcpcd.NAME and client.link:
            dhcpcd.without_files(client.link)


def _signal(client: Client, number: signal.Signals) -> list[int]:
    """Tell all processes of a client that still runs; which ones those are."""
    if not client.is_running:
        return []
    kin = dhcpcd.family(client.pid) if client.name == dhcpcd.NAME else [client.pid]
    for pid in kin:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
    return kin


def _open_all(pids: Iterable[int]) -> list[int]:
    found = []
    for pid in pids:
        with suppress(ProcessLookupError):
            found.append(os.pidfd_open(pid))
    return found


def _await_end(process: int) -> None:
    poll = select.poll()
    poll.register(process, select.POLLIN)
    poll.poll(_SECONDS * 1000)


# starting


def start(
    argv: Sequence[str],
    environment: Iterable[tuple[str, str]],
    link: str,
    run: Path,
    known: str = "",
) -> None:
    """Start a client on a link that has its addresses already.

    Raises:
        HostnetRefused: it would not start.
    """
    argv = sparing(argv, link, run, known)
    variables = {"PATH": PATH, **dict(environment)}
    with (run / f"{link}.client.log").open("wb") as log:  # a pipe would stay open with the client
        try:
            status = subprocess.run(
                argv,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                timeout=_SECONDS,
                check=False,
            ).returncode
        except (OSError, subprocess.TimeoutExpired) as error:
            raise _refused(argv, link, str(error)) from error
    if status:
        said = (run / f"{link}.client.log").read_text(errors="replace").strip().splitlines()
        raise _refused(argv, link, said[-1] if said else f"exit code {status}")


def _refused(argv: Sequence[str], link: str, why: str) -> HostnetRefused:
    return HostnetRefused(
        f"the DHCP client would not start on {link}: {why}",
        remedy=f"try it yourself: {' '.join(argv)}",
    )


__all__ = [
    "Client",
    "clear",
    "find",
    "find_manager",
    "freeze",
    "fresh",
    "give_up",
    "kill",
    "move",
    "restore",
    "start",
]
