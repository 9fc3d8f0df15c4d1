"""systemd-networkd that runs: it reads its files again, and renews leases where they are now.

It begins anew with a link whose .network file is another, and drops addresses for a moment
(networkd 252), so somebody stands by who puts them back (guard.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from socket import if_nametoindex

from pasarela.hostnet import tree
from pasarela.hostnet.daemons import guard, netplan
from pasarela.hostnet.daemons.guard import Guard
from pasarela.hostnet.daemons.telling import Told, leaving
from pasarela.hostnet.live.programs import succeeds
from pasarela.hostnet.live.state import State
from pasarela.hostnet.manager import FileEdit
from pasarela.hostnet.networkd.volatile import PREFIX, RUN, SAME_CLIENT, volatile

_SECONDS = 10.0
_RELOAD = ("networkctl", "reload")
_STATE = Path("/run/systemd/netif")
_DONE = re.compile(r"^ADMIN_STATE=(configured|unmanaged|failed|linger)$", re.MULTILINE)


def volatile_edits(edits: Sequence[FileEdit], source: str | None) -> tuple[FileEdit, ...]:
    """The edits' files below /run, by names that count first, and what outlives them there.

    Args:
        source: the link whose lease its heir is to renew, as the same client.
    """
    twins = tuple(replace(one, after=_kept(one, source)) for one in volatile(edits))
    return (*twins, *same_client(edits, source))


def same_client(edits: Sequence[FileEdit], source: str | None) -> tuple[FileEdit, ...]:
    """Additions below /run, by which it stays the DHCP client that it was until the next boot.

    networkd makes a part of its identity from the link's name. They go with the file that they
    add to.
    """
    iaid = _iaid(source) if source else None
    text = f"[DHCPv4]\nIAID={iaid}\nSendRelease=no\n" if iaid is not None else None
    return tuple(
        FileEdit(
            RUN / f"{one.path.name}.d" / SAME_CLIENT,
            None,
            text if one.after and not _is_port(one.after) else None,
        )
        for one in edits
        if one.path.suffix == ".network"
    )


@dataclass(frozen=True, slots=True)
class NetworkdTold(Told):
    """A running networkd."""

    @contextmanager
    def moving(self, before: State, wanted: State, notes: list[str]) -> Iterator[None]:
        """With a bridge that goes it reads first: a card that it takes for a port would fail."""
        with Guard(wanted) as standing_by:
            early = bool(leaving(before, wanted))
            told = early and self._tell(notes)
            yield
            if told if early else self._tell(notes):
                _settle(standing_by, list(wanted.links))

    def _tell(self, notes: list[str]) -> bool:
        tree.write(self.root, self.volatile)
        self._drop_empty_folders()
        return _told(notes)

    @contextmanager
    def taking_back(self, now: State, before: State, notes: list[str]) -> Iterator[None]:
        """It reads first, for the same reason."""
        with guard.on_the_way_back(now, before) as standing_by:
            try:
                tree.take_back(self.root, self.volatile)
                self._drop_empty_folders()
            finally:
                told = _told(notes)
                try:
                    yield
                finally:
                    if told:
                        _settle(standing_by, list(before.links))

    def _drop_empty_folders(self) -> None:
        for one in self.volatile:
            if one.path.parent.suffix == ".d":
                with suppress(OSError):  # it has other additions, or is gone already
                    tree.place(self.root, one.path).parent.rmdir()

    def kept(self, manager: str, links: Sequence[str], notes: list[str]) -> None:
        with guard.around(links) as standing_by:
            if manager == "netplan" and not netplan.generate(self.root):
                notes.append("netplan could not be told of its new files; type: netplan generate")
                return
            for twin in self.volatile:
                if twin.path.name.startswith(PREFIX):
                    tree.place(self.root, twin.path).unlink(missing_ok=True)
            _reload(standing_by, links, notes)


def _reload(standing_by: Guard, links: Sequence[str], notes: list[str]) -> None:
    if _told(notes):
        _settle(standing_by, links)


def _told(notes: list[str]) -> bool:
    """Whether networkd could be told to read its files again; else what to type."""
    if succeeds(_RELOAD, _SECONDS):
        return True
    notes.append(
        "systemd-networkd runs, and could not be told to read its files again, so nobody renews a "
        f"lease; tell it: {' '.join(_RELOAD)}"
    )
    return False


def _settle(standing_by: Guard, links: Sequence[str]) -> None:
    standing_by.wait(lambda: all(map(_is_done, links)), _SECONDS)


def _is_done(link: str) -> bool:
    """Whether networkd has done all with a link, or has nothing to do with it."""
    try:
        text = (_STATE / "links" / str(if_nametoindex(link))).read_text()
    except OSError:
        return True
    return _DONE.search(text) is not None


def _kept(edit: FileEdit, source: str | None) -> str | None:
    """A .network file after which networkd keeps what is there, and is the client that it was."""
    text = edit.after
    if text is None or PurePosixPath(edit.path).suffix != ".network" or _is_port(text):
        return text
    more = "".join(f"\n{section}\n{line}\n" for section, line in _more(source))
    return text.rstrip("\n") + "\n" + more


def _is_port(text: str) -> bool:
    return "\nBridge=" in text


def _more(source: str | None) -> Iterator[tuple[str, str]]:
    yield "[Network]", "KeepConfiguration=yes"
    iaid = _iaid(source) if source else None
    if iaid is not None:
        yield "[DHCPv4]", f"IAID={iaid}"
    yield "[DHCPv4]", "SendRelease=no"


def _iaid(link: str) -> int | None:
    """Of networkd's identity as a DHCP client the part that it makes from the link's name."""
    try:
        lease = (_STATE / "leases" / str(if_nametoindex(link))).read_text()
    except OSError:
        return None
    found = re.search(r"^CLIENTID=ff([0-9a-f]{8})", lease, re.MULTILINE)
    return int(found[1], 16) if found else None
