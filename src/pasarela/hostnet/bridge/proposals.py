"""What a command would do to the kernel and to the files, looked at and not yet done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pasarela.errors import HostnetRefused
from pasarela.hostnet import tree
from pasarela.hostnet.bridge import cloudinit, mentions, origins
from pasarela.hostnet.bridge.origins import Origins, origin
from pasarela.hostnet.bridge.returning import unbridged
from pasarela.hostnet.checking.mistakes import new_findings
from pasarela.hostnet.hardware import with_hardware
from pasarela.hostnet.live import moves
from pasarela.hostnet.live.dissolving import Heirs, plan_dissolve
from pasarela.hostnet.live.moves import Change
from pasarela.hostnet.live.names import altnames
from pasarela.hostnet.manager import Bridging, FileEdit, Finding
from pasarela.hostnet.owners import NONE, Owner, owner_of
from pasarela.model.interface_config import BridgeConfig, InterfaceConfig, IpConfig
from pasarela.model.values import MacAddress


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change that was planned: what it does in the kernel, in the manager's files, and in ours.

    ``edits`` are of the manager's files, ``findings`` what host-check says of these as they will
    be. ``records`` are edits of files in which Pasarela notes what each port had. ``shares`` says,
    for the end of a bridge, which port gets what.
    """

    what: str
    change: Change
    owner: Owner
    edits: tuple[FileEdit, ...]
    findings: tuple[Finding, ...] = ()
    warnings: tuple[str, ...] = ()
    records: tuple[FileEdit, ...] = ()
    shares: tuple[str, ...] = ()


class Proposals:
    """Plans changes of bridges over the host's cards, and carries none out.

    Args:
        root: the host's root folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def propose_create(
        self, config: InterfaceConfig, *, keep: bool, manager: str | None = None
    ) -> Proposal:
        """Plan a bridge over cards of the host.

        Args:
            config: the bridge with its ports.
            keep: the files give it what they say of the first port; else what ``config`` says.
            manager: whose files are changed, by name; None for the one that has the first port.

        Raises:
            HostnetRefused: it cannot be.
            HostnetFileError: a file cannot be read.
        """
        config = _with_kernel_names(config)
        change = moves.plan_raise(config)
        owner = self._owner(config.ports[0], manager)
        edits: Sequence[FileEdit] = ()
        if owner.manager is not None:
            written = _written(config, owner, keep=keep)
            written = with_hardware(owner.manager.name, written, _macs(change))
            written = _with_routers(owner.manager.name, written, change)
            edits = owner.manager.bridge(owner.files, written)
        what = f"bridge {config.name} over {', '.join(config.ports)}"
        known = {port: origin(change.before, port, owner.config(port)) for port in config.ports}
        proposal = self._propose(what, change, owner, edits, (config.name, known))
        warnings = [
            warning
            for port in config.ports
            for mention in (
                mentions.firewall(port, config.name),
                mentions.uplinks(self._root, port, config.name),
            )
            for warning in mention
        ]
        warnings += _until_the_next_boot(config, owner, known)
        return replace(proposal, warnings=(*proposal.warnings, *warnings))

    def propose_delete(
        self,
        bridge: str,
        manager: str | None = None,
        *,
        addresses_to: str | None = None,
        force: bool = False,
    ) -> Proposal:
        """Plan the end of a bridge, whose addresses and routes go to its ports.

        Args:
            addresses_to: the port that gets all that the bridge has.
            force: cut off guests that are plugged in.

        Raises:
            InterfaceNotFound: there is no such bridge.
            HostnetRefused: it cannot be.
        """
        bridge = _kernel_name(bridge)
        mentions.refuse_networks_own(self._root, bridge)
        owner = owner_of(self._root, bridge, manager)
        written = owner.config(bridge)
        ports = written.ports if written else ()
        known = origins.load(self._root, bridge)
        heirs = Heirs(
            first=_kernel_name(addresses_to) if addresses_to else next(iter(ports), None),
            brought={port: one.live for port, one in known.items()},
            own=ports,
            told=addresses_to is not None,
            force=force,
        )
        change = plan_dissolve(bridge, heirs)
        edits: Sequence[FileEdit] = ()
        if owner.manager is not None and written is not None:
            back = {} if heirs.told else known
            heir = change.target if heirs.told or change.target in ports else None
            edits = unbridged(owner.manager, owner.files, written, heir, back)
        proposal = self._propose(f"end of bridge {bridge}", change, owner, edits, (bridge, {}))
        warnings = list(mentions.networks(self._root, bridge))
        if change.target is not None:
            warnings += mentions.firewall(bridge, change.target)
            warnings += mentions.uplinks(self._root, bridge, change.target)
        return replace(
            proposal,
            warnings=(*proposal.warnings, *warnings),
            shares=tuple(shares(change, bridge, heirs)),
        )

    def propose_add_port(self, bridge: str, port: str, manager: str | None = None) -> Proposal:
        """
        Raises:
            HostnetRefused: it cannot be.
        """
        bridge, port = _kernel_name(bridge), _kernel_name(port)
        mentions.refuse_networks_own(self._root, bridge)
        change = moves.plan_add_port(bridge, port)
        owner = owner_of(self._root, bridge, manager)
        edits: Sequence[FileEdit] = ()
        written = owner.config(bridge)
        if owner.manager is not None and written is not None:
            config = InterfaceConfig(port, mac=_macs(change).get(port))
            config = _with_router(owner.manager.name, config, change)
            edits = owner.manager.add_port(owner.files, bridge, config)
        known = dict(origins.load(self._root, bridge))
        if change.before.state.links[port].master != bridge:
            known[port] = origin(change.before, port, owner.config(port))
        proposal = self._propose(
            f"port {port} into {bridge}", change, owner, edits, (bridge, known)
        )
        details = BridgeConfig(tuple(map(InterfaceConfig, ("", port))))  # not the first
        warnings = _until_the_next_boot(InterfaceConfig(bridge, details=details), owner, known)
        return replace(proposal, warnings=(*proposal.warnings, *warnings))

    def propose_remove_port(self, bridge: str, port: str, manager: str | None = None) -> Proposal:
        bridge, port = _kernel_name(bridge), _kernel_name(port)
        change = moves.plan_remove_port(bridge, port)
        owner = owner_of(self._root, bridge, manager)
        edits: Sequence[FileEdit] = ()
        written = owner.config(bridge)
        if owner.manager is not None and written is not None and port in written.ports:
            edits = owner.manager.remove_port(owner.files, bridge, port)
        known = {p: one for p, one in origins.load(self._root, bridge).items() if p != port}
        return self._propose(f"port {port} out of {bridge}", change, owner, edits, (bridge, known))

    def _owner(self, port: str, manager: str | None) -> Owner:
        """
        Raises:
            HostnetRefused: the files know the port by another of its names alone.
        """
        owner = owner_of(self._root, port, manager)
        others = [other for other, name in altnames().items() if name == port]
        for other in others if owner.config(port) is None and manager != NONE else ():
            claimed = owner_of(self._root, other, manager)
            if claimed.config(other) is not None:
                raise HostnetRefused(
                    f"the files of {claimed.name} call {port} by its other name {other}",
                    remedy=f"write {port} there first, which is its name in the kernel",
                )
        return owner

    def _propose(
        self,
        what: str,
        change: Change,
        owner: Owner,
        edits: Sequence[FileEdit],
        known: tuple[str, Origins],
    ) -> Proposal:
        kept = tree.with_modes(self._root, [one for one in edits if one.before != one.after])
        record = origins.edit(self._root, *known)
        return Proposal(
            what,
            change,
            owner,
            tuple(kept),
            new_findings(owner.files, kept),
            tuple(cloudinit.mention(self._root, kept)),
            records=(record,) if record else (),
        )


def shares(change: Change, bridge: str, heirs: Heirs) -> list[str]:
    """Who gets what when a bridge ends, a sentence a port; nothing where there is but one."""
    before, wanted = change.before.state, change.wanted
    if sum(link.master == bridge for link in before.links.values()) < 2 or not change.target:
        return []
    found = []
    for port in wanted.links:
        gets = [
            str(one.interface)
            for one in wanted.addresses
            if one.link == port and not one.is_link_local and one not in before.addresses
        ]
        if gets and port != change.target:
            found.append(f"{port} gets back {', '.join(gets)}, which it brought to {bridge}")
        elif gets and heirs.told:
            found.append(f"{port} gets all that {bridge} has: {', '.join(gets)}")
        elif gets:
            found.append(f"{port} gets all else that {bridge} has: {', '.join(gets)}")
    return found


def _macs(change: Change) -> dict[str, MacAddress]:
    """The hardware addresses that the links have now."""
    links = change.before.state.links
    return {name: MacAddress.from_bytes(link.mac) for name, link in links.items() if link.mac}


def _with_routers(manager: str, written: Bridging, change: Change) -> Bridging:
    details = written.bridge.details
    if not isinstance(details, BridgeConfig):
        return written
    ports = tuple(_with_router(manager, port, change) for port in details.ports)
    return replace(written, bridge=replace(written.bridge, details=replace(details, ports=ports)))


def _with_router(manager: str, port: InterfaceConfig, change: Change) -> InterfaceConfig:
    """Tells ifupdown's files of routers that advertise to a port; the other managers keep every
    port from listening to them."""
    if manager != "ifupdown" or not change.before.state.hears_routers(port.name):
        return port
    return replace(port, ipv6=IpConfig(autoconf=True))


def _written(config: InterfaceConfig, owner: Owner, *, keep: bool) -> Bridging:
    """What the files are to say: what is told, else what they say of the first port.

    DHCP for one that has it already is no news: its stanza moves as it stands, hooks and all. And
    who speaks of IPv4 alone leaves IPv6 as it is.
    """
    assert isinstance(config.details, BridgeConfig)
    port = owner.config(config.ports[0])
    told = [ip for ip in (config.ipv4, config.ipv6) if ip is not None]
    if keep or (
        port
        and told
        and all(ip.dhcp and not ip.addresses for ip in told)
        and _has_dhcp(port, config)
    ):
        return Bridging(replace(config, ipv4=None, ipv6=None), keep=True)
    return Bridging(
        replace(
            config,
            ipv4=config.ipv4 or (port.ipv4 if port else None),
            ipv6=config.ipv6 or (port.ipv6 if port else None),
        ),
        keep=False,
    )


def _has_dhcp(port: InterfaceConfig, config: InterfaceConfig) -> bool:
    asked = [(config.ipv4, port.ipv4), (config.ipv6, port.ipv6)]
    return all(has is not None and has.dhcp for wish, has in asked if wish is not None)


def _until_the_next_boot(
    config: InterfaceConfig, owner: Owner, known: Mapping[str, origins.Origin]
) -> list[str]:
    """Of other ports than the first the files keep no addresses."""
    if owner.manager is None:
        return []
    return [
        f"{', '.join(known[port].live.addresses)} of {port} goes to {config.name} until the next "
        "boot alone: the files give a bridge what its first port has"
        for port in config.ports[1:]
        if known[port].live.addresses
    ]


def _kernel_name(name: str) -> str:
    return altnames().get(name, name)


def _with_kernel_names(config: InterfaceConfig) -> InterfaceConfig:
    """The ports by the names that the kernel and the files know."""
    if not isinstance(config.details, BridgeConfig):
        return config
    ports = tuple(replace(one, name=_kernel_name(one.name)) for one in config.details.ports)
    return replace(config, details=replace(config.details, ports=ports))
