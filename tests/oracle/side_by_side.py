"""One network in the real libvirt and in ours, each on a kernel namespace of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from oracle.libvirtd import Libvirtd
from oracle.outcome import Outcome, outcome_of
from oracle.rpc import Handle
from pasarela.client.connection import Connection
from pasarela.client.embedded import open_embedded
from pasarela.model.handles import Affect, NetworkRef


class Pair:
    """The same network in the real libvirt and in ours."""

    def __init__(self, libvirtd: Libvirtd, root: Path) -> None:
        self.libvirtd = libvirtd
        self.ours: Connection = open_embedded(root)
        self._handles: tuple[Handle, NetworkRef] | None = None

    @property
    def handles(self) -> tuple[Handle, NetworkRef]:
        assert self._handles is not None
        return self._handles

    def define(self, document: str) -> None:
        self._handles = self.libvirtd.define(document), self.ours.define_xml(document)

    def create(self, document: str) -> None:
        self._handles = self.libvirtd.create(document), self.ours.create_xml(document)

    def start(self) -> None:
        real, ours = self.handles
        self.libvirtd.start(real)
        self.ours.start(ours)

    def plug(self, document: str) -> None:
        real, ours = self.handles
        self.libvirtd.port_create(real, document)
        self.ours.port_create_xml(ours, document)

    def update(self, command: int, section: int, xml: str, flags: int) -> tuple[Outcome, Outcome]:
        """What each says, and both of its definitions then."""
        real, ours = self.handles

        def update_real() -> str:
            self.libvirtd.update(real, command, section, xml, flags=flags)
            return "done"

        def update_ours() -> str:
            self.ours.update(ours, command, section, xml, flags=Affect(flags))
            return "done"

        return outcome_of(update_real), outcome_of(update_ours)

    def documents(self) -> tuple[list[str], list[str]]:
        real, ours = self.handles
        forms = (False, True)
        return (
            [self.libvirtd.dumpxml(real, inactive=form) for form in forms],
            [self.ours.xml_desc(ours, inactive=form) for form in forms],
        )

    def both(
        self, real: Callable[[Handle], object], ours: Callable[[NetworkRef], object]
    ) -> tuple[Outcome, Outcome]:
        """What the real libvirt and what ours say to the same request."""
        handle, ref = self.handles
        return outcome_of(lambda: str(real(handle))), outcome_of(lambda: str(ours(ref)))

    def close(self) -> None:
        for ref in self.ours.list_networks():
            if self.ours.is_active(ref):
                self.ours.destroy(ref)
        self.ours.close()
