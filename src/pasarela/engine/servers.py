"""Keeping the name servers of served networks in step with the host's resolver.

Each writing command looks; the daemon waits for resolv.conf to change, too.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pasarela.engine import crank
from pasarela.engine.context import Context
from pasarela.engine.files import read_text, write_atomic
from pasarela.engine.resolver import policy_of_running
from pasarela.engine.wanted import wanted_running
from pasarela.errors import PasarelaError
from pasarela.plan.facts import Facts, ResolverPolicy
from pasarela.plan.resources import HostState, TextFile


def refresh_servers(context: Context) -> None:
    """Write the servers files anew if the host's name servers are others than last time."""
    known = read_text(context.paths.resolver)
    if known is None:  # no network has ever been served
        return
    facts = context.machine.basics()
    if known == _text(facts):
        return
    for name in context.store.active_names():
        if policy_of_running(context.paths, name) is ResolverPolicy.SERVED:
            _refresh(context, name, facts)
    write_atomic(context.paths.resolver, _text(facts))


def note_served(context: Context, started: Iterable[HostState]) -> None:
    """Begin to look after the name servers once a network is started that is served."""
    folder = context.paths.dns_servers("x")
    served = any(_is_servers_file(one, folder) for state in started for one in state)
    if served and not context.paths.resolver.exists():
        write_atomic(context.paths.resolver, _text(context.machine.basics()))


def _refresh(context: Context, name: str, facts: Facts) -> None:
    path = context.paths.dns_servers(name)
    try:
        wanted = wanted_running(context, context.store.live(name).network, facts).state
        files = frozenset(one for one in wanted if isinstance(one, TextFile) and one.path == path)
        crank.reach(context.machine, files)
    except PasarelaError as error:
        context.warn((f"network '{name}' keeps its old name servers: {error.message}",))


def _is_servers_file(resource: object, example: Path) -> bool:
    return isinstance(resource, TextFile) and resource.path.suffix == example.suffix


def _text(facts: Facts) -> str:
    return "".join(f"{server}\n" for server in facts.name_servers)
