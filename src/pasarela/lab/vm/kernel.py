"""The guests' kernel: Debian's own, for clouds, unpacked into a cache and installed nowhere."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path

from pasarela.lab.faults import LabError, run

# What the network card needs, in the order in which it can be loaded.
MODULES = (
    "failover",
    "net_failover",
    "virtio_ring",
    "virtio",
    "virtio_pci_legacy_dev",
    "virtio_pci_modern_dev",
    "virtio_pci",
    "virtio_net",
)
_PACKAGE = "linux-image-cloud-amd64"
_DOWNLOAD = 300.0  # seconds


def cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "pasarela" / "guest"


def find() -> Path:
    """The folder with ``vmlinuz`` and the modules.

    Raises:
        LabError: nobody has fetched it.
    """
    if not (cache() / "vmlinuz").exists():
        raise LabError(
            "the kernel for real guests is not there", remedy="Run 'pasarela lab fetch' once."
        )
    return cache()


def fetch() -> Path:
    """Download and unpack it, if it is not there; needs no root.

    Raises:
        LabError: apt does not know it, or cannot get it.
    """
    if (cache() / "vmlinuz").exists():
        return cache()
    cache().parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache().parent) as folder:
        work = Path(folder)
        work.chmod(0o755)  # apt downloads as a user of its own
        package = _download(work)
        run(["dpkg-deb", "--extract", str(package), str(work / "all")], timeout=_DOWNLOAD)
        _keep_needed(work / "all", work / "guest")
        shutil.rmtree(cache(), ignore_errors=True)
        (work / "guest").rename(cache())
    return cache()


def _download(folder: Path) -> Path:
    found = re.search(r"Depends: (linux-image-\S+)", run(["apt-cache", "depends", _PACKAGE]))
    if found is None:
        raise LabError(f"apt knows no package {_PACKAGE}", remedy="Run 'sudo apt-get update'.")
    run(
        ["sh", "-c", 'cd "$0" && exec apt-get download --quiet "$1"', str(folder), found[1]],
        timeout=_DOWNLOAD,
    )
    return next(folder.glob("linux-image-*.deb"))


def _keep_needed(tree: Path, target: Path) -> None:
    """A hundredth of the package: the kernel, and the modules for a virtio network card."""
    target.mkdir()
    for kernel in (tree / "boot").glob("vmlinuz-*"):
        shutil.copy(kernel, target / "vmlinuz")
    modules = {path.name: path for path in (tree / "lib/modules").rglob("*.ko")}
    for name in MODULES:
        file = modules.get(f"{name}.ko")
        if file is None:
            raise LabError(f"Debian's cloud kernel has no module {name}.ko")
        shutil.copy(file, target / file.name)
