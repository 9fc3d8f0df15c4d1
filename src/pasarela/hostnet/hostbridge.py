"""A bridge over the host's NIC: in the kernel now, and in the files of whatever manages the NIC."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from pasarela.errors import HostnetRefused, PasarelaError
from pasarela.hostnet import mentions, settle, tree, watchdog
from pasarela.hostnet import pending as pendings
from pasarela.hostnet.hardware import with_hardware
from pasarela.hostnet.live import daemons, ifstate, moves
from pasarela.hostnet.live.dump import now
from pasarela.hostnet.live.moves import Change
from pasarela.hostnet.manager import Bridging, FileEdit, Finding
from pasarela.hostnet.managers import Owner, owner_of
from pasarela.hostnet.mistakes import new_findings, refuse_errors
from pasarela.hostnet.pending import Pending, Phase
from pasarela.hostnet.recovery import Recovery, recover
from pasarela.hostnet.settle import TakenBack
from pasarela.model.interface_config import BridgeConfig, InterfaceConfig
from pasarela.model.values import MacAddress

Step = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a command would do, looked at and not yet done."""

    what: str
    change: Change
    owner: Owner
    edits: tuple[FileEdit, ...]
    findings: tuple[Finding, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """``deadline`` is when it is taken back, where it is on trial; in seconds since the boot."""

    warnings: tuple[str, ...]
    deadline: float | None = None


class HostBridge:
    """
    Args:
        root: the host's root folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    # looking

    def propose_create(
        self, config: InterfaceConfig, *, keep: bool, manager: str | None = None
    ) -> Proposal:
        """
        Args:
            config: the bridge with its ports.
            keep: it takes what the first port has; else what ``config`` says is written.

        Raises:
            HostnetRefused: it cannot be.
            HostnetFileError: a file cannot be read.
        """
        change = moves.plan_raise(config)
        owner = owner_of(self._root, config.ports[0], manager)
        edits: Sequence[FileEdit] = ()
        if owner.manager is not None:
            written = _written(config, owner, keep=keep)
            written = with_hardware(owner.manager.name, written, _macs(change))
            edits = owner.manager.bridge(owner.files, written)
        what = f"bridge {config.name} over {', '.join(config.ports)}"
        proposal = self._propose(what, change, owner, edits)
        warnings = [w for port in config.ports for w in mentions.firewall(port, config.name)]
        return replace(proposal, warnings=tuple(warnings))

    def propose_delete(self, bridge: str, manager: str | None = None) -> Proposal:
        owner = owner_of(self._root, bridge, manager)
        written = owner.config(bridge)
        heir = written.ports[0] if written and written.ports else None
        change = moves.plan_dissolve(bridge, heir)
        edits: Sequence[FileEdit] = ()
        if owner.manager is not None and written is not None:
            edits = owner.manager.unbridge(owner.files, bridge)
        proposal = self._propose(f"end of bridge {bridge}", change, owner, edits)
        warnings = list(mentions.networks(self._root, bridge))
        if change.target is not None:
            warnings += mentions.firewall(bridge, change.target)
        return replace(proposal, warnings=tuple(warnings))

    def propose_add_port(self, bridge: str, port: str, manager: str | None = None) -> Proposal:
        change = moves.plan_add_port(bridge, port)
        owner = owner_of(self._root, bridge, manager)
        edits: Sequence[FileEdit] = ()
        if owner.manager is not None and owner.config(bridge) is not None:
            config = InterfaceConfig(port, mac=_macs(change).get(port))
            edits = owner.manager.add_port(owner.files, bridge, config)
        return self._propose(f"port {port} into {bridge}", change, owner, edits)

    def propose_remove_port(self, bridge: str, port: str, manager: str | None = None) -> Proposal:
        change = moves.plan_remove_port(bridge, port)
        owner = owner_of(self._root, bridge, manager)
        edits: Sequence[FileEdit] = ()
        written = owner.config(bridge)
        if owner.manager is not None and written is not None and port in written.ports:
            edits = owner.manager.remove_port(owner.files, bridge, port)
        return self._propose(f"port {port} out of {bridge}", change, owner, edits)

    def _propose(
        self, what: str, change: Change, owner: Owner, edits: Sequence[FileEdit]
    ) -> Proposal:
        kept = tree.with_modes(self._root, [one for one in edits if one.before != one.after])
        return Proposal(what, change, owner, tuple(kept), new_findings(owner.files, kept))

    # doing

    def carry_out(
        self,
        proposal: Proposal,
        seconds: float | None = None,
        then: Sequence[str] = (),
        step: Step = lambda name: None,
    ) -> Outcome:
        """Do it all, or nothing; whatever dies meanwhile, the watchdog takes it back.

        Args:
            seconds: time to confirm it in; None for what is kept at once.
            then: a command to give once it is kept.
            step: told of each step before it is done.

        Raises:
            HostnetRefused: the files would be wrong, or a change is pending already.
            SystemCallFailed: the system said no; all is as it was.
        """
        refuse_errors(proposal.findings)
        with pendings.locked(self._root):
            moves.refuse_stale(proposal.change)
            pending = self._begin(proposal, seconds, then)
            try:
                warnings = self._do(proposal, pending, step)
                step("files")
                if seconds is None:
                    tree.write(self._root, proposal.edits)
                    warnings += settle.tell_of_files(self._root, pending)
                    pendings.forget(self._root)
                else:
                    pendings.set_phase(self._root, pending, Phase.TRIAL)
            except BaseException as cause:
                self._take_back(cause)
                _end(pending)
                raise
        if seconds is None:
            _end(pending)
        return Outcome(warnings, pending.deadline)

    def _begin(self, proposal: Proposal, seconds: float | None, then: Sequence[str]) -> Pending:
        """The note of how all is, and a watchdog that is ready, before anything is touched."""
        settle.make_way(self._root)
        tree.rehearse(self._root, proposal.edits)
        pending = Pending(
            what=proposal.what,
            phase=Phase.MOVING,
            command=os.getpid(),
            snapshot=proposal.change.before.to_json(),
            edits=proposal.edits,
            volatile=self._volatile(proposal),
            manager=proposal.owner.name,
            deadline=None if seconds is None else now() + seconds,
            then=tuple(then),
        )
        pendings.save(self._root, pending)
        try:
            pending = replace(pending, watchdog=watchdog.start(self._root))
        except BaseException:
            pendings.forget(self._root)
            raise
        pendings.save(self._root, pending)
        return pending

    def _volatile(self, proposal: Proposal) -> tuple[FileEdit, ...]:
        """What tells a running manager until the next boot; a file of an earlier time gives way."""
        sources = proposal.change.sources
        name, change = proposal.owner.name, proposal.change
        if name == "ifupdown":
            before, after = set(change.before.state.links), set(change.wanted.links)
            return ifstate.edits(self._root, made=after - before, gone=before - after)
        return daemons.volatile_edits(
            self._root, name, proposal.edits, sources[0] if sources else None
        )

    def _do(self, proposal: Proposal, pending: Pending, step: Step) -> tuple[str, ...]:
        change = proposal.change
        before, wanted = change.before.state, change.wanted
        with daemons.moving(self._root, pending.volatile, before, wanted) as notes:
            warnings = moves.do(change, step)
            step("manager")
        return (*warnings, *notes)

    def _take_back(self, cause: BaseException) -> None:
        try:
            settle.take_back(self._root)
        except PasarelaError as trouble:
            raise HostnetRefused(
                f"{cause}; and not all could be taken back: {trouble}",
                remedy="the watchdog tries it again; then: pasarela host-bridge revert, with "
                "--force past what cannot be done",
            ) from cause

    # settling

    def pending(self) -> Pending | None:
        return pendings.load(self._root)

    def confirm(self) -> Pending:
        """Keep what is on trial: write the files, and end the watchdog."""
        with pendings.locked(self._root):
            pending = settle.keep(self._root)
        _end(pending)
        return pending

    def revert(self, *, force: bool = False) -> TakenBack | None:
        """Take back what is pending, whoever began it.

        Args:
            force: go past what cannot be done, and forget the change; None for one whose note
                cannot be read, of which nothing is known.

        Raises:
            HostnetRefused: nothing is pending, or not all could be taken back.
        """
        with pendings.locked(self._root):
            if force and not self._is_readable():
                pendings.forget(self._root)
                return None
            done = settle.take_back(self._root, force=force)
        if done is None:
            raise HostnetRefused("there is no change to take back", remedy="nothing is pending")
        _end(done.pending)
        return done

    def recover(self, *, boot: bool) -> Recovery:
        """Finish or take back what a reboot, or the end of all programs, has cut short."""
        return recover(self._root, boot=boot)

    def _is_readable(self) -> bool:
        try:
            pendings.load(self._root)
        except HostnetRefused:
            return False
        return True


def _end(pending: Pending) -> None:
    """Let the watchdog go: it finds nothing pending any more."""
    if pending.is_watched:
        with suppress(ProcessLookupError):
            os.kill(pending.watchdog, signal.SIGTERM)


def _macs(change: Change) -> dict[str, MacAddress]:
    """The hardware addresses that the links have now."""
    links = change.before.state.links
    return {name: MacAddress.from_bytes(link.mac) for name, link in links.items() if link.mac}


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
