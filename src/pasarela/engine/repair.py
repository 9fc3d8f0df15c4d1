"""After a command that was killed: finishing what it had begun, or taking it back."""

from __future__ import annotations

from pathlib import Path

from pasarela.engine import crank
from pasarela.engine.context import Context
from pasarela.engine.files import remove, temporary, write_atomic
from pasarela.engine.journal import Intent, Operation
from pasarela.engine.lifecycle import finish_stop, union
from pasarela.engine.pending import pending
from pasarela.engine.ports import finish_ports
from pasarela.engine.wanted import wanted_new, wanted_running
from pasarela.errors import PasarelaError
from pasarela.model.status import Status
from pasarela.plan.actions import Remove
from pasarela.plan.facts import Facts
from pasarela.plan.resources import HostState, Key, TextFile
from pasarela.plan.ruleset import FirewallSection


def repair(context: Context) -> None:
    """Finish or take back what killed commands have begun; the caller holds the lock.

    What cannot be repaired yet stays on record, and keeps nobody from what else there is to do.
    """
    for name in pending(context.paths):
        try:
            _repair_one(context, name)
        except PasarelaError as error:
            context.warn((_unrepaired(context, name, error),))
        else:
            context.journal.end(name)
    context.journal.tidy()


def _unrepaired(context: Context, name: str, error: PasarelaError) -> str:
    return (
        f"network '{name}' is half done and not repaired yet: {error.message} "
        f"(the next command tries again; removing {context.journal.path(name)} ends that)"
    )


def _repair_one(context: Context, name: str) -> None:
    intent = context.journal.read(name)
    if intent is not None:
        _REPAIRS[intent.operation](context, intent)


def _repair_start(context: Context, intent: Intent) -> None:
    """Started, if the status document was written; else as if nothing had been."""
    if intent.name in context.store.active_names():
        return
    facts = context.machine.basics()
    wanted = wanted_new(context, _status(intent.after).network, facts).state
    kept = _wanted_by_others(context, facts)
    before = {one for one in intent.overwritten() if one.key not in kept}
    _sweep(context, wanted)
    crank.reach(context.machine, frozenset(before), wanted)
    _drop_firewall(context, wanted)
    for path in intent.documents:
        remove(Path(path))


def _wanted_by_others(context: Context, facts: Facts) -> set[Key]:
    """Keys that running networks want too, such as the kernel's forwarding."""
    states = (
        wanted_running(context, context.store.live(name).network, facts).state
        for name in context.store.active_names()
    )
    return {resource.key for resource in union(states)}


def _repair_stop(context: Context, intent: Intent) -> None:
    before = _status(intent.before)
    wanted = wanted_running(context, before.network).state
    _sweep(context, wanted)
    crank.reach(context.machine, crank.NOTHING, wanted)
    _drop_firewall(context, wanted)
    context.store.remove_live(intent.name)
    finish_stop(context, before)


def _repair_change(context: Context, intent: Intent) -> None:
    """Neither of the two definitions is changed, and the host is as before."""
    if intent.before and intent.after:
        before, after = _status(intent.before), _status(intent.after)
        facts = context.machine.basics()
        wanted = wanted_running(context, before.network, facts).state
        given_up = wanted_running(context, after.network, facts).state
        _sweep(context, crank.merged(wanted, given_up))
        crank.reach(context.machine, crank.merged(intent.overwritten(), wanted), given_up)
    for path, text in intent.documents.items():
        _put_back(Path(path), text)
    context.store.refresh()


def _repair_undefine(context: Context, intent: Intent) -> None:
    for path in intent.documents:
        remove(Path(path), durable=True)
    context.store.refresh()


def _repair_ports(context: Context, intent: Intent) -> None:
    if intent.name in context.store.active_names():
        finish_ports(context, intent.name)


_REPAIRS = {
    Operation.START: _repair_start,
    Operation.STOP: _repair_stop,
    Operation.CHANGE: _repair_change,
    Operation.UNDEFINE: _repair_undefine,
    Operation.PORTS: _repair_ports,
}


def _sweep(context: Context, state: HostState) -> None:
    """End processes that nothing has recorded yet, and remove files that are half written."""
    context.machine.end_strays(state)
    for resource in state:
        if isinstance(resource, TextFile):
            remove(temporary(resource.path))


def _drop_firewall(context: Context, state: HostState) -> None:
    """Remove sections that are gone already, which is how an empty table goes after the last."""
    sections = (one for one in state if isinstance(one, FirewallSection))
    crank.perform(context.machine, tuple(Remove(section) for section in sections))


def _put_back(path: Path, text: str | None) -> None:
    if text is None:
        remove(path, durable=True)
    else:
        write_atomic(path, text, durable=True)


def _status(text: str) -> Status:
    from pasarela.xml.status import parse_status  # noqa: PLC0415  (lxml: 25 ms)

    return parse_status(text)
