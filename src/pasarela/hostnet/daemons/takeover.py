"""NetworkManager that runs: it takes over links that have moved already, without a gap.

It is told of the new profiles and to activate them: first on cards that are in their bridge, which
costs no packet, then on what has the addresses. Of a card that leaves its bridge it must know the
new profile before it leaves, for it begins anew with it at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from pasarela.errors import HostnetFileError, PasarelaError, ServiceFailed
from pasarela.hostnet import tree
from pasarela.hostnet.daemons import guard
from pasarela.hostnet.daemons.guard import Guard
from pasarela.hostnet.daemons.networkmanager import RunningNetworkManager
from pasarela.hostnet.daemons.telling import Told, leaving
from pasarela.hostnet.live.state import State
from pasarela.hostnet.manager import FileEdit
from pasarela.hostnet.networkmanager.manager import NetworkManager
from pasarela.hostnet.networkmanager.profiles import Profile, Profiles
from pasarela.hostnet.networkmanager.volatile import (
    PREFIX,
    first_half,
    is_bridge,
    second_half,
)
from pasarela.hostnet.registry import files_of

_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class NetworkManagerTold(Told):
    """A running NetworkManager."""

    @contextmanager
    def moving(self, before: State, wanted: State, notes: list[str]) -> Iterator[None]:
        early = leaving(before, wanted)
        late = [second_half(one) for one in self.volatile] if early else self.volatile
        with _reached(notes) as manager:
            if early:
                tree.write(self.root, [first_half(one) for one in self.volatile])
                _reload(manager, notes)
            with Guard(wanted) as standing_by:
                yield
                tree.write(self.root, [one for one in late if one.before != one.after])
                _reload(manager, notes)
                _hand_over(self.root, manager, standing_by, before, wanted, notes)

    @contextmanager
    def taking_back(self, now: State, before: State, notes: list[str]) -> Iterator[None]:
        with _reached(notes) as manager:
            if leaving(now, before):
                with suppress(PasarelaError):  # the connection comes back, whatever files do
                    self._ports_back()
                _reload(manager, notes)
            with guard.on_the_way_back(now, before) as standing_by:
                try:
                    yield
                finally:
                    self._all_back()
                    _reload(manager, notes)
                    _hand_over(self.root, manager, standing_by, now, before, notes)

    def _ports_back(self) -> None:
        """A bridge's profile stays, but does nothing more, until the bridge has gone."""
        tree.take_back(self.root, [one for one in self.volatile if not is_bridge(one)])
        for end in map(_end_of, self.volatile):
            if tree.is_written(self.root, [replace(end, after=end.before)]):
                tree.write(self.root, [first_half(end)])

    def _all_back(self) -> None:
        """Whatever of it is there: all edits, or the halves of some."""
        halves = [first_half(one) for one in self.volatile]
        ends = [first_half(end) for end in map(_end_of, self.volatile)]
        for end, one in zip(ends, self.volatile, strict=True):
            if end.after is not None and tree.is_written(self.root, [end]):
                tree.write(self.root, [replace(end, before=end.after, after=one.after)])
        tree.take_back(self.root, [*self.volatile, *halves])

    def kept(self, manager: str, links: Sequence[str], notes: list[str]) -> None:
        for twin in self.volatile:
            if twin.path.name.startswith(PREFIX):
                tree.place(self.root, twin.path).unlink(missing_ok=True)
        with _reached(notes) as running:
            _reload(running, notes)


@contextmanager
def _reached(notes: list[str]) -> Iterator[RunningNetworkManager | None]:
    """NetworkManager on the bus; None, and a note, if it is not there."""
    manager = RunningNetworkManager()
    try:
        if manager.is_there():
            yield manager
        else:
            notes.append(
                "NetworkManager could not be told; if it runs, type: nmcli connection reload"
            )
            yield None
    finally:
        manager.close()


def _reload(manager: RunningNetworkManager | None, notes: list[str]) -> None:
    if manager is not None:
        try:
            manager.reload()
        except ServiceFailed as error:
            notes.append(f"NetworkManager could not be told ({error.detail}): nmcli c reload")


def _hand_over(
    root: Path,
    manager: RunningNetworkManager | None,
    standing_by: Guard,
    before: State,
    wanted: State,
    notes: list[str],
) -> None:
    """Have NetworkManager activate what each link is to have from now on."""
    if manager is None:
        return
    changed = _in_order(before, wanted)
    standing_by.wait(lambda: all(map(manager.knows, changed)), _SECONDS, quiet=0)
    for link, profile in _profiles(root, changed, wanted):
        try:
            manager.activate(link, profile.uuid or str(profile.path))
        except ServiceFailed as error:
            notes.append(_left_alone(link, profile.id, error))
    versions = {link: _versions(wanted, link) for link in changed}
    done = standing_by.wait(
        lambda: all(manager.is_done(link, versions[link]) for link in changed), _SECONDS
    )
    if not done:
        notes.append(
            f"NetworkManager has not finished with {' and '.join(changed)} after {_SECONDS:.0f} "
            "seconds; how far it is says: nmcli device"
        )
    standing_by.without_twins()


def _profiles(root: Path, links: Sequence[str], wanted: State) -> Iterator[tuple[str, Profile]]:
    """The profile for each link that has one; to the others NetworkManager gives what it likes."""
    try:
        profiles = Profiles.read(files_of(root, NetworkManager(), generated=True))
    except HostnetFileError:  # NetworkManager does not read it either
        return
    for name in links:
        link = wanted.links[name]
        mac = link.mac.hex(":")
        profile = profiles.bridge(name) or profiles.of(name, mac)
        profile = profile or next(iter(profiles.rivals(name, mac)), None)  # one for any card
        if profile is not None and (profile.controller is None) == (link.master is None):
            yield name, profile


def _versions(wanted: State, link: str) -> set[int]:
    """The IP versions of the addresses that a link is to have, not counting what it makes itself:
    for more NetworkManager would wait half a minute where no router advertises any."""
    return {
        one.interface.version
        for one in wanted.addresses
        if one.link == link and not one.is_link_local
    }


def _left_alone(link: str, profile: str, error: ServiceFailed) -> str:
    return (
        f"NetworkManager leaves {link} as it is until the next boot, and renews no lease there: "
        f"{error.detail}; to have it do so now, type: nmcli connection up {profile} (connections "
        "pause for a moment then)"
    )


def _end_of(edit: FileEdit) -> FileEdit:
    """The edit that ends what this one has made."""
    return replace(edit, before=edit.after, after=None)


def _in_order(before: State, wanted: State) -> list[str]:
    """The links that have changed, ports first: a bridge waits for those."""
    changed = [
        name
        for name, link in wanted.links.items()
        if name not in before.links or before.links[name].master != link.master
    ]
    return sorted(changed, key=lambda name: wanted.links[name].master is None)
