"""Managers that run: told of the new files until the next boot, so that they do not fight them.

networkd and NetworkManager hold an interface while it is up. What they are to think from now on
goes into files below /run, which a reboot forgets, and they read it without touching the others.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from shutil import which

from pasarela.hostnet.manager import FileEdit

_SECONDS = 10.0
_RUNS = {
    "networkd": "run/systemd/netif/state",
    "netplan": "run/systemd/netif/state",
    "networkmanager": "run/NetworkManager/devices",
}
_RELOAD = {
    "networkd": ["networkctl", "reload"],
    "netplan": ["networkctl", "reload"],
    "networkmanager": ["nmcli", "connection", "reload"],
}


def tell(root: Path, manager: str, edits: Sequence[FileEdit]) -> tuple[str, ...]:
    """What to type where a running manager has to be told by hand."""
    if not edits or manager not in _RUNS or not (root / _RUNS[manager]).exists():
        return ()
    return (
        f"{manager} runs and still believes what its files said before: once this is kept, tell "
        f"it with '{' '.join(_RELOAD[manager])}'",
    )


def reload(manager: str) -> bool:
    command = _RELOAD[manager]
    if which(command[0]) is None:
        return False
    done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)
    return done.returncode == 0
