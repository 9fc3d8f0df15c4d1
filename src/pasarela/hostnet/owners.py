"""Which program manages an interface of the host, and how one sees it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from socket import if_nametoindex

from pasarela.errors import HostnetRefused
from pasarela.hostnet.covering import covers
from pasarela.hostnet.manager import Manager, Texts
from pasarela.hostnet.registry import NAMES, files_of, manager, managers
from pasarela.model.interface_config import InterfaceConfig

NONE = "none"
_INSTALLED = {
    "netplan": ("etc/netplan", "usr/sbin/netplan"),
    "ifupdown": ("etc/network/interfaces", "sbin/ifup"),
    "networkmanager": ("usr/sbin/NetworkManager",),
}


@dataclass(frozen=True, slots=True)
class Owner:
    """The manager of an interface; None where nothing is written for it. ``why`` is for people."""

    manager: Manager | None
    why: str
    files: Texts

    @property
    def name(self) -> str:
        return self.manager.name if self.manager else NONE

    def config(self, interface: str) -> InterfaceConfig | None:
        """What the files say of an interface."""
        if self.manager is None:
            return None
        found = self.manager.interfaces(self.files)
        return next((one for one in found if one.name == interface), None)


def owner_of(root: Path, interface: str, wanted: str | None = None) -> Owner:
    """The manager of an interface.

    Args:
        wanted: its name, where the user says it; ``none`` for nobody.

    Raises:
        HostnetRefused: two managers claim it, or there is no manager of that name.
    """
    if wanted == NONE:
        return Owner(None, "asked for with --manager none", {})
    if wanted is not None:
        if wanted not in NAMES:
            raise HostnetRefused(
                f"there is no manager '{wanted}'", remedy=f"one of {', '.join(NAMES)}, or {NONE}"
            )
        chosen = manager(wanted)
        return Owner(chosen, f"asked for with --manager {wanted}", files_of(root, chosen))
    claims = list(_claims(root, interface))
    if len(claims) > 1:
        raise HostnetRefused(
            f"{claims[0].name} and {claims[1].name} both look after {interface}: "
            f"{claims[0].why}; {claims[1].why}",
            remedy=f"take {interface} out of the files of one of them, or say which is to be "
            f"changed: --manager {claims[0].name}",
        )
    return claims[0] if claims else _by_what_is_here(root, interface)


def _claims(root: Path, interface: str) -> Iterator[Owner]:
    """Who says that it is theirs; of a running NetworkManager only what is in nobody's files.

    It does netplan's work, and calls what others have set up its own, too.
    """
    named = False
    for one in managers():
        files = files_of(root, one)
        if any(config.name == interface for config in one.interfaces(files)):
            names = [str(path) for path in files if _names(files, path, interface)]
            why = f"{' and '.join(names) or 'its files'} names {interface}"
        elif covers(one, files, interface):
            why = f"a match in {one.name}'s files fits {interface}"
        elif one.name == "networkmanager" and not named and _is_managed_by_nm(root, interface):
            why = f"NetworkManager runs and manages {interface}"
        else:
            continue
        named = True
        yield Owner(one, why, files)


def _names(files: Texts, path: object, interface: str) -> bool:
    return any(at == path and interface in text for at, text in files.items())


def _is_managed_by_nm(root: Path, interface: str) -> bool:
    """NetworkManager tells of each device in a file by the device's index."""
    try:
        index = if_nametoindex(interface)
        said = (root / f"run/NetworkManager/devices/{index}").read_text()
    except OSError:
        return False
    return "managed=true" in said


def _by_what_is_here(root: Path, interface: str) -> Owner:
    """No file names it: whoever is on this host alone."""
    for name, places in _INSTALLED.items():
        if all((root / place).exists() for place in places):
            chosen = manager(name)
            why = f"no file names {interface}, and {name} is what this host has"
            return Owner(chosen, why, files_of(root, chosen))
    return Owner(None, f"no file names {interface}, and no manager of interfaces is here", {})
