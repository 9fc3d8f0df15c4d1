"""The managers of the host's interfaces that there are, and which of them a host has files of.

Each is imported where it is needed, for reading YAML takes 100 ms to learn.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from pasarela.hostnet import tree
from pasarela.hostnet.manager import Manager, Texts

# In the order in which they are looked for: the class of each, and the folders of its files.
_MANAGERS = {
    "ifupdown": ("Ifupdown", ("etc/network",)),
    "netplan": ("Netplan", ("etc/netplan", "run/netplan", "usr/lib/netplan")),
    "networkd": ("Networkd", ("etc/systemd/network", "run/systemd/network")),
    "networkmanager": ("NetworkManager", ("etc/NetworkManager/system-connections",)),
}
NAMES = tuple(_MANAGERS)
_GENERATED = "netplan-"  # what netplan writes for networkd and NetworkManager at each boot
_OURS = "90-pasarela.conf"  # what we tell networkd until the next boot (networkd/volatile.py)
_SEEN = "nm-generated=true"  # what NetworkManager writes of devices that others have set up


def manager(name: str) -> Manager:
    """The manager of that name."""
    made: Manager = getattr(import_module(f"pasarela.hostnet.{name}"), _MANAGERS[name][0])()
    return made


def managers() -> Iterator[Manager]:
    """All of them, in the order in which they are looked for on a host."""
    return map(manager, NAMES)


def used(root: Path) -> Iterator[Manager]:
    """Those that have anything in their folders."""
    for name, (_, folders) in _MANAGERS.items():
        places = (root / folder for folder in folders)
        if any(place.is_dir() and any(place.iterdir()) for place in places):
            yield manager(name)


def files_of(root: Path, one: Manager, *, generated: bool = False) -> Texts:
    """A manager's files, without those that another made for it.

    Args:
        generated: with those that netplan made.

    Raises:
        SystemCallFailed: one cannot be read.
    """
    found = tree.read(root, one.patterns)
    if one.name not in ("networkd", "networkmanager"):
        return found
    return {
        path: text
        for path, text in found.items()
        if (generated or _GENERATED not in path.name) and path.name != _OURS and _SEEN not in text
    }
