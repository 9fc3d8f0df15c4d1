"""Bridges over the host's own NIC: made, changed, shown; or what that would do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pasarela.cli import lookup
from pasarela.cli.faults import CommandFailed, explained
from pasarela.cli.handlers.trial import (
    ask_or_tell,
    door_of,
    notice,
    pending_if_known,
    recover,
    refuse_read_only,
    revert,
    run_then,
)
from pasarela.cli.output import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pasarela.cli.arguments import Arguments
    from pasarela.cli.context import Context
    from pasarela.hostnet.bridge.hostbridge import Outcome, Proposal
    from pasarela.hostnet.manager import Finding

_CHANGES = frozenset({"create", "delete", "add-port", "del-port"})


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
        refuse_read_only(context)
    if action in _CHANGES and not arguments.flag("dry-run"):
        with explained(f"Failed to begin 'host-bridge {action}'"):
            door_of(context).make_way()
    return actions[action](context, arguments)


# making


def create(context: Context, arguments: Arguments) -> bool:
    from pasarela.cli.newbridge import config_of, keeps

    bridge = _named(arguments, "bridge")
    then = _then(bridge, arguments)
    with explained(f"Failed to make bridge {bridge}"):
        if network := arguments.optional("network"):
            lookup.refuse_taken(context.connection, network)
        config = config_of(bridge, arguments)
        proposal = door_of(context).propose_create(
            config, keep=keeps(config), manager=arguments.optional("manager")
        )
        done = _carry_out(context, arguments, proposal, then)
    if done:
        context.say(f"Bridge {bridge} has what {config.ports[0]} had\n")
        ask_or_tell(context, done)
        if done.deadline is None:
            return run_then(context, then)
    return True


def delete(context: Context, arguments: Arguments) -> bool:
    bridge = _named(arguments, "bridge")
    with explained(f"Failed to delete bridge {bridge}"):
        proposal = door_of(context).propose_delete(
            bridge,
            arguments.optional("manager"),
            addresses_to=arguments.optional("addresses-to"),
            force=arguments.flag("force"),
        )
        done = _carry_out(context, arguments, proposal)
    if done:
        heir = proposal.change.target
        context.say(f"Bridge {bridge} is gone" + (f", {heir} has what it had\n" if heir else "\n"))
        ask_or_tell(context, done)
    return True


def add_port(context: Context, arguments: Arguments) -> bool:
    bridge, port = _named(arguments, "bridge"), _port(arguments)
    with explained(f"Failed to put {port} into {bridge}"):
        door = door_of(context)
        proposal = door.propose_add_port(bridge, port, arguments.optional("manager"))
        done = _carry_out(context, arguments, proposal)
    if done:
        context.say(f"{port} is a port of {bridge}\n")
        ask_or_tell(context, done)
    return True


def del_port(context: Context, arguments: Arguments) -> bool:
    bridge, port = _named(arguments, "bridge"), _port(arguments)
    with explained(f"Failed to take {port} out of {bridge}"):
        door = door_of(context)
        proposal = door.propose_remove_port(bridge, port, arguments.optional("manager"))
        done = _carry_out(context, arguments, proposal)
    if done:
        context.say(f"{port} is no port of {bridge} any more\n")
        ask_or_tell(context, done)
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
    outcome = door_of(context).carry_out(proposal, seconds, then)
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
    from pasarela.hostnet.bridge.describe import steps
    from pasarela.hostnet.tree import unified_diff

    context.print("In the kernel:\n\n")
    context.print("".join(f"  {step}\n" for step in steps(proposal.change)) or "  nothing\n")
    if proposal.shares:
        context.print("\nWho gets what:\n\n")
        context.print("".join(f"  {sentence}\n" for sentence in proposal.shares))
    context.print(f"\nManager: {proposal.owner.name} ({proposal.owner.why})\n\n")
    context.print(unified_diff(proposal.edits) or "No file changes.\n")
    _warn(context, proposal, proposal.findings)


def _then(bridge: str, arguments: Arguments) -> tuple[str, ...]:
    """The command that makes a network on the bridge, if one was asked for."""
    network = arguments.optional("network")
    if network is None:
        if arguments.flag("autostart"):
            raise CommandFailed("--autostart is for a network", hint="name it with --network NAME")
        return ()
    more = ("--autostart",) if arguments.flag("autostart") else ()
    return ("net-new", network, "--kind", "bridge", "--bridge", bridge, "--start", *more)


# showing


def show(context: Context, arguments: Arguments) -> bool:
    from dataclasses import asdict

    from pasarela.hostnet.bridge.describe import bridges

    wanted = arguments.optional("bridge")
    found = [one for one in bridges() if wanted in (None, one.name)]
    if wanted and not found:
        raise CommandFailed(f"there is no bridge '{wanted}'", hint="host-bridge show lists them")
    pending = pending_if_known(context)
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
