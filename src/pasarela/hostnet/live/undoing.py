"""The way back to how some links were, as far as there is one.

It starts from whatever is there, so it may be begun after any step of a change, and again. What the
kernel refuses keeps nothing else from coming back: each refusal is noted, and all the rest is done.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pasarela.errors import PasarelaError
from pasarela.host.netlink.socket import NetlinkSocket
from pasarela.hostnet.live import resolved
from pasarela.hostnet.live.carry import carry_out, open_socket
from pasarela.hostnet.live.dhcp import clients
from pasarela.hostnet.live.dump import now
from pasarela.hostnet.live.snapshot import RUN, Snapshot, leased_address
from pasarela.hostnet.live.state import State, aged


def undo(before: Snapshot) -> tuple[str, ...]:
    """Have everything as it was, with lifetimes that ran on meanwhile.

    Returns:
        What could not be taken back, and why.
    """
    RUN.mkdir(parents=True, exist_ok=True)
    left: list[PasarelaError] = []
    watched = before.dump.watched
    strangers = [name for name in watched if name not in {one.link for one in before.clients}]
    with _noting(left):
        clients.clear(before.clients, strangers)
    with _noting(left), open_socket() as socket:
        _carry_back(socket, before, left)
    _restart_clients(before, left)
    with _noting(left):
        resolved.restore(before.dns, watched)
    return tuple(dict.fromkeys(error.detail for error in left))


def _carry_back(socket: NetlinkSocket, before: Snapshot, left: list[PasarelaError]) -> None:
    """Twice, if need be: a client that ended meanwhile may have taken something along."""
    refusals: list[PasarelaError] = []
    carry_out(socket, before.dump.watched, _as_it_was(before), refused=refusals.append)
    if refusals:
        carry_out(socket, before.dump.watched, _as_it_was(before), refused=left.append)


def _as_it_was(before: Snapshot) -> State:
    return aged(before.state, now() - before.dump.taken)


def _restart_clients(before: Snapshot, left: list[PasarelaError]) -> None:
    """One by one: where one would not start, the others still do."""
    known = leased_address(before.state, before.dump.watched)
    for client in before.clients:
        with _noting(left):
            clients.restore([client], (), RUN, known)


@contextmanager
def _noting(left: list[PasarelaError]) -> Iterator[None]:
    try:
        yield
    except PasarelaError as error:
        left.append(error)
