"""Configured interfaces started, stopped, and taken back to where a change began."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pasarela.errors import HostnetFileError
from pasarela.hostnet.configuration import Configuration, Configured
from pasarela.hostnet.daemons import ifstate
from pasarela.hostnet.iface import bring, by_hand
from pasarela.hostnet.iface.changes import Changes, RestorePoint
from pasarela.hostnet.live import moves
from pasarela.hostnet.live.dissolving import Heirs, dissolve
from pasarela.model.interface import InterfaceType
from pasarela.model.interface_config import BridgeConfig, InterfaceConfig

_SYSFS = Path("/sys/class/net")
_IFF_UP = 1


class Running:
    """Brings what is configured up and down.

    Args:
        root: the host's root folder.
    """

    def __init__(self, configuration: Configuration, changes: Changes, root: Path) -> None:
        self._configuration = configuration
        self._changes = changes
        self._root = root

    def start(self, name: str) -> None:
        """Bring an interface up as it is configured; one that nothing configures is set up.

        Raises:
            PasarelaError: its manager's program or the kernel refused.
        """
        configured = self._configuration.all().get(name)
        if configured is None:
            by_hand.up(InterfaceConfig(name))
        else:
            self._start(configured)

    def stop(self, name: str) -> None:
        """Take an interface down; a bridge's addresses go to its first port.

        Raises:
            PasarelaError: its manager's program or the kernel refused.
        """
        self._stop(name, self._configuration.all().get(name))

    def _start(self, configured: Configured) -> None:
        config = configured.config
        if not _is_bridge_with_ports(config):
            bring.up(config, configured.manager.name, self._root)
        elif _exists(config.name):
            for port in sorted(set(config.ports) - _ports_of(config.name)):
                moves.do_or_undo(moves.plan_add_port(config.name, port))
            by_hand.up(config)
        else:
            moves.raise_bridge(_without_stp(config))
            by_hand.up(config)
            if configured.manager.name == "ifupdown":
                ifstate.note(self._root, up=(*config.ports, config.name))

    def _stop(self, name: str, configured: Configured | None) -> None:
        if not _exists(name):
            return
        if _ports_of(name):
            own = configured.config.ports if configured is not None else ()
            dissolve(name, Heirs(own=own))
            ifstate.note(self._root, down=[name])
            if configured is not None and configured.manager.name == "ifupdown":
                ifstate.note(self._root, up=configured.config.ports[:1])
        elif configured is not None:
            bring.down(configured.config, configured.manager.name, self._root)
        else:
            bring.down(InterfaceConfig(name), None, self._root)

    # a change of several, and the way back

    def begin(self) -> None:
        """Raises:
        OperationInvalid: a change has begun already."""
        self._changes.begin(up=_names(up=True), present=_names())

    def commit(self) -> None:
        """Raises:
        OperationInvalid: none has begun."""
        self._changes.current("be committed")
        self._changes.end()

    def rollback(self) -> None:
        """Raises:
        OperationInvalid: none has begun."""
        self._go_back(self._changes.current("rollback"))

    def recover(self) -> bool:
        """Take back a change that a reboot ended; says whether there was one."""
        point = self._changes.pending()
        if point is None or point.is_of_this_boot:
            return False
        self._go_back(point)
        return True

    def recover_files(self) -> bool:
        """The same before the network comes up: the old files are what it will come up by."""
        point = self._changes.pending()
        if point is None or point.is_of_this_boot:
            return False
        self._changes.restore(point)
        self._changes.end()
        return True

    def _go_back(self, point: RestorePoint) -> None:
        """What came up goes down by the files that brought it up; what went comes up by the old."""
        before = self._readable()
        self._stop_new(before, point)
        self._changes.restore(point)
        after = self._configuration.all()
        for name in sorted((before.keys() | after.keys()) - {"lo"}):
            self._bring_back(name, before.get(name), after.get(name), was_up=name in point.up)
        self._changes.end()

    def _stop_new(self, before: Mapping[str, Configured], point: RestorePoint) -> None:
        """Bridges that are new first: they give up what then is another's."""
        for name, configured in before.items():
            if _is_bridge_with_ports(configured.config) and name not in point.present:
                self._stop(name, configured)
        for name, configured in before.items():
            if name != "lo" and name not in point.up and _is_up(name):
                self._stop(name, configured)

    def _bring_back(
        self, name: str, before: Configured | None, after: Configured | None, *, was_up: bool
    ) -> None:
        """An interface as it was; one that is so already is not touched."""
        config = after.config if after else InterfaceConfig(name)
        if before is not None and before.config != config:
            by_hand.without(config, before.config)
        elif _is_up(name) == was_up:
            return
        if was_up and after is not None:
            self._start(after)
        elif _is_up(name) and not was_up:
            self._stop(name, after)

    def _readable(self) -> Mapping[str, Configured]:
        """What the files say; nothing if a change has left one unreadable."""
        try:
            return self._configuration.all()
        except HostnetFileError:
            return {}


def _without_stp(bridge: InterfaceConfig) -> InterfaceConfig:
    """A spanning tree comes last: a port that comes to it forwards nothing for four seconds and
    more, one that forwards already goes on (br_make_forwarding, Linux 6.18)."""
    assert isinstance(bridge.details, BridgeConfig)
    return replace(bridge, details=replace(bridge.details, stp=False))


def _is_bridge_with_ports(config: InterfaceConfig) -> bool:
    return config.type is InterfaceType.BRIDGE and bool(config.ports)


def _exists(name: str) -> bool:
    return (_SYSFS / name).exists()


def _ports_of(bridge: str) -> set[str]:
    """The kernel's ports of a bridge; none for anything else."""
    folder = _SYSFS / bridge / "brif"
    return {port.name for port in folder.iterdir()} if folder.is_dir() else set()


def _names(*, up: bool = False) -> set[str]:
    """The interfaces that the kernel has, or of those that are set up."""
    found = (path for path in _SYSFS.iterdir() if (path / "flags").exists())
    return {path.name for path in found if not up or _is_up(path.name)}


def _is_up(name: str) -> bool:
    flags = _SYSFS / name / "flags"
    return flags.exists() and bool(int(flags.read_text(), 16) & _IFF_UP)
