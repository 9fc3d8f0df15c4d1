"""The files' side of the end of a bridge: each port gets back what it brought."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from pasarela.errors import HostnetRefused
from pasarela.hostnet.bridge.origins import Origin, Origins
from pasarela.hostnet.manager import FileEdit, Manager, Texts
from pasarela.model.interface_config import InterfaceConfig


class Draft:
    """Edits one after the other, each of what the one before gave."""

    def __init__(self, files: Texts) -> None:
        self._before = dict(files)
        self._modes: dict[PurePosixPath, int] = {}
        self.texts = dict(files)

    def edit(self, make: Callable[[Texts], Sequence[FileEdit]]) -> None:
        for one in make(self.texts):
            self.texts.pop(one.path, None)
            if one.after is not None:
                self.texts[one.path] = one.after
            self._modes[one.path] = one.mode

    def edits(self) -> list[FileEdit]:
        """All together."""
        return [
            FileEdit(path, self._before.get(path), self.texts.get(path), mode)
            for path, mode in sorted(self._modes.items())
            if self._before.get(path) != self.texts.get(path)
        ]


def unbridged(
    manager: Manager, files: Texts, bridge: InterfaceConfig, heir: str | None, origins: Origins
) -> Sequence[FileEdit]:
    """The edits that end a bridge, with what is its own given to one port.

    Args:
        heir: that port; None for the first that the files name.
        origins: what the files said of ports before they joined.

    Raises:
        HostnetFileError: a file cannot be read.
        HostnetRefused: it cannot be said in these files.
    """
    heir = next(iter(bridge.ports), None) if heir is None else heir
    if heir is None:
        return manager.unbridge(files, bridge.name)
    if heir not in bridge.ports:
        raise HostnetRefused(
            f"the files do not name {heir} as a port of {bridge.name}",
            remedy=f"they name {', '.join(bridge.ports)}",
        )
    draft = Draft(files)
    for port in bridge.ports[: bridge.ports.index(heir)]:  # managers give all to the first
        draft.edit(lambda texts, port=port: manager.remove_port(texts, bridge.name, port))  # type: ignore[misc]
    draft.edit(lambda texts: manager.unbridge(texts, bridge.name))
    for port in bridge.ports:
        if port != heir and port in origins:
            _give_back(draft, manager, port, origins[port])
    return draft.edits()


def _give_back(draft: Draft, manager: Manager, port: str, origin: Origin) -> None:
    if origin.ipv4 is None and origin.ipv6 is None:
        return
    said = {one.name: one for one in manager.interfaces(draft.texts)}
    wanted = replace(
        said.get(port, InterfaceConfig(port)),
        ipv4=origin.ipv4,
        ipv6=origin.ipv6,
        dns=origin.dns,
    )
    draft.edit(lambda texts: manager.define(texts, wanted))
