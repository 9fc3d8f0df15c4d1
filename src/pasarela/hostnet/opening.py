"""The host's interfaces with all their managers: where the concrete ones are named."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from pasarela.hostnet.configuration import Configuration
from pasarela.hostnet.manager import FileEdit, Manager, Texts

if TYPE_CHECKING:
    from pasarela.hostnet.running import Running

# In the order in which they are looked for: what netplan writes for networkd is netplan's. Each is
# imported where it has files, for reading YAML takes 100 ms to learn.
_MANAGERS = {
    "pasarela.hostnet.ifupdown:Ifupdown": ("etc/network",),
    "pasarela.hostnet.netplan:Netplan": ("etc/netplan", "run/netplan", "usr/lib/netplan"),
    "pasarela.hostnet.networkd:Networkd": ("etc/systemd/network", "run/systemd/network"),
    "pasarela.hostnet.networkmanager:NetworkManager": ("etc/NetworkManager/system-connections",),
}


class Host:
    """
    Args:
        root: the host's root folder.
        change: where the restore point of a change lies.
    """

    def __init__(self, root: Path, change: Path) -> None:
        self._root = root
        self._change = change
        self._tree = Folder(root)

    @cached_property
    def configuration(self) -> Configuration:
        managers = [manager for place in _MANAGERS if (manager := self._used(place))]
        return Configuration(self._tree, managers, lambda: self._main(managers))

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

    def _used(self, place: str) -> Manager | None:
        """The manager, if any of its folders is there with something in it."""
        folders = [self._root / folder for folder in _MANAGERS[place]]
        if any(folder.is_dir() and any(folder.iterdir()) for folder in folders):
            return _load(place)
        return None

    def _main(self, managers: Sequence[Manager]) -> Manager:
        """What configures anything, else what has files, else Debian's own."""
        for manager in managers:
            configs = manager.interfaces(self._tree.read(manager))
            if any(config.name != "lo" for config in configs):
                return manager
        return managers[0] if managers else _load(next(iter(_MANAGERS)))


class Folder:
    """The files below the root folder."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def read(self, manager: Manager) -> Texts:
        found = {path for pattern in manager.patterns for path in self._root.glob(pattern)}
        return {
            PurePosixPath("/") / path.relative_to(self._root): path.read_text(
                errors="surrogateescape"
            )
            for path in sorted(found)
            if path.is_file()
        }

    def write(self, edits: Sequence[FileEdit]) -> None:
        from pasarela.hostnet.changes import SavedFile, put  # noqa: PLC0415

        for edit in edits:
            path = self._root / edit.path.relative_to("/")
            if edit.after is None:
                path.unlink(missing_ok=True)
                continue
            mode = path.stat().st_mode & 0o7777 if path.exists() else edit.mode
            put(path, SavedFile(edit.path, edit.after.encode(errors="surrogateescape"), mode, 0, 0))


def _load(place: str) -> Manager:
    module, _, name = place.partition(":")
    made: Manager = getattr(import_module(module), name)()
    return made
