"""A guest's whole file system: busybox, the network card's modules, and an agent."""

from __future__ import annotations

import shutil
from importlib.resources import files
from pathlib import Path

from pasarela.lab.faults import missing_program
from pasarela.lab.vm import cpio, kernel

_FOLDERS = (
    "bin",
    "dev",
    "etc",
    "modules",
    "proc",
    "run",
    "sys",
    "tmp",
    "usr",
    "usr/bin",
    "www",
    "www/cgi-bin",
)


def build(hostname: str) -> bytes:
    """The archive for a guest of this name.

    Raises:
        LabError: the kernel or busybox is not there.
    """
    source = kernel.find()
    modules = [
        cpio.file(f"modules/{name}.ko", (source / f"{name}.ko").read_bytes())
        for name in kernel.MODULES
    ]
    return cpio.archive(
        [
            *map(cpio.directory, _FOLDERS),
            # The kernel opens it for /init before devtmpfs is there.
            cpio.character_device("dev/console", 5, 1),
            cpio.file("bin/busybox", _busybox(), executable=True),
            cpio.link("bin/sh", "busybox"),
            cpio.file("init", _script("init.sh"), executable=True),
            cpio.file("bin/agent", _script("agent.sh"), executable=True),
            cpio.file("bin/udhcpc.sh", (files("pasarela.lab") / "udhcpc.sh").read_bytes(),
                      executable=True),
            cpio.file("www/cgi-bin/index.cgi", _script("whoami.sh"), executable=True),
            cpio.file("etc/hostname", hostname.encode()),
            cpio.file("modules/order", "\n".join(kernel.MODULES).encode() + b"\n"),
            *modules,
        ]
    )  # fmt: skip


def _busybox() -> bytes:
    path = shutil.which("busybox", path="/usr/bin:/bin")
    if path is None:
        raise missing_program("busybox (package busybox-static)")
    return Path(path).read_bytes()


def _script(name: str) -> bytes:
    return (files("pasarela.lab.vm") / name).read_bytes()
