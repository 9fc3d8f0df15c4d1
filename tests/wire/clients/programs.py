"""Where the clients are that scripts/clients has fetched, and how they are run.

Programs and modules of Debian 13 run on Debian 12 with Debian 13's own loader and libraries; the
kernel is all that they share with the rest of the machine.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

CLIENTS = Path(__file__).parents[3] / ".cache/clients"
DEBIAN13 = CLIENTS / "debian13"
LIBRARIES = DEBIAN13 / "usr/lib/x86_64-linux-gnu"
# Where libvirt looks for its drivers and schemas was compiled in.
PLACES = {
    LIBRARIES / "libvirt": "/usr/lib/x86_64-linux-gnu/libvirt",
    DEBIAN13 / "usr/share/libvirt": "/usr/share/libvirt",
}
LIBVIRT_PYTHON = CLIENTS / "python"
COLLECTIONS = CLIENTS / "ansible"
PYTHON = "/usr/bin/python3"  # Debian's, which libvirt-python was built for


def debian13(program: str | Path) -> list[str]:
    """What starts a program with Debian 13's libraries."""
    loader = LIBRARIES / "ld-linux-x86-64.so.2"
    # Debian 12's own come last, for what of its programs Debian 13's libraries lack.
    folders = f"{LIBRARIES}:/usr/lib/x86_64-linux-gnu"
    return [str(loader), "--library-path", folders, str(program)]


def need(path: Path) -> None:
    if not path.exists():
        pytest.skip(f"no {path.relative_to(CLIENTS)} in {CLIENTS}: scripts/clients brings it")


def need_program(name: str) -> str:
    found = shutil.which(name, path="/usr/bin:/usr/sbin:/bin:/sbin")
    if found is None:
        pytest.skip(f"no {name} here: scripts/install --dev installs it")
    return found
