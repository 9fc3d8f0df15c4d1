"""The host's interfaces with all their managers: where the concrete ones are named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path, PurePosixPath

from pasarela.hostnet.changes import Changes, SavedFile, put
from pasarela.hostnet.configuration import Configuration
from pasarela.hostnet.ifupdown import Ifupdown
from pasarela.hostnet.manager import FileEdit, Manager, Texts
from pasarela.hostnet.netplan import Netplan
from pasarela.hostnet.running import Running
from pasarela.model.interface_config import InterfaceConfig


@dataclass(frozen=True, slots=True)
class Host:
    configuration: Configuration
    running: Running


class Folder:
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
        for edit in edits:
            path = self._root / edit.path.relative_to("/")
            if edit.after is None:
                path.unlink(missing_ok=True)
                continue
            mode = path.stat().st_mode & 0o7777 if path.exists() else edit.mode
            put(path, SavedFile(edit.path, edit.after.encode(errors="surrogateescape"), mode, 0, 0))


def open_host(root: Path, change: Path) -> Host:
    """
    Args:
        root: the host's root folder.
        change: where the restore point of a change lies.
    """
    managers: tuple[Manager, ...] = (Ifupdown(), Netplan())
    tree = Folder(root)
    patterns = [p for manager in managers for p in manager.patterns if p.startswith("etc/")]

    def main() -> Manager:
        for manager in managers:
            if any(config.name != "lo" for config in manager.interfaces(tree.read(manager))):
                return manager
        return next((each for each in managers if tree.read(each)), managers[0])

    configuration = Configuration(tree, managers, main)
    running = Running(configuration, Changes(change, root, patterns), _Live(), root)
    return Host(configuration, running)


class _Live:
    """The moves in the kernel, imported when one is asked for."""

    def raise_bridge(self, config: InterfaceConfig) -> None:
        import_module("pasarela.hostnet.live.moves").raise_bridge(config)

    def dissolve(self, bridge: str) -> None:
        import_module("pasarela.hostnet.live.moves").dissolve(bridge)
