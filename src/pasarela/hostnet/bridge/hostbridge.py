"""A bridge over the host's NIC: in the kernel now, and in the files of whatever manages the NIC."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from pasarela.errors import HostnetRefused, PasarelaError
from pasarela.hostnet import journal, tree
from pasarela.hostnet.bridge import pending as pendings
from pasarela.hostnet.bridge import settle, watchdog
from pasarela.hostnet.bridge.pending import Pending, Phase
from pasarela.hostnet.bridge.proposals import Proposal, Proposals
from pasarela.hostnet.bridge.recovery import Recovery, recover
from pasarela.hostnet.bridge.settle import TakenBack
from pasarela.hostnet.checking.mistakes import refuse_errors
from pasarela.hostnet.daemons import daemons, ifstate
from pasarela.hostnet.live import moves
from pasarela.hostnet.live.dump import now
from pasarela.hostnet.manager import FileEdit

Step = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A change that was carried out; what the user should know of it.

    ``deadline`` is when a change on trial is taken back, in seconds since the boot.
    """

    warnings: tuple[str, ...]
    deadline: float | None = None


class HostBridge(Proposals):
    """Everything that the command host-bridge can do on a host.

    Args:
        root: the host's root folder.
    """

    def make_way(self) -> None:
        """Settle what nobody else will, so that the next change is planned on what will be there.

        Raises:
            HostnetRefused: a change goes on, or somebody may still confirm it.
        """
        if pendings.path(self._root).exists() or journal.is_open(self._root):
            with pendings.locked(self._root):
                settle.make_way(self._root)

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
            moves.refuse_leftovers(proposal.change)
            pending = self._begin(proposal, seconds, then)
            try:
                warnings = self._do(proposal, pending, step)
                step("files")
                if seconds is None:
                    tree.write(self._root, pending.edits)
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
        tree.rehearse(self._root, (*proposal.edits, *proposal.records))
        pending = Pending(
            what=proposal.what,
            phase=Phase.MOVING,
            command=os.getpid(),
            snapshot=proposal.change.before.to_json(),
            edits=(*proposal.edits, *proposal.records),
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
            heir = {change.target} if change.target else set()
            return ifstate.edits(self._root, up=after - before | heir, down=before - after)
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


__all__ = ["HostBridge", "Outcome", "Proposal", "Step"]
