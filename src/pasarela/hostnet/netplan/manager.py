"""netplan as one of the managers of the host's interfaces."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pasarela.errors import HostnetFileError, HostnetRefused
from pasarela.hostnet.manager import Bridging, FileEdit, Finding, Surroundings, Texts
from pasarela.hostnet.netplan.bridging import bridged, unbridged
from pasarela.hostnet.netplan.checking import findings
from pasarela.hostnet.netplan.defining import defined, undefined
from pasarela.hostnet.netplan.merged import Configuration
from pasarela.hostnet.netplan.ports import with_port, without_port
from pasarela.hostnet.netplan.reading import interfaces
from pasarela.model.interface_config import InterfaceConfig


class Netplan:
    """``/etc/netplan/*.yaml``, and what /lib and /run add to it."""

    name = "netplan"
    patterns = (
        "usr/lib/netplan/*.yaml",
        "lib/netplan/*.yaml",
        "etc/netplan/*.yaml",
        "run/netplan/*.yaml",
    )

    def interfaces(self, files: Texts) -> Sequence[InterfaceConfig]:
        return interfaces(Configuration.read(files))

    def covers(self, files: Texts, interface: str, mac: str | None) -> bool:
        return Configuration.read(files).find(interface, mac) is not None

    def bridge(self, files: Texts, change: Bridging) -> Sequence[FileEdit]:
        return _edits(files, lambda configuration: bridged(configuration, change))

    def unbridge(self, files: Texts, name: str) -> Sequence[FileEdit]:
        return _edits(files, lambda configuration: unbridged(configuration, name))

    def add_port(self, files: Texts, bridge: str, port: InterfaceConfig) -> Sequence[FileEdit]:
        return _edits(files, lambda configuration: with_port(configuration, bridge, port))

    def remove_port(self, files: Texts, bridge: str, port: str) -> Sequence[FileEdit]:
        return _edits(files, lambda configuration: without_port(configuration, bridge, port))

    def define(self, files: Texts, interface: InterfaceConfig) -> Sequence[FileEdit]:
        return _edits(files, lambda configuration: defined(configuration, interface))

    def undefine(self, files: Texts, name: str) -> Sequence[FileEdit]:
        return _edits(files, lambda configuration: undefined(configuration, name))

    def check(self, files: Texts, around: Surroundings) -> Sequence[Finding]:
        return findings(files, around)


def _edits(files: Texts, change: Callable[[Configuration], Configuration]) -> Sequence[FileEdit]:
    """A file that could be read, and cannot any more, has an anchor where the change needs room."""
    before = Configuration.read(files)
    try:
        return change(before).edits(files)
    except HostnetFileError as error:
        raise HostnetRefused(
            f"the change does not fit how the file is written: {error.detail}",
            location=error.location,
            remedy="write out in full what anchors (&) and aliases (*) share, then try again",
        ) from error
