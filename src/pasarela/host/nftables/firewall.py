"""The firewall adapter: sections of our tables, observed and changed over one open socket."""

from __future__ import annotations

import errno
from collections.abc import Iterable, Iterator, Sequence

from pasarela.errors import SystemCallFailed
from pasarela.host.netlink.socket import NLM_F_ACK, Message, NetlinkError, NetlinkSocket, pack
from pasarela.host.nftables import messages, transaction
from pasarela.host.nftables.glance import dispatches
from pasarela.host.nftables.inventory import Inventory, look, look_at_all
from pasarela.host.nftables.transaction import Step
from pasarela.plan.actions import Action
from pasarela.plan.nftables import IfName, NamedSet, Table
from pasarela.plan.ruleset import BASES, FirewallSection

_NETLINK_NETFILTER = 12
# What the kernel says where the table does not hold what an action takes for granted.
_NOT_AS_EXPECTED = (errno.ENOENT, errno.EEXIST, errno.EBUSY)
_NO_NFTABLES = "the kernel needs nftables: CONFIG_NF_TABLES, NF_TABLES_INET, NFT_CT, NFT_MASQ"
_REMEDIES = {
    errno.EPERM: "run as root",
    errno.EACCES: "run as root",
    errno.EPROTONOSUPPORT: _NO_NFTABLES,
    errno.EINVAL: _NO_NFTABLES,
    errno.EOPNOTSUPP: _NO_NFTABLES,
}


class Firewall:
    """Our tables of the network namespace that this was made in.

    Raises:
        SystemCallFailed: the kernel has no nfnetlink.
    """

    def __init__(self) -> None:
        try:
            self._socket = NetlinkSocket(_NETLINK_NETFILTER)
        except OSError as error:
            raise _failure("reach", error) from error
        self._seen_well: tuple[int, frozenset[str]] | None = None  # at which generation, for whom
        self._transactions = 0  # of the last change
        self._made: dict[IfName, str] = {}  # the digests of what our own transactions made
        self._made_at = -1  # the generation up to which there has been no other

    def close(self) -> None:
        self._socket.close()

    def observe(self, expected: Iterable[FirewallSection]) -> set[FirewallSection]:
        """What is there in place of these sections.

        A section that is whole comes back as it was expected; one that differs comes back with
        its ``drift``; one of which nothing is there does not come back. What we have made
        ourselves is only looked at if anybody has changed a rule since.

        Raises:
            SystemCallFailed: the kernel refused.
        """
        expected = tuple(expected)
        try:
            if self._stand(expected):
                return set(expected)
            seen = look(self._socket, expected)
        except OSError as error:
            raise _failure("read", error) from error
        found = (seen.section(section) for section in expected)
        return {section for section in found if section}

    def _stand(self, sections: Iterable[FirewallSection]) -> bool:
        """Whether our own transactions made them, and nobody has made another one since."""
        made = all(self._made.get(section.bridge) == section.digest for section in sections)
        return made and self._made_at == self._generation()

    def dispatches(self, bridges: Iterable[str]) -> bool:
        """Whether nobody has emptied our table: a glance, where ``observe`` looks closely.

        As long as nobody else has changed any rule of the namespace, the last answer holds.

        Raises:
            SystemCallFailed: the kernel refused.
        """
        wanted = frozenset(bridges)
        try:
            now = (self._generation(), wanted)
            if now != self._seen_well:
                self._seen_well = now if dispatches(self._socket, wanted) else None
            return self._seen_well is not None
        except OSError as error:
            raise _failure("read", error) from error

    def _generation(self) -> int:
        (reply,) = self._socket.request([messages.get_generation()])
        if reply.error:
            raise reply.error
        return messages.generation(reply.payloads[0])

    def apply(self, actions: Sequence[Action]) -> None:
        """Carry out actions on sections, all in one transaction.

        To create what is there already replaces it, and to remove what is gone is nothing. An
        ordinary user's socket takes less than a root's: there a very long list becomes several
        transactions, each of whole sections.

        Raises:
            SystemCallFailed: the kernel refused, and says why; that transaction changed nothing.
        """
        steps = [transaction.step(action) for action in actions]
        seen_well, self._seen_well = self._seen_well, None
        self._transactions = 0
        made, self._made = self._made, {}
        try:
            generation = self._generation()
            self._apply(steps)
        except OSError as error:
            raise _failure("change", error) from error
        self._remember(made if generation == self._made_at else {}, generation, steps)
        if seen_well is not None:
            self._seen_well = self._foreseen(*seen_well, steps)

    def _remember(self, made: dict[IfName, str], generation: int, steps: Iterable[Step]) -> None:
        for before, after in steps:
            if before:
                made.pop(before.bridge, None)
            if after:
                made[after.bridge] = after.digest
        self._made, self._made_at = made, generation + self._transactions

    def _foreseen(
        self, generation: int, bridges: frozenset[str], steps: Sequence[Step]
    ) -> tuple[int, frozenset[str]]:
        """What a glance would find now, unless anybody else has changed a rule meanwhile."""
        gone = {before.bridge for before, _ in steps if before}
        come = {after.bridge for _, after in steps if after}
        return generation + self._transactions, (bridges - gone) | come

    def _apply(self, steps: Sequence[Step]) -> None:
        if any(before and before.drift for before, _ in steps):
            self._apply_to_whatever_is_there(steps)
        else:
            try:
                self._commit(steps, [tuple(transaction.change(*step)) for step in steps])
            except NetlinkError as error:
                if error.errno not in _NOT_AS_EXPECTED:
                    raise
                self._apply_to_whatever_is_there(steps)
        for table in Table:
            if any(_leaves(step, table) for step in steps):
                self._drop_if_empty(table)

    def _apply_to_whatever_is_there(self, steps: Sequence[Step]) -> None:
        """The long way round, after somebody else changed our table: look at all of it first."""
        seen = look_at_all(self._socket)
        self._commit(steps, [tuple(_replacement(step, seen)) for step in steps])

    def _commit(self, steps: Sequence[Step], changes: Sequence[tuple[Message, ...]]) -> None:
        tables = {table for _, after in steps if after for table in after.tables}
        base = [
            message for table in Table if table in tables for message in transaction.base(table)
        ]
        for batch in _batches(base, changes, self._socket.send_limit):
            self._transact(batch)

    def _drop_if_empty(self, table: Table) -> None:
        """Take a table away that holds no section's chain, and no section's element.

        Elements are looked for where a section has no chain; with the chains go their elements.
        """
        base = BASES[table]
        (reply,) = self._socket.request([messages.get_table(table)])
        use = len(base.chains) + len(base.sets)
        if not reply.payloads or messages.table_state(reply.payloads[0])[1] != use:
            return
        if table is Table.BRIDGE and any(map(self._holds_elements, base.sets)):
            return
        self._transact([messages.delete_table(table)])

    def _holds_elements(self, named: NamedSet) -> bool:
        payloads = self._socket.dump(messages.elements_of(named))
        return any(True for payload in payloads for _ in messages.elements_in(payload))

    def _transact(self, batch: Sequence[Message]) -> None:
        """One transaction. The kernel acknowledges the last request after it has committed.

        Raises:
            NetlinkError: the first request that the kernel refused; nothing has changed.
        """
        requests = (messages.batch_begin(), *batch, messages.batch_end())
        first = self._socket.reserve(len(requests))
        last = len(batch)
        self._socket.send(
            b"".join(
                pack(request, first + index, NLM_F_ACK if index == last else 0)
                for index, request in enumerate(requests)
            )
        )
        answers = sorted(self._socket.pending_errors())
        for sequence, number, reason in answers:
            if number:
                index = sequence - first
                raise NetlinkError(number, reason, index, requests[index])
        if not answers:
            raise OSError(errno.EPROTO, "the kernel did not acknowledge the transaction")
        self._transactions += 1


def _leaves(step: Step, table: Table) -> bool:
    """Whether a section has gone out of the table."""
    before, after = step
    return bool(before and table in before.tables and not (after and table in after.tables))


def _replacement(step: Step, seen: Inventory) -> Iterator[Message]:
    chains, elements = seen.belongings([section for section in step if section])
    return transaction.replace(step[1], chains, elements)


def _batches(
    base: Sequence[Message], changes: Iterable[tuple[Message, ...]], limit: int
) -> Iterator[list[Message]]:
    """The messages as few transactions as fit in one send each; mostly that is one."""
    batch = list(base)
    size = _size(batch)
    for change in changes:
        more = _size(change)
        if batch and size + more > limit:
            yield batch
            batch, size = [], 0
        batch += change
        size += more
    if batch:
        yield batch


def _size(batch: Iterable[Message]) -> int:
    return sum(len(message.payload) + 20 for message in batch)


def _failure(action: str, error: OSError) -> SystemCallFailed:
    return SystemCallFailed(
        f"cannot {action} the firewall: {error}",
        errno=error.errno,
        remedy=_REMEDIES.get(error.errno or 0),
    )
