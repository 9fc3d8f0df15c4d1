"""Bringing an interface up and down: by its manager's own program where there is one.

That is what an administrator expects of it: ifup runs the hooks of the stanza, starts its DHCP
client and notes that the interface is up; networkd and NetworkManager hold what they run. What is
up already is only completed, over netlink: a second ifup would fail at the first address, or start
a second DHCP client. And where no program is, netlink does it, and a DHCP client of the host's.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryFile

from pasarela.errors import ErrorDomain, InternalError
from pasarela.hostnet.iface import by_hand
from pasarela.hostnet.live.dhcp import clients
from pasarela.hostnet.live.moves import RUN
from pasarela.model.interface_config import InterfaceConfig

_SECONDS = 120.0  # dhclient gives up after 60, ifup waits for IPv6's duplicates for 60
_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"

Commands = Sequence[Sequence[str]]


def up(config: InterfaceConfig, manager: str | None, root: Path) -> None:
    """Bring the interface up as it is configured.

    Args:
        manager: the name of what manages it; None if nothing does.
        root: the host's root folder.

    Raises:
        InternalError: the manager's program failed.
        SystemCallFailed: the kernel refused.
        HostnetRefused: its addresses come by DHCP, and there is nothing to ask with.
    """
    commands = _commands(manager, config.name, root, going_up=True)
    if by_hand.is_up(config):
        by_hand.up(config)
    elif commands:
        _run_all(commands, f"failed to create (start) interface {config.name}")
    else:
        by_hand.up(config)
        _ask_by_dhcp(config)


def down(config: InterfaceConfig, manager: str | None, root: Path) -> None:
    """Take the interface down, with what it has by its configuration.

    Raises:
        InternalError: the manager's program failed.
        SystemCallFailed: the kernel refused.
    """
    commands = _commands(manager, config.name, root, going_up=False)
    _run_all(commands, f"failed to destroy (stop) interface {config.name}")
    clients.kill(clients.find([config.name]))
    by_hand.down(config)  # what ifdown does not know of, for it did not bring it up


def _commands(manager: str | None, name: str, root: Path, *, going_up: bool) -> Commands:
    """What to run, in order; nothing where the manager's program or service is not there."""
    match manager:
        case "ifupdown":
            found = _ifupdown(name, root, going_up=going_up)
        case "netplan":
            found = _daemons(name, root, going_up=going_up)
            if found and going_up:
                found = [["netplan", "generate"], *found]
        case "networkd" | "networkmanager":
            found = _daemons(name, root, going_up=going_up)
        case _:
            return ()
    return found if all(_program(command[0]) for command in found) else ()


def _ifupdown(name: str, root: Path, *, going_up: bool) -> Commands:
    program = "ifup" if going_up else "ifdown"
    places = [f"--interfaces={root / 'etc/network/interfaces'}"]
    state = root / "run/network"
    if root != Path("/"):
        state.mkdir(parents=True, exist_ok=True)
        places.append(f"--state-dir={state}")
    return [[program, *places, "--", name]]


def _daemons(name: str, root: Path, *, going_up: bool) -> Commands:
    """By whichever of the two runs on this host."""
    if root == Path("/") and Path("/run/systemd/netif/links").is_dir():
        if going_up:
            return [["networkctl", "reload"], ["networkctl", "up", name]]
        return [["networkctl", "down", name]]
    if root == Path("/") and Path("/run/NetworkManager").is_dir():
        if going_up:
            return [["nmcli", "connection", "reload"], ["nmcli", "device", "connect", name]]
        return [["nmcli", "device", "disconnect", name]]
    return []


def _program(name: str) -> str | None:
    return shutil.which(name, path=_PATH)


def _run_all(commands: Commands, complaint: str) -> None:
    for command in commands:
        _run(command, complaint)


def _run(command: Sequence[str], complaint: str) -> None:
    line = " ".join(command)
    with TemporaryFile() as output:  # a pipe would be held open by a DHCP client that stays
        try:
            status = subprocess.run(
                [_program(command[0]) or command[0], *command[1:]],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                timeout=_SECONDS,
                check=False,
            ).returncode
        except (OSError, subprocess.TimeoutExpired) as error:
            raise _failed(complaint, f"Running '{line}' failed: {error}") from error
        if status:
            output.seek(0)
            said = output.read().decode(errors="replace").strip()
            raise _failed(complaint, f"Running '{line}' failed with exit code {status}: {said}")


def _failed(complaint: str, detail: str) -> InternalError:
    return InternalError(
        f"{complaint}: failed to execute external program - {detail}", domain=ErrorDomain.INTERFACE
    )


def _ask_by_dhcp(config: InterfaceConfig) -> None:
    """Have a client ask for an address where none does; it goes to the background at once.

    Raises:
        HostnetRefused: there is no client on this host, or it would not start.
    """
    name = config.name
    if config.ipv4 is not None and config.ipv4.dhcp and not clients.find([name]):
        RUN.mkdir(parents=True, exist_ok=True)
        clients.start(clients.fresh(name, None), (), name, RUN)
