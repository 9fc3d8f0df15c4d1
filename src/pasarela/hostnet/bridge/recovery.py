"""What the end of a boot, or of a program, has cut short: finished or taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pasarela.errors import PasarelaError
from pasarela.hostnet import tree
from pasarela.hostnet.bridge import pending as pendings
from pasarela.hostnet.bridge import settle
from pasarela.hostnet.host import Host
from pasarela.hostnet.live.programs import succeeds
from pasarela.model.paths import Paths

_GENERATE = ("netplan", "generate")
_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Recovery:
    """What was done, and what could not be: one does not keep the others from being tried."""

    done: tuple[str, ...]
    failed: tuple[PasarelaError, ...]


def recover(root: Path, *, boot: bool) -> Recovery:
    """Finish or take back what nobody will any more.

    Args:
        boot: the network is not up yet, and comes up by the files: only these are put right.
    """
    done: list[str] = []
    failed: list[PasarelaError] = []
    with pendings.locked(root):
        for work in (_trial, _half_written, _transaction(boot=boot)):
            try:
                done += work(root)
            except PasarelaError as error:
                failed.append(error)
        if done and boot:
            done += _generated(root)
    return Recovery(tuple(done), tuple(failed))


def _trial(root: Path) -> Iterator[str]:
    """The note of one is in /run; it outlives a restart of everything but the kernel."""
    said = settle.settle_unwatched(root)
    if said:
        yield said


def _half_written(root: Path) -> Iterator[str]:
    if pendings.path(root).exists():  # whoever settles that will settle its files
        return
    files = tree.finish(root)
    if files:
        yield f"what was being written is written: {', '.join(map(str, files))}"


def _transaction(*, boot: bool) -> Callable[[Path], Iterator[str]]:
    def work(root: Path) -> Iterator[str]:
        running = Host(root, Paths.under(root).interface_change).running
        if running.recover_files() if boot else running.recover():
            yield "the change of the interfaces that a reboot ended has been taken back"

    return work


def _generated(root: Path) -> Iterator[str]:
    """netplan has made networkd's files of the unfinished ones, before any unit was started."""
    if root == Path("/") and any(root.glob("etc/netplan/*.yaml")):
        told = succeeds(_GENERATE, _SECONDS)
        yield "netplan has generated anew" if told else f"tell netplan: {' '.join(_GENERATE)}"
