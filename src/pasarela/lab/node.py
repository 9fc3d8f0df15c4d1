"""Nodes: machines made of a network and a host name namespace, and a few files of their own.

A node's namespaces are held by files in the keeper's /run, not by a process: no signal can end a
node, and all end with the keeper. Everybody in the lab finds them below /proc/1/root. Each command
gets a mount namespace of its own with the node's files in their places: mount namespaces cannot
be held by files for sure on Linux 6.18, whose loop check compares numbers given out per CPU.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
from collections.abc import Sequence
from pathlib import Path

from pasarela.lab.faults import LabError, run

HOST = "host"
OWN = frozenset({HOST, "lan", "router", "internet"})  # the machines that are no guests
KEEPER_ROOT = Path("/proc/1/root")
LAB = Path("/run/pasarela-lab")  # in the keeper's mount namespace
PINS = LAB / "pins"
FOLDERS = LAB / "nodes"
TOOLS = Path("/etc/pasarela-lab")  # every node sees it: /etc is a copy made for the lab
_KINDS = ("net", "uts")


def pin(name: str, kind: str = "net") -> str:
    """The file that holds one of a node's namespaces, as every process of the lab sees it."""
    return f"{KEEPER_ROOT}{PINS}/{name}.{kind}"


def folder(name: str) -> Path:
    """Where a node's own files are, as every process of the lab sees it."""
    return Path(f"{KEEPER_ROOT}{FOLDERS}/{name}")


def inside(name: str, argv: Sequence[str]) -> list[str]:
    """The command line that runs ``argv`` in a node; for processes of the lab."""
    return [
        "nsenter", "--target=1", "--mount", *_options(pin(name)), "--",
        "unshare", "--mount", "--propagation=private", "--",
        "sh", f"{TOOLS}/enter.sh", name, *argv,
    ]  # fmt: skip


def _in_keeper(argv: Sequence[str]) -> list[str]:
    """The command line that runs ``argv`` with the keeper's own mounts."""
    return ["nsenter", "--target=1", "--mount", "--", *argv]


def _options(pin_of_net: str) -> list[str]:
    stem = pin_of_net.removesuffix("net")
    return [f"--{kind}={stem}{kind}" for kind in _KINDS]


def create(name: str, *, sysctls: Sequence[str] = ()) -> None:
    """Make a node that has nothing but a loopback, and files of its own.

    ``sysctls`` are paths below /proc/sys with their values; what this kernel lacks is left out.
    """
    create_folder(name)
    for part in ("run", "run/lock", "run/libvirt", "run/netns"):
        (folder(name) / part).mkdir()
    (folder(name) / "resolv.conf").touch()
    for kind in _KINDS:
        Path(pin(name, kind)).touch()
    pins = _options(f"{PINS}/{name}.net")
    run(_in_keeper(["unshare", *pins, "--", "sh", f"{TOOLS}/create.sh", name, *sysctls]))


def create_folder(name: str) -> None:
    """Take a name for a node.

    Raises:
        LabError: it is taken, or none.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,30}", name):
        raise LabError(
            f"'{name}' cannot be a machine's name",
            remedy="Use up to 31 lower-case letters, digits and '-'.",
        )
    try:
        folder(name).mkdir()
    except FileExistsError:
        removal = "" if name in OWN else f"; 'pasarela lab guest {name} --remove' removes this one"
        raise LabError(
            f"there is a machine '{name}' in this lab already",
            remedy=f"Choose another name{removal}.",
        ) from None


def remove(name: str) -> None:
    """End a node's processes and let go of its namespaces."""
    for descriptor in _processes(name):
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        os.close(descriptor)
    pins = [f"{PINS}/{name}.{kind}" for kind in _KINDS]
    run(_in_keeper(["umount", "--lazy", *pins]))
    run(_in_keeper(["rm", *pins]))
    shutil.rmtree(folder(name))


def _processes(name: str) -> list[int]:
    """Process descriptors of all that runs in a node's network namespace."""
    wanted = Path(pin(name)).stat()
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            descriptor = os.pidfd_open(int(path.name))
            if os.path.samestat((path / "ns/net").stat(), wanted):
                found.append(descriptor)
            else:
                os.close(descriptor)
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue  # it ended meanwhile
    return found
