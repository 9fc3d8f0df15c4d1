"""Bridges over the host's own NIC: made, shown, changed, tried, kept or taken back."""

from __future__ import annotations

import os
import select
import sys
import termios
from pathlib import Path
from typing import TYPE_CHECKING

from pasarela.cli.faults import CommandFailed, explained
from pasarela.cli.output import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pasarela.cli.arguments import Arguments
    from pasarela.cli.context import Context
    from pasarela.hostnet.hostbridge import HostBridge, Outcome, Proposal
    from pasarela.hostnet.manager import Finding
    from pasarela.hostnet.pending import Pending

_CHANGES = frozenset({"create", "delete", "add-port", "del-port"})
_TAKING_BACK = 30.0  # seconds that the watchdog may need for it, with all its attempts


def host_bridge(context: Context, arguments: Arguments) -> bool:
    actions: dict[str, Callable[[Context, Arguments], bool]] = {
        "create": create,
        "show": show,
        "delete": delete,
        "add-port": add_port,
        "del-port": del_port,
        "revert": revert,
        "recover": recover,
    }
    action = arguments.text("action")
    if action not in actions:
        raise CommandFailed(f"no such action: '{action}'", hint=f"one of {', '.join(actions)}")
    if context.json and action != "show":
        raise CommandFailed(f"'host-bridge {action}' has no JSON output")
    if action != "show" and not arguments.flag("dry-run"):
        _refuse_read_only(context)
    if action in _CHANGES and not arguments.flag("dry-run"):
        with explained(f"Failed to begin 'host-bridge {action}'"):
            _door(context).make_way()
    return actions[action](context, arguments)


# making


def create(context: Context, arguments: Arguments) -> bool:
    from pasarela.cli.newbridge import config_of, keeps

    bridge = _named(arguments, "bridge")
    with explained(f"Failed to make bridge {bridge}"):
        config = config_of(bridge, arguments)
        proposal = _door(context).propose_create(
            config, keep=keeps(config), manager=arguments.optional("manager")
        )
        done = _carry_out(context, arguments, proposal, _then(bridge, arguments))
    if done:
        context.say(f"Bridge {bridge} has what {config.ports[0]} had\n")
        _ask_or_tell(context, done)
        if done.deadline is None:
            _run_then(context, _then(bridge, arguments))
    return True


def delete(context: Context, arguments: Arguments) -> bool:
    bridge = _named(arguments, "bridge")
    with explained(f"Failed to delete bridge {bridge}"):
        proposal = _door(context).propose_delete(
            bridge,
            arguments.optional("manager"),
            addresses_to=arguments.optional("addresses-to"),
            force=arguments.flag("force"),
        )
        done = _carry_out(context, arguments, proposal)
    if done:
        heir = proposal.change.target
        context.say(f"Bridge {bridge} is gone" + (f", {heir} has what it had\n" if heir else "\n"))
        _ask_or_tell(context, done)
    return True


def add_port(context: Context, arguments: Arguments) -> bool:
    bridge, port = _named(arguments, "bridge"), _port(arguments)
    with explained(f"Failed to put {port} into {bridge}"):
        door = _door(context)
        proposal = door.propose_add_port(bridge, port, arguments.optional("manager"))
        done = _carry_out(context, arguments, proposal)
    if done:
        context.say(f"{port} is a port of {bridge}\n")
        _ask_or_tell(context, done)
    return True


def del_port(context: Context, arguments: Arguments) -> bool:
    bridge, port = _named(arguments, "bridge"), _port(arguments)
    with explained(f"Failed to take {port} out of {bridge}"):
        door = _door(context)
        proposal = door.propose_remove_port(bridge, port, arguments.optional("manager"))
        done = _carry_out(context, arguments, proposal)
    if done:
        context.say(f"{port} is no port of {bridge} any more\n")
        _ask_or_tell(context, done)
    return True


def _carry_out(
    context: Context, arguments: Arguments, proposal: Proposal, then: tuple[str, ...] = ()
) -> Outcome | None:
    """Do it, or with --dry-run only say so."""
    if arguments.flag("dry-run"):
        _print_proposal(context, proposal)
        return None
    seconds = arguments.seconds("try")
    _warn(context, proposal, [one for one in proposal.findings if not one.is_error])
    outcome = _door(context).carry_out(proposal, seconds, then)
    for warning in outcome.warnings:
        context.warn(warning)
    for sentence in proposal.shares:
        context.say(f"{sentence}\n")
    return outcome


def _warn(context: Context, proposal: Proposal, findings: Iterable[Finding]) -> None:
    for warning in proposal.warnings:
        context.warn(warning)
    for one in findings:
        context.warn(printable(f"{one.path}:{one.line}: {one.message}: {one.remedy}"))


def _print_proposal(context: Context, proposal: Proposal) -> None:
    from pasarela.hostnet.describe import steps
    from pasarela.hostnet.tree import unified_diff

    context.print("In the kernel:\n\n")
    context.print("".join(f"  {step}\n" for step in steps(proposal.change)) or "  nothing\n")
    if proposal.shares:
        context.print("\nWho gets what:\n\n")
        context.print("".join(f"  {sentence}\n" for sentence in proposal.shares))
    context.print(f"\nManager: {proposal.owner.name} ({proposal.owner.why})\n\n")
    context.print(unified_diff(proposal.edits) or "No file changes.\n")
    _warn(context, proposal, proposal.findings)


# on trial


def confirm(context: Context, _: Arguments | None) -> bool:
    """Keep the change that is on trial."""
    _refuse_read_only(context)
    with explained("Failed to confirm"):
        pending = _door(context).confirm()
    for note in pending.notes:
        context.warn(note)
    context.say(f"Kept: {pending.what}\n")
    _run_then(context, pending.then)
    return True


def revert(context: Context, arguments: Arguments) -> bool:
    with explained("Failed to take the change back"):
        done = _door(context).revert(force=arguments.flag("force"))
    if done is None:
        context.say("The note of the change is gone, and nothing else was touched\n")
        return True
    for path in done.strange:
        context.warn(f"{path} was changed meanwhile by somebody else, and stays as it is")
    for one in done.left:
        context.warn(f"left as it is: {one}")
    for note in done.notes:
        context.warn(note)
    context.say(f"Taken back{' as far as can be' if done.left else ''}: {done.pending.what}\n")
    return True


def recover(context: Context, arguments: Arguments) -> bool:
    """What the boot's unit gives before the network comes up."""
    with explained("Failed to put right what was cut short"):
        found = _door(context).recover(boot=arguments.flag("boot"))
    for one in found.done:
        context.say(f"{one[0].upper()}{one[1:]}\n")
    if not found.done and not found.failed:
        context.say("Nothing was cut short\n")
    for error in found.failed:
        context.warn(f"{error.message}{f': {error.remedy}' if error.remedy else ''}")
    return not found.failed


def _ask_or_tell(context: Context, done: Outcome) -> None:
    """On a terminal that is alive somebody can say yes; elsewhere the command says how."""
    if done.deadline is None:
        return
    from pasarela.hostnet.live.dump import now

    left = max(0, round(done.deadline - now()))
    context.say(f"It is taken back in {left} s, unless 'pasarela confirm' comes before\n")
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return
    pending = _pending_if_known(context)
    if pending is None:
        return
    termios.tcflush(sys.stdin, termios.TCIFLUSH)  # what came before the question is no answer
    context.print("Keep this? Press Enter ")
    context.flush()
    if _answered(pending.watchdog, done.deadline - now()):
        confirm(context, None)
    elif _pending_if_known(context) is not None:
        context.print("\nStill on trial.\n")
    elif now() < done.deadline:
        context.print("\nSettled meanwhile: pasarela host-bridge show says how it is.\n")
    else:
        context.print("\nTaken back.\n")


def _answered(watchdog: int, seconds: float) -> bool:
    """Whether Enter comes before all is settled, by another terminal or by the watchdog.

    The end of the terminal is no answer.
    """
    try:
        settled = os.pidfd_open(watchdog)
    except ProcessLookupError:
        return False
    try:
        patience = max(0.0, seconds) + _TAKING_BACK
        ready, _, _ = select.select([sys.stdin, settled], [], [], patience)
    finally:
        os.close(settled)
    return sys.stdin in ready and os.read(sys.stdin.fileno(), 1024).endswith(b"\n")


def _then(bridge: str, arguments: Arguments) -> tuple[str, ...]:
    """The command that makes a network on the bridge, if one was asked for."""
    network = arguments.optional("network")
    if network is None:
        if arguments.flag("autostart"):
            raise CommandFailed("--autostart is for a network", hint="name it with --network NAME")
        return ()
    more = ("--autostart",) if arguments.flag("autostart") else ()
    return ("net-new", network, "--kind", "bridge", "--bridge", bridge, "--start", *more)


def _run_then(context: Context, words: tuple[str, ...]) -> None:
    from pasarela.cli.main import run_words

    if words:
        context.flush()
        run_words(context, words)


# showing


def show(context: Context, arguments: Arguments) -> bool:
    from dataclasses import asdict

    from pasarela.hostnet.describe import bridges

    wanted = arguments.optional("bridge")
    found = [one for one in bridges() if wanted in (None, one.name)]
    if wanted and not found:
        raise CommandFailed(f"there is no bridge '{wanted}'", hint="host-bridge show lists them")
    pending = _pending_if_known(context)
    if context.json:
        what = None if pending is None else {"what": pending.what, "phase": pending.phase.value}
        context.json_out({"bridges": [asdict(one) for one in found], "pending": what})
        return True
    for one in found:
        context.print(f"{one.name}: MAC {one.mac}, MTU {one.mtu}, {'up' if one.up else 'down'}")
        context.print(f", STP {'on' if one.stp else 'off'}\n")
        for port, mac in one.ports:
            context.print(f"  port {port}, MAC {mac}\n")
        for address, valid in one.addresses:
            context.print(f"  address {address}{'' if valid is None else f', for {valid} s'}\n")
        for gateway in one.gateways:
            context.print(f"  default route via {gateway}\n")
    if not found:
        context.say("There is no bridge on this host\n")
    if pending is not None and pending.is_watched:
        context.warn(notice(pending))
    return True


def tell_if_unwatched(context: Context) -> None:
    """Warn of a change that nobody watches over, unless 'show' has done so."""
    from pasarela.errors import HostnetRefused, SystemCallFailed

    try:
        pending = _door(context).pending()
    except SystemCallFailed:
        return  # root alone may know
    except HostnetRefused as trouble:
        context.warn(f"{trouble.message}: {trouble.remedy}")
        return
    if pending is not None and not pending.is_watched:
        context.warn(notice(pending))


def _pending_if_known(context: Context) -> Pending | None:
    """What is pending, for root; nothing where the note of it cannot be read."""
    from pasarela.errors import PasarelaError

    try:
        return _door(context).pending()
    except PasarelaError:
        return None


def notice(pending: Pending) -> str:
    """That something is not settled yet, and what to type."""
    from pasarela.hostnet.live.dump import now

    way = "'pasarela confirm' keeps it, 'pasarela host-bridge revert' takes it back"
    if pending.is_out_of_time or pending.phase.value == "moving":
        way = "'pasarela host-bridge revert' takes it back, and so does the next change"
    if not pending.is_watched:
        return f"{pending.what} was begun and never settled, and nobody watches over it: {way}"
    if pending.deadline is None:
        return f"{pending.what} is being done"
    left = round(pending.deadline - now())
    if left < 0:
        return f"{pending.what} should have been taken back {-left} s ago: {way}"
    return f"{pending.what} is on trial for another {left} s: {way}"


def _refuse_read_only(context: Context) -> None:
    if context.settings.readonly:
        raise CommandFailed("read only access prevents changes of the host", hint="leave -r out")


def _door(context: Context) -> HostBridge:
    from pasarela.cli.door import root_of
    from pasarela.hostnet.hostbridge import HostBridge

    return HostBridge(Path(root_of(context.settings)).absolute())


def _named(arguments: Arguments, name: str) -> str:
    value = arguments.optional(name)
    if value is None:
        raise CommandFailed(
            f"which bridge? 'host-bridge {arguments.text('action')}' needs its name",
            hint=f"as in: pasarela host-bridge {arguments.text('action')} br0",
        )
    return value


def _port(arguments: Arguments) -> str:
    ports = arguments.rest("port")
    if len(ports) != 1:
        raise CommandFailed("which port? Name one", hint="as in: --port enp4s0")
    return ports[0]
