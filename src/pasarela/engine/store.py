"""The networks on disk, in libvirt's places: definitions, autostart links, live states.

A network is active if it has a status document, persistent if it has a definition, and is
started at boot if it has an autostart link. There is no other record of these three.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar
from uuid import UUID

from pasarela.engine.files import (
    make_folder,
    read_text,
    remove,
    sync_folder,
    system_errors,
    write_atomic,
)
from pasarela.engine.header import Header
from pasarela.engine.index import (
    HeadersFolder,
    NamesFolder,
    Signature,
    signature_of,
)
from pasarela.engine.lazy import LazyModule
from pasarela.errors import InternalError, Location, OperationInvalid, PasarelaError
from pasarela.model.handles import NetworkRef
from pasarela.model.paths import Paths

if TYPE_CHECKING:
    from pasarela.engine import document
    from pasarela.model.network import Network
    from pasarela.model.status import Status
else:
    document = LazyModule("pasarela.engine.document")

T = TypeVar("T")


class Entry(NamedTuple):
    """A network that is there: which of its documents are, and what their heads say."""

    name: str
    uuid: UUID
    persistent: bool
    active: bool
    autostart: bool

    @property
    def ref(self) -> NetworkRef:
        return NetworkRef(self.name, self.uuid)


def require_active(entry: Entry) -> None:
    """Raises:
    OperationInvalid: the network is not running."""
    if not entry.active:
        from shlex import quote  # noqa: PLC0415  (only errors need it)

        raise OperationInvalid(
            f"network '{entry.name}' is not active",
            remedy=f"start it first: pasarela net-start {quote(entry.name)}",
        )


class Store:
    """Reads and writes the documents; whoever writes holds the lock (engine/lock.py)."""

    def __init__(self, paths: Paths) -> None:
        self.paths = paths
        self._config = HeadersFolder(self.paths.config)
        self._state = HeadersFolder(self.paths.state)
        self._guarded_among: Mapping[str, Header] = {}
        self._guarded: frozenset[str] = frozenset()
        self._autostart = NamesFolder(self.paths.autostart_link("").parent)
        self._definitions: dict[str, tuple[Signature, Network]] = {}
        self._lives: dict[str, tuple[Signature, Status]] = {}
        self._owned = False

    # what there is

    def names(self) -> list[str]:
        return sorted(self._config.headers().keys() | self._state.headers().keys())

    def active_names(self) -> list[str]:
        return sorted(self._state.headers())

    def active_view(self) -> Mapping[str, object]:
        """Keyed by name: the very same object as long as no network starts, stops or changes."""
        return self._state.headers()

    def entries(self) -> Iterator[Entry]:
        config, state, autostart = (
            self._config.headers(),
            self._state.headers(),
            self._autostart.names(),
        )
        bad = self._config.unreadable()
        for name in sorted(config.keys() | state.keys()):
            defined = name in config or name in bad
            entry = _entry(name, config.get(name), state.get(name), defined, name in autostart)
            if entry is not None:
                yield entry

    def views(self) -> tuple[object, ...]:
        """What entries are made from: the very same objects as long as none has changed."""
        return self._config.headers(), self._state.headers(), self._autostart.names()

    def by_name(self, name: str) -> Entry | None:
        config, state = self._config.headers().get(name), self._state.headers().get(name)
        if config is None and state is None:
            return None
        marked = name in self._autostart.names()
        return _entry(name, config, state, self.has_definition(name), marked)

    def by_uuid(self, uuid: UUID) -> Entry | None:
        for folder in (self._state, self._config):
            names = folder.with_uuid(uuid)
            if names:
                return self.by_name(min(names))
        return None

    def bridges(self, except_name: str) -> set[str]:
        """The bridges that any other network's documents name."""
        return {
            header.bridge
            for headers in (self._config.headers(), self._state.headers())
            for name, header in headers.items()
            if header.bridge and name != except_name
        }

    def has_bridge(self, bridge: str, except_name: str) -> bool:
        """Whether any other network's documents name a bridge."""
        named = self._config.with_bridge(bridge) | self._state.with_bridge(bridge)
        return not named <= {except_name}

    def active_on(self, bridge: str, except_name: str) -> str | None:
        """The other active network whose own bridge this is."""
        headers = self._state.headers()
        for name in sorted(self._state.with_bridge(bridge) - {except_name}):
            if headers[name].has_own_bridge:
                return name
        return None

    def guarded_bridges(self) -> frozenset[str]:
        """The bridges of active networks of the kinds that the firewall knows."""
        headers = self._state.headers()
        if headers is not self._guarded_among:  # another mapping after each change
            self._guarded_among = headers
            guarded = (one.bridge for one in headers.values() if one.is_guarded)
            self._guarded = frozenset(bridge for bridge in guarded if bridge)
        return self._guarded

    def own_bridge(self, name: str) -> str | None:
        """The bridge that a definition's network makes for itself, if it does."""
        header = self._config.headers().get(name)
        return header.bridge if header is not None and header.has_own_bridge else None

    def incomplete_names(self) -> list[str]:
        """Definitions without a UUID or a MAC, put there by hand."""
        return sorted(self._config.incomplete())

    def has_definition(self, name: str) -> bool:
        """Whether there is a file of that name for a definition, readable or not."""
        return name in self._config.headers() or name in self._config.unreadable()

    def unreadable(self, name: str) -> str | None:
        """Which file should define the network and cannot be read, and why; None if all is well."""
        problem = self._config.unreadable().get(name)
        if problem is not None:
            return f"{self.paths.definition(name)}: {problem}"
        if name in self.incomplete_names():
            try:
                self.definition(name)
            except PasarelaError as error:
                return f"{error.location or self.paths.definition(name)}: {error.message}"
        return None

    def problems(self) -> list[str]:
        """Why files were left out; current as of the last look."""
        return [*self._config.problems(), *self._state.problems()]

    # documents

    def definition(self, name: str) -> Network:
        """The persistent definition.

        Raises:
            PasarelaError: it does not make sense; the location names the file.
        """
        path = self.paths.definition(name)
        signature = signature_of(path)
        known = self._definitions.get(name)
        if known is not None and known[0] == signature:
            return known[1]
        network = _parse_definition(path, name)
        if signature is not None:
            self._definitions[name] = signature, network
        return network

    def live(self, name: str) -> Status:
        """The live definition, and what else belongs to a running network."""
        path = self.paths.status(name)
        signature = signature_of(path)
        known = self._lives.get(name)
        if known is not None and known[0] == signature:
            return known[1]
        status = _parse_live(path)
        if signature is not None:
            self._lives[name] = signature, status
        return status

    def save_definition(self, network: Network) -> None:
        """Write a definition; it is on the disk when this returns."""
        path = self.paths.definition(network.name)
        text = document.definition_text(network)
        write_atomic(path, text, folder_mode=0o700, durable=True)
        self._config.note(network.name, _header(network))
        _keep(self._definitions, network.name, path, network)

    def remove_definition(self, name: str) -> None:
        remove(self.paths.definition(name), durable=True)
        self._config.note(name, None)
        self._definitions.pop(name, None)

    def set_autostart(self, name: str, enabled: bool) -> None:
        link = self.paths.autostart_link(name)
        if enabled:
            make_folder(link.parent, 0o755)
            with system_errors(f"Failed to create symlink '{link}' to '{self._target(name)}'"):
                link.unlink(missing_ok=True)
                link.symlink_to(self._target(name))
                sync_folder(link.parent)
        else:
            remove(link, durable=True)
        self._autostart.note(name, enabled)

    def save_live(self, status: Status, text: str | None = None) -> None:
        """Write a live definition; ``text`` is its document, where that has been made already."""
        path = self.paths.status(status.network.name)
        write_atomic(path, document.status_text(status) if text is None else text)
        self._state.note(status.network.name, _header(status.network))
        _keep(self._lives, status.network.name, path, status)

    def remove_live(self, name: str) -> None:
        remove(self.paths.status(name))
        self._state.note(name, None)
        self._lives.pop(name, None)

    # keeping in step with other processes

    def own(self) -> None:
        """Nobody else writes from now on: what has been read once is not looked at again."""
        self.hold(True)
        self._owned = True

    def hold(self, steady: bool) -> None:
        """Nobody else writes while we hold the lock: one look at each folder is enough."""
        if not self._owned:
            for folder in self._folders():
                folder.hold(steady)

    def refresh(self) -> None:
        """Another process has written since: look at every folder anew."""
        for folder in self._folders():
            folder.doubt()

    def _folders(self) -> tuple[HeadersFolder | NamesFolder, ...]:
        return self._config, self._state, self._autostart

    def tidy(self) -> None:
        """Remove the half-written files of killed commands; only under the lock."""
        for folder in (self._config, self._state):
            folder.headers()
            while folder.temporaries:
                remove(folder.temporaries.pop())

    def _target(self, name: str) -> Path:
        """What the autostart link points to: the definition, by its absolute path."""
        return self.paths.definition(name).absolute()


def _entry(
    name: str, config: Header | None, state: Header | None, persistent: bool, autostart: bool
) -> Entry | None:
    uuid = (state and state.uuid) or (config and config.uuid)
    if not uuid:
        return None
    return Entry(name, uuid, persistent, state is not None, autostart and persistent)


def _header(network: Network) -> Header:
    return Header(
        network.name,
        network.uuid,
        network.bridge.name,
        network.mac is not None,
        network.forward.mode.value,
    )


def _keep(cache: dict[str, tuple[Signature, T]], name: str, path: Path, value: T) -> None:
    signature = signature_of(path)
    if signature is not None:
        cache[name] = signature, value


def _parse_definition(path: Path, name: str) -> Network:
    from pasarela.xml.network import parse_network  # noqa: PLC0415  (lxml: 25 ms)

    try:
        network = parse_network(_text(path), source=str(path))
    except PasarelaError as error:
        error.remedy = error.remedy or f"correct {path}, or remove it"
        raise
    if network.name != name:
        raise InternalError(
            f"the file's name does not match the network's name '{network.name}'",
            location=Location(file=str(path), element="name"),
            remedy=f"write <name>{name}</name>, or give the file the network's name",
        )
    return network


def _parse_live(path: Path) -> Status:
    from pasarela.xml.status import parse_status  # noqa: PLC0415

    try:
        return parse_status(_text(path))
    except PasarelaError as error:
        if error.location is None:
            error.location = Location(file=str(path))
        raise


def _text(path: Path) -> str:
    text = read_text(path)
    if text is None:
        raise InternalError(f"{path} has gone while it was being read")
    return text
