"""Tells running managers of a change, so that they do not fight it and go on renewing leases.

networkd and NetworkManager hold an interface while it is up. How it is configured during a trial is
written into files below /run, which count before those in /etc and which a reboot forgets, and the
manager is asked to read them. So a trial writes no file on the disk. When the change is kept, the
files on the disk say the same, and those below /run are removed; when it is taken back, they are
restored as they were.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from pasarela.hostnet import tree
from pasarela.hostnet.daemons import netplan, networkd
from pasarela.hostnet.daemons.takeover import NetworkManagerTold
from pasarela.hostnet.daemons.telling import Told
from pasarela.hostnet.live.state import State
from pasarela.hostnet.manager import FileEdit
from pasarela.hostnet.networkmanager.volatile import volatile as volatile_profiles

_NETWORKD = "run/systemd/netif/state"
_NETWORKMANAGER = "run/NetworkManager/devices"
_RUNS = {
    "networkd": (_NETWORKD,),
    "netplan": (_NETWORKD, _NETWORKMANAGER),
    "networkmanager": (_NETWORKMANAGER,),
}
_RELOAD = {_NETWORKD: "networkctl reload", _NETWORKMANAGER: "nmcli connection reload"}


def runs(root: Path, manager: str) -> bool:
    return any((root / place).exists() for place in _RUNS.get(manager, ()))


def volatile_edits(
    root: Path, manager: str, edits: Sequence[FileEdit], source: str | None
) -> tuple[FileEdit, ...]:
    """The files below /run that tell a running manager of the edits; none if it does not run.

    Args:
        source: the link whose lease its heir is to renew, as the same client.

    Raises:
        HostnetRefused: netplan does not take its files as they would be.
    """
    if not edits or not runs(root, manager):
        return ()
    match manager:
        case "networkd":
            found = networkd.volatile_edits(edits, source)
        case "networkmanager":
            found = tuple(volatile_profiles(edits))
        case _:
            made = netplan.generated_edits(root, edits) or ()
            found = (*made, *networkd.same_client(made, source))
    there = tree.read(root, [str(one.path.relative_to("/")) for one in found])
    told = (replace(one, before=there.get(one.path)) for one in found)
    return tuple(one for one in told if one.before != one.after)


@contextmanager
def moving(
    root: Path, volatile: Sequence[FileEdit], before: State, wanted: State
) -> Iterator[list[str]]:
    """Around the kernel's part of a change: a running manager goes along.

    Gives a list, to which comes what the user has to type, where somebody could not be told.
    """
    notes: list[str] = []
    with _told(root, volatile).moving(before, wanted, notes):
        yield notes


@contextmanager
def taking_back(
    root: Path, volatile: Sequence[FileEdit], now: State, before: State
) -> Iterator[list[str]]:
    """Around the kernel's way back: a running manager goes back to what it thought.

    The files on the disk are back already; those below /run go back within.
    """
    notes: list[str] = []
    with _told(root, volatile).taking_back(now, before, notes):
        yield notes


def kept(
    root: Path, manager: str, volatile: Sequence[FileEdit], links: Sequence[str]
) -> tuple[str, ...]:
    """The files on the disk are written: a running manager goes by those; what to type, if any."""
    notes: list[str] = []
    _told(root, volatile).kept(manager, links, notes)
    return tuple(notes)


def tell(root: Path, manager: str, edits: Sequence[FileEdit]) -> tuple[str, ...]:
    """What to type where a running manager has to be told by hand."""
    if not runs(root, manager) or not edits:
        return ()
    commands = ["netplan generate"] if manager == "netplan" else []
    commands += [_RELOAD[place] for place in _RUNS[manager] if (root / place).exists()]
    return (
        f"{manager} runs, and believes what its files said before, so nobody renews a lease; once "
        f"this is kept, tell it: {' && '.join(commands)}",
    )


def _told(root: Path, volatile: Sequence[FileEdit]) -> Told:
    """Whoever reads these files."""
    folders = {str(one.path) for one in volatile}
    if any(one.startswith("/run/NetworkManager/") for one in folders):
        return NetworkManagerTold(root, volatile)
    if any(one.startswith("/run/systemd/") for one in folders):
        return networkd.NetworkdTold(root, volatile)
    return Told(root, volatile)
