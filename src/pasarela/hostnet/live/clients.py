"""DHCP clients that run beside their interface: found, and moved to another with their lease.

The same program is started with the same arguments on the new link, with the lease carried over,
so that it asks for the same address as the same client. The old one ends by SIGKILL: asked to end,
it would give the lease back or have its script take the address away.
"""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import Any

from pasarela.errors import HostnetRefused
from pasarela.host import processes

_PROGRAMS = frozenset({"dhclient", "udhcpc", "dhcpcd"})
_LEASES = Path("/var/lib/dhcp")
_DHCPCD_LEASES = Path("/var/lib/dhcpcd")
_SECONDS = 20.0
_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
# What runs first when udhcpc starts is "deconfig", which takes the addresses away. They are moved
# already, so the first is let pass; all that comes later goes to the script that did it so far.
_SCRIPT = """\
#!/bin/sh
# Made by Pasarela for the DHCP client of {link}: the addresses are there already.
if [ "$1" = deconfig ] && [ ! -e '{marker}' ]; then
    : > '{marker}'
    exit 0
fi
exec '{script}' "$@"
"""


@dataclass(frozen=True, slots=True)
class Client:
    """A running client, with all that it takes to start it again."""

    pid: int
    link: str
    program: str
    argv: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        return program_name(self.argv)

    def to_json(self) -> dict[str, Any]:
        return {
            "pid": self.pid,
            "link": self.link,
            "program": self.program,
            "argv": list(self.argv),
            "environment": dict(self.environment),
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Client:
        return cls(
            int(found["pid"]),
            str(found["link"]),
            str(found["program"]),
            tuple(map(str, found["argv"])),
            tuple((str(k), str(v)) for k, v in found["environment"].items()),
        )


def program_name(argv: Sequence[str]) -> str:
    """``dhclient`` of ``/sbin/dhclient``, ``udhcpc`` of ``busybox udhcpc``."""
    words = [word.rsplit("/", 1)[-1] for word in argv[:2]]
    return next((word for word in words if word in _PROGRAMS), "")


def find(links: Iterable[str]) -> list[Client]:
    """The clients of these links in this network namespace."""
    wanted = set(links)
    found = []
    for pid in processes.pids():
        argv = processes.command_line(pid)
        link = next((word for word in argv[1:] if word in wanted), None)
        if link and program_name(argv) and _is_here(pid):
            environment = tuple(sorted(processes.environment(pid).items()))
            found.append(Client(pid, link, processes.program(pid), tuple(argv), environment))
    return found


def _is_here(pid: int) -> bool:
    """Whether a process is in this network namespace, and still runs."""
    try:
        return Path(f"/proc/{pid}/ns/net").readlink() == Path("/proc/self/ns/net").readlink()
    except OSError:
        return False


def move(clients: Iterable[Client], link: str, run: Path, known: str = "") -> None:
    """Have each client serve another link from now on.

    Args:
        run: a folder for what lasts until the next boot.
        known: the leased address, for a client that keeps no lease.

    Raises:
        HostnetRefused: a client would not start; the old ones that have not been moved run on.
    """
    for client in clients:
        argv = moved_arguments(client.argv, client.link, link)
        _carry_lease(client, argv, link)
        kill([client])
        start(argv, client.environment, link, run, known)


def restore(
    clients: Iterable[Client], strangers: Iterable[str], run: Path, known: str = ""
) -> None:
    """Have the clients run as they did, and none on the links that were not theirs.

    Raises:
        HostnetRefused: a client would not start.
    """
    kill(find(strangers))
    for client in clients:
        if processes.command_line(client.pid) != list(client.argv):
            start(_in_background(client.argv), client.environment, client.link, run, known)


def kill(clients: Iterable[Client]) -> None:
    """End clients without a word to server or script."""
    for client in clients:
        with suppress(ProcessLookupError):
            end = os.pidfd_open(client.pid)
            try:
                if processes.command_line(client.pid) == list(client.argv):
                    signal.pidfd_send_signal(end, signal.SIGKILL)
                    _await_end(end)
            finally:
                os.close(end)


def _await_end(process: int) -> None:
    poll = select.poll()
    poll.register(process, select.POLLIN)
    poll.poll(_SECONDS * 1000)


def moved_arguments(argv: Sequence[str], old: str, new: str) -> tuple[str, ...]:
    """The arguments with one link's name in the place of another's, in files' names too."""
    whole = re.compile(rf"(?<![A-Za-z0-9_-]){re.escape(old)}(?![A-Za-z0-9_-])")
    moved = [argv[0], *(whole.sub(new, word) for word in argv[1:])]
    for script in ("-s", "-sf"):  # whose name is of no link, or its old one
        if script in moved:
            moved[moved.index(script) + 1] = argv[argv.index(script) + 1]
    if program_name(argv) == "dhclient":
        moved = _with_own_files(moved, argv, new)
    return tuple(moved)


def _with_own_files(moved: list[str], old: Sequence[str], link: str) -> list[str]:
    """dhclient's files that are not by link would be shared with the client that was."""
    stem = f"dhclient{'6' if '-6' in old else ''}.{link}"
    for option, place in (("-pf", f"/run/{stem}.pid"), ("-lf", f"{_LEASES}/{stem}.leases")):
        if option not in moved:
            moved = [moved[0], option, place, *moved[1:]]
        elif moved[moved.index(option) + 1] == old[old.index(option) + 1]:
            moved[moved.index(option) + 1] = place
    return list(_in_background(moved))


def _in_background(argv: Sequence[str]) -> tuple[str, ...]:
    """dhclient that does not wait for an answer: the addresses are there."""
    if program_name(argv) != "dhclient" or "-nw" in argv:
        return tuple(argv)
    return (argv[0], "-nw", *argv[1:])


def _carry_lease(client: Client, argv: Sequence[str], link: str) -> None:
    """Give the new client what the old one knows: a lease that is for this link."""
    match client.name:
        case "dhclient":
            default = _LEASES / "dhclient.leases"
            source = Path(option(client.argv, "-lf") or default)
            target = Path(option(argv, "-lf") or default)
            with suppress(FileNotFoundError):
                text = source.read_text(errors="surrogateescape")
                text = text.replace(f'interface "{client.link}"', f'interface "{link}"')
                target.write_text(text, errors="surrogateescape")
        case "dhcpcd":
            for suffix in ("lease", "lease6"):
                with suppress(FileNotFoundError):
                    lease = (_DHCPCD_LEASES / f"{client.link}.{suffix}").read_bytes()
                    (_DHCPCD_LEASES / f"{link}.{suffix}").write_bytes(lease)


def option(argv: Sequence[str], name: str) -> str | None:
    return argv[argv.index(name) + 1] if name in argv[:-1] else None


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
    if program_name(argv) == "udhcpc":
        argv = _sparing(argv, link, run, known)
    variables = {"PATH": _PATH, **dict(environment)}
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


def _sparing(argv: Sequence[str], link: str, run: Path, known: str) -> list[str]:
    """udhcpc's arguments with a script that spares the addresses, and in the background at once.

    The old way to the script may be such a one of an earlier move; then it is unwrapped.
    """
    script = option(argv, "-s") or "/etc/udhcpc/default.script"
    if Path(script).parent == run:
        script = re.findall(r"exec '(.*)'", Path(script).read_text())[-1]
    marker, wrapper = run / f"{link}.spared", run / f"{link}.udhcpc"
    marker.unlink(missing_ok=True)
    wrapper.write_text(_SCRIPT.format(link=link, marker=marker, script=script))
    wrapper.chmod(0o755)
    words = [word for word in argv if word not in ("-n", "-q", "-f", "-b")]
    if "-s" in words:
        words[words.index("-s") + 1] = str(wrapper)
    else:
        words += ["-s", str(wrapper)]
    if known and "-r" not in words:
        words += ["-r", known]
    at = next(i for i, word in enumerate(words) if word.endswith("udhcpc")) + 1
    return [*words[:at], "-b", *words[at:]]


def fresh(link: str, address: str | None) -> tuple[str, ...]:
    """The command line of a client for a link that had none, as ifup would have it.

    Args:
        address: the one to ask for, if the link has one.

    Raises:
        HostnetRefused: there is no client on this host.
    """
    if (program := which("dhclient", path=_PATH)) is not None:
        pid, leases = f"/run/dhclient.{link}.pid", f"{_LEASES}/dhclient.{link}.leases"
        return (program, "-4", "-nw", "-i", "-pf", pid, "-lf", leases, link)
    if (program := which("udhcpc", path=_PATH)) is not None:
        wish = ("-r", address) if address else ()
        return (program, "-p", f"/run/udhcpc.{link}.pid", "-i", link, *wish)
    if (program := which("dhcpcd", path=_PATH)) is not None:
        return (program, "-b", link)
    raise HostnetRefused(
        "there is no DHCP client on this host",
        remedy="install one (apt install isc-dhcp-client), or give --address",
    )
