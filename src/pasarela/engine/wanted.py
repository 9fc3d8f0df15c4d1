"""What a network should be on the host, by the facts that its state calls for."""

from __future__ import annotations

from dataclasses import replace

from pasarela.engine.context import Context
from pasarela.engine.resolver import policy_for_new, policy_of_running
from pasarela.model.network import Network
from pasarela.model.port import Port
from pasarela.plan.facts import Facts
from pasarela.plan.network import Desired, desired
from pasarela.plan.resources import HostState
from pasarela.plan.shaping import shaping_resources


def facts_for_start(context: Context, network: Network) -> Facts:
    """The host as a network that starts now finds it."""
    facts = context.machine.facts_for([network])
    return replace(facts, resolver=policy_for_new(len(context.store.active_names())))


def wanted_new(context: Context, network: Network, facts: Facts) -> Desired:
    """What a network that is about to start should be."""
    return desired(network, facts, context.paths)


def wanted_running(context: Context, network: Network, facts: Facts | None = None) -> Desired:
    """What a running network should be; it keeps the resolver policy that it started with."""
    facts = context.machine.basics() if facts is None else facts
    policy = policy_of_running(context.paths, network.name)
    promised = _promised(context, network)
    return _remembered(context, network, replace(facts, resolver=policy), promised)


def wanted_shaping(context: Context, network: Network) -> HostState:
    """Of what a running network should be, its limits and the floors of its ports."""
    if network.bandwidth is None:
        return frozenset()
    ports = _promised(context, network)
    return frozenset(shaping_resources(network, context.machine.basics(), ports))


def _promised(context: Context, network: Network) -> tuple[Port, ...]:
    """The ports with a traffic class of their own; a network without bandwidth has none."""
    if network.bandwidth is None or network.bandwidth.inbound is None:
        return ()
    ports = context.ports.ports(network.name).values()
    return tuple(one for one in ports if one.bandwidth and one.bandwidth.class_id is not None)


def _remembered(
    context: Context, network: Network, facts: Facts, promised: tuple[Port, ...]
) -> Desired:
    """The plan, made anew only for another definition or on a changed host.

    An update looks at a network before and after: what is after is before for the next one.
    """
    known = context.plans.get(network.name)
    if known is not None and known[:3] == (network, facts, promised):
        return known[3]
    plan = desired(network, facts, context.paths, promised)
    context.plans[network.name] = network, facts, promised, plan
    return plan
