"""A host's interfaces as one thing, whichever managers configure them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pasarela.hostnet import tree
from pasarela.hostnet.configuration import Configuration
from pasarela.hostnet.manager import FileEdit, Manager, Texts
from pasarela.hostnet.registry import NAMES, files_of, manager, managers, used

if TYPE_CHECKING:
    from pasarela.hostnet.iface.running import Running


class Host:
    """A host's interfaces: how they are configured, and how they are brought up and down.

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
        found = list(used(self._root))
        return Configuration(self._files, found, lambda: self._main(found))

    @cached_property
    def running(self) -> Running:
        from pasarela.hostnet.iface.changes import Changes  # noqa: PLC0415  (30 ms that reading need not)
        from pasarela.hostnet.iface.running import Running  # noqa: PLC0415

        patterns = [
            pattern for one in managers() for pattern in one.patterns if pattern.startswith("etc/")
        ]
        changes = Changes(self._change, self._root, patterns)
        return Running(self.configuration, changes, self._root)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Alone with the interfaces: no host-bridge is at work, and none is on trial.

        What one left that nobody settles any more is settled first.

        Raises:
            HostnetRefused: one is on trial.
        """
        from pasarela.hostnet import journal  # noqa: PLC0415
        from pasarela.hostnet.bridge import pending  # noqa: PLC0415

        with pending.locked(self._root):
            if pending.path(self._root).exists() or journal.is_open(self._root):
                from pasarela.hostnet.bridge import settle  # noqa: PLC0415

                settle.make_way(self._root)
            yield

    def _main(self, found: Sequence[Manager]) -> Manager:
        """What configures anything, else what has files, else Debian's own."""
        for one in found:
            configs = one.interfaces(self._files.read(one))
            if any(config.name != "lo" for config in configs):
                return one
        return found[0] if found else manager(NAMES[0])


class HostFiles:
    """The files below the root folder."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def read(self, manager: Manager) -> Texts:
        return files_of(self._root, manager)

    def write(self, manager: Manager, edits: Sequence[FileEdit]) -> Sequence[str]:
        from pasarela.hostnet.daemons import daemons  # noqa: PLC0415

        tree.write(self._root, edits)
        return daemons.tell(self._root, manager.name, edits)
