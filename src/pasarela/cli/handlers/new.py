"""The commands that virsh lacks: new networks in one line, boot and repair."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from pasarela.cli import lookup
from pasarela.cli.door import root_of
from pasarela.cli.faults import CommandFailed, explained, unplaced
from pasarela.cli.local import engine_of
from pasarela.cli.newnet.alone import alone
from pasarela.cli.run import report
from pasarela.model.handles import NetworkFilter

if TYPE_CHECKING:
    from pasarela.cli.arguments import Arguments
    from pasarela.cli.context import Context
    from pasarela.cli.newnet.request import Request, Surroundings
    from pasarela.engine.dryrun import StartPlan
    from pasarela.engine.engine import Engine
    from pasarela.model.handles import NetworkRef
    from pasarela.model.network import Network

DEFAULT = "default"


def net_new(context: Context, arguments: Arguments) -> bool:
    name = arguments.text("name")
    with explained(f"Failed to make network {name}"):
        engine = engine_of(context)
        if arguments.flag("dry-run"):
            lookup.refuse_taken(engine, name)
            return _show_plan(context, _definition(context, arguments))
        with alone(root_of(context.settings)):
            lookup.refuse_taken(engine, name)
            network = _define(context, arguments, _definition(context, arguments))
        return _finish(context, arguments, network)


def net_default(context: Context, arguments: Arguments) -> bool:
    from pasarela.cli.newnet.default import default_network

    with explained(f"Failed to make network {DEFAULT}"):
        engine = engine_of(context)
        existing = lookup.existing(engine, DEFAULT)
        if existing is not None:
            context.say(f"Network {DEFAULT} exists already\n")
            _start_and_mark(context, arguments, existing)
            _report_json(context, existing)
            return True
        if arguments.flag("dry-run"):
            return _show_plan(context, default_network(_surroundings(engine)))
        with alone(root_of(context.settings)):
            network = _define(context, arguments, default_network(_surroundings(engine)))
        return _finish(context, arguments, network)


def net_boot(context: Context, _: Arguments) -> bool:
    failures = engine_of(context).autostart_all()
    active = sorted(n.name for n in context.connection.list_networks(NetworkFilter.ACTIVE))
    if context.json:
        failed = [{"name": one.name, "error": one.error.message} for one in failures]
        context.json_out({"active": active, "failed": failed})
    else:
        context.say("".join(f"Network {name} is active\n" for name in active))
    for failure in failures:
        context.complain(f"Failed to start network {failure.name}")
        report(context, failure.error)
    return not failures


def net_repair(context: Context, _: Arguments) -> bool:
    found = engine_of(context).reconcile()
    if context.json:
        context.json_out({"repaired": list(found)})
    else:
        context.say("".join(f"{line}\n" for line in found) or "Nothing to repair\n")
    return True


# making one


def _definition(context: Context, arguments: Arguments) -> Network:
    from pasarela.cli.newnet.likeness import network_like
    from pasarela.cli.newnet.recipe import new_network
    from pasarela.xml.network import parse_network

    arguments.exclude("like", "kind")
    request = _request(arguments)
    around = _surroundings(engine_of(context))
    if arguments.optional("kind") == "bridge":
        around = replace(around, bridges=_bridges(engine_of(context)))
    if not arguments.flag("like"):
        return _with_host_access(new_network(request, around), request, around)
    model = lookup.network(context, arguments, "like")
    definition = parse_network(context.connection.xml_desc(model, inactive=True))
    _note_reservations(context, definition)
    return network_like(_without_host_access(context, definition), request, around)


def _with_host_access(network: Network, request: Request, around: Surroundings) -> Network:
    from pasarela.cli.newnet.host_access import host_access_of

    access = host_access_of(network, request, around)
    if access is None:
        return network
    from pasarela.model.host_access import KEY, NAMESPACE
    from pasarela.xml.metadata import set_element

    return set_element(network, access.element(), KEY, NAMESPACE)


def _without_host_access(context: Context, model: Network) -> Network:
    """A macvlan and its address can be one network's alone."""
    from pasarela.model.host_access import KEY, NAMESPACE

    if NAMESPACE not in (model.metadata or ""):
        return model
    from pasarela.xml.metadata import set_element

    context.warn(f"the host's own address beside the guests of '{model.name}' is left out")
    return set_element(model, None, KEY, NAMESPACE)


def _note_reservations(context: Context, model: Network) -> None:
    count = sum(len(ip.hosts) for ip in model.ips)
    if count:
        context.warn(
            f"the {count} DHCP reservation(s) of '{model.name}' are left out: they are for its "
            "own guests"
        )


def _request(arguments: Arguments) -> Request:
    from pasarela.cli.newnet.request import (
        Kind,
        Request,
        parse_dhcp,
        parse_guests,
        parse_host_access,
        parse_kind,
        parse_link,
        parse_subnets,
    )

    kind, subnets = arguments.optional("kind"), arguments.optional("subnet")
    dhcp, dhcp_off = parse_dhcp(arguments.optional("dhcp"))
    host_access, host_access_dhcp = parse_host_access(arguments.rest("host-access"))
    return Request(
        name=arguments.text("name"),
        kind=parse_kind(kind) if kind else Kind.NAT,
        subnets=parse_subnets(subnets) if subnets else (),
        bridge=parse_link("--bridge", arguments.optional("bridge")),
        dev=parse_link("--dev", arguments.optional("dev")),
        dhcp=dhcp,
        dhcp_off=dhcp_off,
        domain=arguments.optional("dns-domain"),
        host_access=host_access,
        host_access_dhcp=host_access_dhcp,
        host_access_guests=parse_guests(arguments.rest("host-access-guests")),
    )


def _surroundings(engine: Engine) -> Surroundings:
    from pasarela.cli.newnet.request import Surroundings

    return Surroundings(engine.facts(), _all_definitions(engine), os.urandom)


def _bridges(engine: Engine) -> tuple[str, ...]:
    return tuple(
        interface.name
        for interface in engine.list_interfaces()
        if engine.interface_xml_desc(interface).startswith("<interface type='bridge'")
    )


def _all_definitions(engine: Engine) -> tuple[Network, ...]:
    """Every network's definition, and the running one where there is one."""
    from pasarela.xml.network import parse_network

    documents = [
        engine.xml_desc(network, inactive=inactive)
        for network in engine.list_networks()
        for inactive in (False, True)
    ]
    return tuple(parse_network(xml) for xml in dict.fromkeys(documents))


def _show_plan(context: Context, definition: Network) -> bool:
    from pasarela.xml.network import format_network

    with unplaced():
        plan = engine_of(context).plan_start(format_network(definition))
    _print_plan(context, plan)
    return True


def _define(context: Context, arguments: Arguments, definition: Network) -> NetworkRef:
    from pasarela.xml.network import format_network

    xml = format_network(definition)
    with unplaced():
        if not arguments.flag("start"):  # which finds the same
            _look_ahead(context, xml)
        network = context.connection.define_xml(xml)
    context.say(f"Network {network.name} defined: {_summary(definition)}\n")
    _note_deafness(context, definition)
    _note_public(context, definition)
    return network


def _finish(context: Context, arguments: Arguments, network: NetworkRef) -> bool:
    """What else was asked for; without all of it, nothing stays."""
    try:
        _start_and_mark(context, arguments, network)
    except CommandFailed:
        context.connection.undefine(network)
        context.say(f"Network {network.name} has been undefined\n")
        raise
    _report_json(context, network)
    return True


def _look_ahead(context: Context, xml: str) -> None:
    """Refuse now what could not be started later, and tell what a start would warn of."""
    for warning in engine_of(context).plan_start(xml).warnings:
        context.warn(warning)


def _note_deafness(context: Context, network: Network) -> None:
    from pasarela.model.host_access import host_access

    dev = network.forward.dev
    if network.forward.mode.value == "bridge" and dev and host_access(network) is None:
        context.warn(
            f"guests on {dev} itself and this host cannot reach each other (macvtap); "
            "--host-access gives the host an address that they can"
        )


def _note_public(context: Context, network: Network) -> None:
    """192.186.1.0/24 is a slip that only shows when a site on the internet cannot be reached."""
    if network.forward.mode.value not in ("nat", "none"):
        return
    for ip in network.ips:
        if ip.network.version == 4 and ip.network.is_global:
            context.warn(
                f"{ip.network} is somebody's on the internet, whom this host no longer reaches "
                "while the network runs; private subnets are in 10.0.0.0/8, 172.16.0.0/12 and "
                "192.168.0.0/16"
            )


def _start_and_mark(context: Context, arguments: Arguments, network: NetworkRef) -> None:
    connection, name = context.connection, network.name
    if arguments.flag("start") and not connection.is_active(network):
        with explained(f"Failed to start network {name}"):
            connection.start(network)
        context.say(f"Network {name} started\n")
    if arguments.flag("autostart"):
        with explained(f"failed to mark network {name} as autostarted"):
            connection.set_autostart(network, True)
        context.say(f"Network {name} marked as autostarted\n")


def _summary(network: Network) -> str:
    """What was chosen, in a line."""
    from pasarela.model.host_access import host_access

    parts = [str(ip.network) for ip in network.ips]
    if network.bridge.name:
        parts.append(f"bridge {network.bridge.name}")
    if network.forward.dev:
        parts.append(f"interface {network.forward.dev}")
    access = host_access(network)
    if access is not None:
        there = [str(one.ip) for one in access.addresses]
        there += ["addresses that the LAN gives"] if access.asked else []
        parts.append(f"the host at {' and '.join(there)}")
    return ", ".join(parts)


def _report_json(context: Context, network: NetworkRef) -> None:
    if context.json:
        from pasarela.cli.handlers.networks import facts_of

        xml = context.connection.xml_desc(network, inactive=True)
        context.json_out({**facts_of(context, network), "xml": xml})


def _print_plan(context: Context, plan: StartPlan) -> None:
    if context.json:
        context.json_out(
            {
                "xml": plan.xml,
                "steps": plan.steps(),
                "firewall": plan.firewall,
                "files": plan.files,
                "warnings": list(plan.warnings),
            }
        )
        return
    context.print(plan.xml)
    context.print("\nStarting it would do this:\n\n")
    context.print("".join(f"  {step}\n" for step in plan.steps()) or "  nothing\n")
    if plan.firewall:
        context.print(f"\nFirewall rules (nft):\n\n{_indented(plan.firewall)}")
    for path, content in plan.files.items():
        context.print(f"\n{path}:\n\n{_indented(content)}")
    for warning in plan.warnings:
        context.warn(warning)


def _indented(text: str) -> str:
    return "".join(f"  {line}\n" if line else "\n" for line in text.splitlines())
