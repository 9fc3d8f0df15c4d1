"""Interfaces that files mean without naming them: by a pattern, or by a hardware address."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, runtime_checkable

from pasarela.hostnet.manager import Manager, Texts


@runtime_checkable
class Matching(Protocol):
    """A manager whose files can say which interface is meant in other ways than by its name."""

    def covers(self, files: Texts, interface: str, mac: str | None) -> bool:
        """Whether the files have something to say of the interface.

        Raises:
            HostnetFileError: a file cannot be read; with its path and line.
        """
        ...


def covers(manager: Manager, files: Texts, interface: str) -> bool:
    """Whether a manager's files mean the interface, be it not by name."""
    return isinstance(manager, Matching) and manager.covers(files, interface, _mac(interface))


def _mac(interface: str) -> str | None:
    try:
        return Path("/sys/class/net", interface, "address").read_text().strip()
    except OSError:
        return None
