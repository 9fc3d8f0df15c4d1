"""`pasarela lab check`: build every kind on the lab's host, measure, and tell."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor

from pasarela.client.connection import Connection
from pasarela.errors import PasarelaError
from pasarela.lab import measure, node, subject, uplink
from pasarela.lab.echo import EchoServers
from pasarela.lab.faults import LabError, NotPermitted
from pasarela.lab.kinds import KINDS, Kind
from pasarela.lab.measure import Line
from pasarela.lab.subject import Subject
from pasarela.lab.vm.machine import Prepared

# They wait for packets, hardly ever for the processor. Some wait for others: there have to be many
# more than kinds.
_THREADS = 128


def choose(names: Sequence[str] | None) -> list[Kind]:
    """The kinds of these names, all where none is given.

    Raises:
        LabError: there is no such kind.
    """
    known = {kind.name: kind for kind in KINDS}
    for name in names or ():
        if name not in known:
            raise LabError(f"there is no kind '{name}'", remedy=f"There are: {', '.join(known)}.")
    return [known[name] for name in names] if names else list(KINDS)


def check(connection: Connection, kinds: Sequence[Kind], *, vm: bool = False) -> list[Line]:
    """Measure the kinds; the caller is on the host of a lab that has nothing else on it."""
    progress = Progress()
    lines: list[Line] = []
    with EchoServers() as servers, ThreadPoolExecutor(_THREADS) as executor:
        for name in (node.HOST, "internet"):
            servers.add(name)
        campaign = Campaign(connection, servers, executor, progress, vm)
        lines += campaign.run([kind for kind in kinds if not needs_nic(kind)])
        opening = [kind for kind in kinds if kind.opens_nic]
        if opening:
            campaign.free_nic()
            lines += campaign.run(opening)
        on_bridge = [kind for kind in kinds if kind.needs_bridge]
        if on_bridge:
            campaign.free_nic()
            progress.say("the host puts its NIC into a bridge br0")
            lines += _on_bridge(campaign, on_bridge)
    order = {kind.name: position for position, kind in enumerate(KINDS)}
    return sorted(lines, key=lambda line: (order[line.kind.name], line.version))


def _on_bridge(campaign: Campaign, kinds: Sequence[Kind]) -> list[Line]:
    try:
        uplink.bridge()
    except PasarelaError as error:
        return [line for kind in kinds for line in measure.unmeasured(kind, error)]
    return campaign.run(kinds)


def needs_nic(kind: Kind) -> bool:
    """Whether the kind changes what the NIC is for all others on it."""
    return kind.needs_bridge or kind.opens_nic


class Progress:
    """Lines that say what is going on, on stderr."""

    def __init__(self) -> None:
        self._begin = time.monotonic()

    def say(self, text: str) -> None:
        print(f"{time.monotonic() - self._begin:5.1f} s  {text}", file=sys.stderr, flush=True)


class Campaign:
    """Networks that are up side by side, so that each is measured beside the others."""

    def __init__(
        self,
        connection: Connection,
        servers: EchoServers,
        executor: Executor,
        progress: Progress,
        vm: bool,
    ) -> None:
        self._connection = connection
        self._servers = servers
        self._executor = executor
        self._progress = progress
        self._vm = vm
        self._subjects: list[Subject] = []

    def run(self, kinds: Sequence[Kind]) -> list[Line]:
        """Build these kinds, beside what is there already, and measure them.

        One that cannot be built or measured costs no other its lines.
        """
        lines: list[Line] = []
        subjects = []
        for kind in kinds:
            try:
                subjects.append(self._build(kind))
            except PasarelaError as error:
                lines += measure.unmeasured(kind, error)
        self._subjects += subjects
        real = [one for one in subjects if self._vm and one.kind.real_guest]
        prepared = [each for one in real for each in self._prepare(one)]
        futures = [self._executor.submit(self._measure, one) for one in subjects]
        futures += [self._executor.submit(self._measure_real, *each) for each in prepared]
        return lines + [line for future in futures for line in future.result()]

    def _prepare(self, one: Subject) -> Iterator[tuple[Subject, Prepared]]:
        try:
            yield one, subject.plug_real(self._connection, one)
        except NotPermitted as error:
            self._progress.say(f"{one.kind.title}, QEMU: left out, for {error}")

    def free_nic(self) -> None:
        """Remove what is plugged into the NIC itself: it cannot be a bridge's port beside that."""
        for one in tuple(self._subjects):
            if not one.network.bridge.name:
                subject.remove(self._connection, one)
                self._subjects.remove(one)

    def _build(self, kind: Kind) -> Subject:
        built = subject.build(self._connection, kind)
        for one in built.guests:
            self._servers.add(one.name)
        self._progress.say(f"{kind.title.strip()}: network '{built.network.name}' and two guests")
        return built

    def _measure(self, one: Subject) -> list[Line]:
        try:
            subject.configure(one)
        except PasarelaError as error:
            return measure.unmeasured(one.kind, error)
        told = "; ".join(measure.describe(each) for each in one.guests)
        self._progress.say(f"{one.kind.title.strip()}: guests have {told}")
        versions = [version for version in (4, 6) if one.kind.promise(version)]
        both = [
            self._executor.submit(measure.measure, one, version, self._executor)
            for version in versions
        ]
        lines = [future.result() for future in both]
        self._progress.say(f"{one.kind.title.strip()}: measured")
        return lines

    def _measure_real(self, one: Subject, prepared: Prepared) -> list[Line]:
        """A real guest beside the first of those in namespaces, over IPv4."""
        with_real = subject.with_real(one, prepared)
        title = f"{one.kind.title}, QEMU"
        has = measure.describe(with_real.guests[1])
        self._progress.say(f"{title}: Linux has booted, and has {has}")
        lines = [measure.measure(with_real, 4, self._executor, title)]
        self._progress.say(f"{title}: measured")
        return lines
