"""ifupdown's own note of what is up: with it ifdown knows a bridge that ifup has not made.

Without it a later ``ifup -a`` would make the bridge a second time, and start a second DHCP client.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path, PurePosixPath

from pasarela.hostnet import tree
from pasarela.hostnet.manager import FileEdit

STATE = PurePosixPath("/run/network/ifstate")


def edits(root: Path, made: Collection[str], gone: Collection[str]) -> tuple[FileEdit, ...]:
    """The edit after which links that were made count as up, and those that went do not.

    None where ifupdown has not noted anything since the boot.
    """
    before = tree.read(root, [str(STATE.relative_to("/"))]).get(STATE)
    if before is None:
        return ()
    kept = [line for line in before.splitlines() if line.partition("=")[0] not in {*made, *gone}]
    after = "".join(f"{line}\n" for line in [*kept, *(f"{name}={name}" for name in sorted(made))])
    return (FileEdit(STATE, before, after),) if after != before else ()
