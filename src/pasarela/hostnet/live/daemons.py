"""Managers that run: told of a change until the next boot, so that they do not fight it.

networkd holds an interface while it is up: it has a lease to renew. What it is to think from now on
goes into files below /run, which come before those in /etc and which a reboot forgets, and it is
told to read them. So a trial needs no file on the disk, and to take it back is to remove them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from socket import if_nametoindex

from pasarela.hostnet.live.programs import succeeds
from pasarela.hostnet.manager import FileEdit
from pasarela.hostnet.networkd.volatile import volatile

_SECONDS = 10.0
_RUNS = {
    "networkd": "run/systemd/netif/state",
    "netplan": "run/systemd/netif/state",
    "networkmanager": "run/NetworkManager/devices",
}
_RELOAD = {
    "networkd": "networkctl reload",
    "netplan": "netplan generate && networkctl reload",
    "networkmanager": "nmcli connection reload",
}
_LEASES = Path("/run/systemd/netif/leases")


def runs(root: Path, manager: str) -> bool:
    return manager in _RUNS and (root / _RUNS[manager]).exists()


def volatile_edits(
    root: Path, manager: str, edits: Sequence[FileEdit], source: str | None
) -> tuple[FileEdit, ...]:
    """The files below /run that tell a running manager of the edits; none if it does not run.

    Args:
        source: the link whose lease its heir is to renew, as the same client.
    """
    if manager != "networkd" or not runs(root, manager):
        return ()
    return tuple(replace(one, after=_kept(one, source)) for one in volatile(edits))


def reload(root: Path, manager: str, edits: Sequence[FileEdit]) -> tuple[str, ...]:
    """Have a running manager read its files; what to type where it could not be told."""
    if not runs(root, manager) or not edits:
        return ()
    if manager == "networkd" and succeeds(_RELOAD[manager].split(), _SECONDS):
        return ()
    return tell(root, manager, edits)


def tell(root: Path, manager: str, edits: Sequence[FileEdit]) -> tuple[str, ...]:
    """What to type where a running manager has to be told by hand."""
    if not runs(root, manager) or not edits:
        return ()
    return (
        f"{manager} runs, and believes what its files said before, so nobody renews a lease; once "
        f"this is kept, tell it: {_RELOAD[manager]}",
    )


def _kept(edit: FileEdit, source: str | None) -> str | None:
    """A .network file after which networkd keeps what is there, and is the client that it was."""
    text = edit.after
    if text is None or PurePosixPath(edit.path).suffix != ".network" or "\nBridge=" in text:
        return text
    more = "".join(f"\n{section}\n{line}\n" for section, line in _more(source))
    return text.rstrip("\n") + "\n" + more


def _more(source: str | None) -> Iterator[tuple[str, str]]:
    yield "[Network]", "KeepConfiguration=yes"
    iaid = _iaid(source) if source else None
    if iaid is not None:
        yield "[DHCPv4]", f"IAID={iaid}"
    yield "[DHCPv4]", "SendRelease=no"


def _iaid(link: str) -> int | None:
    """Of networkd's identity as a DHCP client the part that it makes from the link's name."""
    try:
        lease = (_LEASES / str(if_nametoindex(link))).read_text()
    except OSError:
        return None
    found = re.search(r"^CLIENTID=ff([0-9a-f]{8})", lease, re.MULTILINE)
    return int(found[1], 16) if found else None
