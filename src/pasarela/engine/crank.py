"""The one way to change the host: observe, take the difference, apply, observe again.

Starting, changing, stopping, repairing and taking back all turn it, each with another goal.
"""

from __future__ import annotations

from errno import EEXIST

from pasarela.engine.machine import ApplyError, Machine, Meanwhile, Scope, nothing
from pasarela.errors import ErrorDomain, InternalError, PasarelaError, SystemCallFailed
from pasarela.plan.actions import Action, Remove, diff, readers_to_signal
from pasarela.plan.links import ForeignLink
from pasarela.plan.resources import (
    BridgeLink,
    DnsmasqProcess,
    HostState,
    LinkAddress,
    LinkRoute,
    LinkUp,
    Rank,
    Resource,
    Sysctl,
)
from pasarela.plan.services import RegisteredDomain, ZonedBridge

NOTHING: HostState = frozenset()


def look(machine: Machine, expected: HostState) -> HostState:
    """What is there of the expected keys and is ours, or nobody's in particular.

    A link of the expected name that does not bear the expected MAC is somebody else's. It and
    what hangs on it are left out, so that no difference can ever touch them.
    """
    observed = machine.observe(Scope(expected))
    foreign = _foreign(observed, expected)
    if not foreign:
        return observed
    return frozenset(resource for resource in observed if _link_of(resource) not in foreign)


def changes(observed: HostState, goal: HostState) -> tuple[Action, ...]:
    """The actions that are needed; a kernel setting that nobody wants any more just stays."""
    return tuple(action for action in diff(observed, goal) if not _is_idle(action))


def perform(machine: Machine, actions: tuple[Action, ...], meanwhile: Meanwhile = nothing) -> None:
    """Apply actions, and have running dnsmasqs read again what has changed.

    Raises:
        PasarelaError: one failed, and those after it were not tried.
    """
    if not actions:
        return
    try:
        machine.apply(actions, meanwhile)
    except ApplyError as error:
        raise _cause(error) from error.cause
    readers = readers_to_signal(actions) - _restarted(actions)
    if readers:
        machine.reload(readers)


def reach(machine: Machine, goal: HostState, also: HostState = NOTHING) -> None:
    """Make it so: what ``goal`` has is there, what only ``also`` has is not.

    Raises:
        PasarelaError: it cannot be done. Some of it may have been; whoever asked takes it back.
    """
    expected = merged(goal, also)
    establish(machine, changes(look(machine, expected), goal), goal, also)


def establish(
    machine: Machine,
    actions: tuple[Action, ...],
    goal: HostState,
    also: HostState = NOTHING,
    meanwhile: Meanwhile = nothing,
) -> None:
    """Perform ``actions``, and see that ``goal`` is there, and of ``also`` nothing else.

    A process takes its time to come up; all that comes before it is looked at meanwhile.

    Args:
        meanwhile: is called then, too.

    Raises:
        PasarelaError: one failed, or the host is not as it should be.
    """
    if not _starts_processes(actions):
        perform(machine, actions)
        verify(machine, goal, also)
        return
    early = frozenset(resource for resource in goal if resource.rank < Rank.PROCESS)
    gone = merged(goal, also) - goal  # goes last of all, so it is looked at then

    def look_and_go_on() -> None:
        verify(machine, early)
        meanwhile()

    perform(machine, actions, look_and_go_on)
    verify(machine, goal - early, gone)


def verify(machine: Machine, goal: HostState, also: HostState = NOTHING) -> None:
    """Raises:
    InternalError: the host is not as it should be after everything has been done."""
    left = changes(look(machine, merged(goal, also)), goal)
    if left:
        raise InternalError(
            "the host does not keep what was set: " + "; ".join(one.describe() for one in left),
            domain=ErrorDomain.NONE,
            remedy="something else changes the same settings at the same time; find it, try again",
        )


def look_before_start(machine: Machine, goal: HostState) -> HostState:
    """What is there of a network that does not run yet.

    The firewall is not asked: creating a section replaces what there is of it, in one transaction.

    Raises:
        SystemCallFailed: a link that is not ours stands where one of ours should.
    """
    asked = frozenset(one for one in goal if one.rank is not Rank.FIREWALL)
    observed = machine.observe(Scope(asked))
    for name in sorted(_foreign(observed, goal)):
        raise SystemCallFailed(
            f"error creating bridge interface {name}: File exists",
            errno=EEXIST,
            remedy=(
                f"there is a device {name} that is not Pasarela's; remove it, or give the network "
                "another bridge name (net-edit)"
            ),
        )
    return observed


def merged(first: HostState, second: HostState) -> HostState:
    """Both; of equal keys, the first's."""
    keys = {resource.key for resource in first}
    return first | {resource for resource in second if resource.key not in keys}


def _foreign(observed: HostState, expected: HostState) -> set[str]:
    macs = {link.name: link.mac for link in expected if isinstance(link, BridgeLink)}
    return {
        resource.name
        for resource in observed
        if isinstance(resource, ForeignLink)
        or (isinstance(resource, BridgeLink) and macs.get(resource.name) != resource.mac)
    }


def _link_of(resource: Resource) -> str | None:
    """The link that a resource is or hangs on."""
    if isinstance(resource, BridgeLink | ForeignLink | LinkUp):
        return resource.name
    if isinstance(resource, LinkAddress | LinkRoute | Sysctl | RegisteredDomain | ZonedBridge):
        return resource.link
    return None


def _is_idle(action: Action) -> bool:
    return isinstance(action, Remove) and isinstance(action.resource, Sysctl)


def _restarted(actions: tuple[Action, ...]) -> frozenset[str]:
    """The networks whose dnsmasq has been started or stopped anyway."""
    return frozenset(
        action.resource.network for action in actions if isinstance(action.resource, DnsmasqProcess)
    )


def _starts_processes(actions: tuple[Action, ...]) -> bool:
    return any(
        isinstance(one.resource, DnsmasqProcess) and not isinstance(one, Remove) for one in actions
    )


def _cause(error: ApplyError) -> PasarelaError:
    cause = error.cause
    if isinstance(cause, PasarelaError):
        return cause
    number = cause.errno if isinstance(cause, OSError) else None
    return SystemCallFailed(str(cause), errno=number)
