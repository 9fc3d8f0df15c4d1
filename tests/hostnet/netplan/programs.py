"""The real netplan of Debian 12, unpacked by scripts/managers or installed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

import pytest

UNPACKED = Path(__file__).parents[3] / ".cache" / "managers"
_PLACES = (UNPACKED / "usr/libexec/netplan/generate", Path("/usr/libexec/netplan/generate"))


def generate() -> Path:
    """netplan's generator; the test is skipped where there is none."""
    found = next((place for place in _PLACES if place.exists()), None)
    if found is None:
        pytest.skip("netplan is not there: scripts/managers brings it")
    return found


def write_tree(files: Mapping[PurePosixPath, str], root: Path) -> None:
    for path, text in files.items():
        place = root / path.relative_to("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.encode())
        place.chmod(0o600)


def generated(files: Mapping[PurePosixPath, str], root: Path) -> subprocess.CompletedProcess[str]:
    """What netplan makes of the files, below ``root``/run."""
    write_tree(files, root)
    (root / "run").mkdir(exist_ok=True)
    libraries = ":".join(str(path) for path in UNPACKED.glob("usr/lib/*-linux-gnu"))
    return subprocess.run(
        [str(generate()), "--root-dir", str(root)],
        env={**os.environ, "LD_LIBRARY_PATH": libraries},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


def renderers_files(files: Mapping[PurePosixPath, str], folder: str) -> dict[PurePosixPath, str]:
    """What netplan makes for its renderer, at the places where that reads it."""
    with TemporaryDirectory() as place:
        done = generated(files, Path(place))
        assert done.returncode == 0, done.stderr
        made = (Path(place) / folder).iterdir()
        return {PurePosixPath("/") / folder / each.name: each.read_text() for each in made}
