"""The host's interfaces with all their managers: where the concrete ones are named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from pasarela.errors import HostnetRefused
from pasarela.hostnet import tree
from pasarela.hostnet.configuration import Configuration
from pasarela.hostnet.manager import FileEdit, Manager, Texts

if TYPE_CHECKING:
    from pasarela.hostnet.running import Running

# In the order in which they are looked for. Each is imported where it has files, for reading YAML
# takes 100 ms to learn.
_MANAGERS = {
    "pasarela.hostnet.ifupdown:Ifupdown": ("etc/network",),
    "pasarela.hostnet.netplan:Netplan": ("etc/netplan", "run/netplan", "usr/lib/netplan"),
    "pasarela.hostnet.networkd:Networkd": ("etc/systemd/network", "run/systemd/network"),
    "pasarela.hostnet.networkmanager:NetworkManager": ("etc/NetworkManager/system-connections",),
}
_GENERATED = "netplan-"  # what netplan writes for networkd and NetworkManager at each boot


class Host:
    """
    Args:
        root: the host's root folder.
        change: where the restore point of a change lies.
    """

    def __init__(self, root: Path, change: Path) -> None:
        self._root = root
        self._change = change
        self._files = HostFiles(root)

    @cached_property
    def configuration(self) -> Configuration:
        managers = [manager for place in _MANAGERS if (manager := self._used(place))]
        return Configuration(self._files, managers, lambda: self._main(managers))

    @cached_property
    def running(self) -> Running:
        from pasarela.hostnet.changes import Changes  # noqa: PLC0415  (30 ms that reading need not)
        from pasarela.hostnet.running import Running  # noqa: PLC0415

        patterns = [
            pattern
            for place in _MANAGERS
            for pattern in _load(place).patterns
            if pattern.startswith("etc/")
        ]
        changes = Changes(self._change, self._root, patterns)
        return Running(self.configuration, changes, self._root)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Alone with the interfaces: no host-bridge is at work, and none is on trial.

        Raises:
            HostnetRefused: one is on trial.
        """
        from pasarela.hostnet import pending  # noqa: PLC0415

        with pending.locked(self._root):
            other = pending.load(self._root)
            if other is not None:
                raise HostnetRefused(
                    f"another change is pending: {other.what}",
                    remedy="keep it with 'pasarela confirm', or take it back with "
                    "'pasarela host-bridge revert'",
                )
            yield

    def _used(self, place: str) -> Manager | None:
        """The manager, if any of its folders is there with something in it."""
        folders = [self._root / folder for folder in _MANAGERS[place]]
        if any(folder.is_dir() and any(folder.iterdir()) for folder in folders):
            return _load(place)
        return None

    def _main(self, managers: Sequence[Manager]) -> Manager:
        """What configures anything, else what has files, else Debian's own."""
        for manager in managers:
            configs = manager.interfaces(self._files.read(manager))
            if any(config.name != "lo" for config in configs):
                return manager
        return managers[0] if managers else _load(next(iter(_MANAGERS)))


class HostFiles:
    """The files below the root folder."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def read(self, manager: Manager) -> Texts:
        """A manager's files, but for those that netplan made for it."""
        found = tree.read(self._root, manager.patterns)
        if manager.name in ("networkd", "networkmanager"):
            found = {path: text for path, text in found.items() if _GENERATED not in path.name}
        return found

    def write(self, manager: Manager, edits: Sequence[FileEdit]) -> Sequence[str]:
        from pasarela.hostnet.live import daemons  # noqa: PLC0415

        tree.write(self._root, edits)
        return daemons.tell(self._root, manager.name, edits)


def _load(place: str) -> Manager:
    module, _, name = place.partition(":")
    made: Manager = getattr(import_module(module), name)()
    return made
