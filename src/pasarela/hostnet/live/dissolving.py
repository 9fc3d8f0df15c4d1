"""The end of a bridge: who is still plugged into it, and which port gets what."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from pasarela.errors import HostnetRefused
from pasarela.hostnet.live.carry import open_socket
from pasarela.hostnet.live.dump import SYSCTLS, observe
from pasarela.hostnet.live.items import Link
from pasarela.hostnet.live.moves import Change, do_or_undo, require_bridge
from pasarela.hostnet.live.sharing import Had, client_targets, shares
from pasarela.hostnet.live.snapshot import snapshot
from pasarela.hostnet.live.state import all_links, ports_of
from pasarela.hostnet.live.wanted import DISABLE_IPV6, dissolved
from pasarela.hostnet.live.wishes import CLASS_NET

_CONTAINERS = "guests or containers"


@dataclass(frozen=True, slots=True)
class Heirs:
    """Which port gets what when a bridge ends.

    ``brought`` is what each port had when it joined, and gets back; ``first`` is the port that gets
    the rest. ``told``: the user named ``first``, and it gets everything. ``own`` are the ports that
    the host's files name: they are the host's, not a guest's. ``force``: ports of guests are cut
    off.
    """

    first: str | None = None
    brought: Mapping[str, Had] = field(default_factory=dict)
    own: Collection[str] = ()
    told: bool = False
    force: bool = False


def dissolve(bridge: str, heirs: Heirs) -> None:
    """Give the ports what the bridge has, and end the bridge.

    Raises:
        InterfaceNotFound: there is no such bridge.
        HostnetRefused: guests are plugged into it.
        SystemCallFailed: the kernel refused; the host is as it was.
    """
    do_or_undo(plan_dissolve(bridge, heirs))


def plan_dissolve(bridge: str, heirs: Heirs) -> Change:
    with open_socket() as socket:
        look = observe(socket, ())
    links = all_links(look)
    require_bridge(bridge, links.get(bridge))
    ports = ports_of(look, bridge)
    guests = [port for port in ports if _is_guests(links[port], heirs)]
    if guests and not heirs.force:
        who = "guests" if all(links[port].kind == "tun" for port in guests) else _CONTAINERS
        raise _plugged_in(who, bridge, guests)
    own = [port for port in ports if port not in guests]
    heir = _heir(bridge, heirs, own, links)
    before = snapshot((bridge, *ports))
    if heir is None:
        return Change(before, dissolved(before.state, bridge, own, None), (bridge,), None)
    brought = {} if heirs.told else {p: one for p, one in heirs.brought.items() if p in own}
    share = shares(before.state, bridge, heir, brought)
    wanted = dissolved(before.state, bridge, own, heir, share, _ipv6_of_new_links())
    targets = client_targets(heir, own, brought)
    return Change(before, wanted, (bridge,), heir, client_targets=targets)


def _is_guests(link: Link, heirs: Heirs) -> bool:
    """Whether a port is of a guest or a container: one that neither is a card nor was put there.

    A tap is a program's, whoever put it there.
    """
    if link.kind == "tun":
        return True
    told = link.name in heirs.own or link.name in heirs.brought or link.name == heirs.first
    return not told and not (CLASS_NET / link.name / "device").exists()


def _plugged_in(who: str, bridge: str, guests: Sequence[str]) -> HostnetRefused:
    return HostnetRefused(
        f"{who} are plugged into {bridge} by {', '.join(guests)}",
        remedy="shut them down, or move them to another network, first; with --force they are cut "
        "off",
    )


def _heir(bridge: str, heirs: Heirs, ports: Sequence[str], links: Mapping[str, Link]) -> str | None:
    """The port that was asked for, or that the bridge was made over; else the first."""
    if heirs.first in ports:
        return heirs.first
    if heirs.told:
        raise HostnetRefused(
            f"{heirs.first} is not in {bridge}",
            remedy=f"its ports are: {', '.join(ports) or 'none'}",
        )
    twins = [port for port in ports if links[port].mac == links[bridge].mac]
    return next(iter(twins or ports), None)


def _ipv6_of_new_links() -> str | None:
    """Whether a link has IPv6 that nobody has told anything; None for a kernel without."""
    with suppress(OSError):
        return (SYSCTLS / DISABLE_IPV6.format("default")).read_text().strip()
    return None
