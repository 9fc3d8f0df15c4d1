"""Which labs there are: one file a lab, with its keeper's process, under the user's runtime folder.

Everything else of a lab lives inside its namespaces and ends with its keeper.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from pasarela.lab.faults import LabError

DEFAULT_NAME = "lab"


@dataclass(frozen=True, slots=True)
class Record:
    """A lab's keeper: its pid out here, and when it started, for pids are used again."""

    name: str
    pid: int
    started: int  # clock ticks since boot
    user_namespace: bool

    @property
    def alive(self) -> bool:
        return start_time(self.pid) == self.started


def name_option(name: str) -> str:
    """The option that names a lab in a command; the usual one needs none."""
    return "" if name == DEFAULT_NAME else f" --name {name}"


def base_directory() -> Path:
    """$XDG_RUNTIME_DIR, else /run for root, else a folder of the user's own in /tmp."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime and os.access(runtime, os.W_OK):
        return Path(runtime) / "pasarela-lab"
    if os.access("/run", os.W_OK):
        return Path("/run/pasarela-lab")
    return Path(f"/tmp/pasarela-lab-{os.getuid()}")


def directory(name: str) -> Path:
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,30}", name):
        raise LabError(
            f"'{name}' cannot be a lab's name",
            remedy="Use up to 31 lower-case letters, digits, '-' and '_'.",
        )
    return base_directory() / name


def names() -> list[str]:
    base = base_directory()
    return sorted(path.name for path in base.iterdir() if path.is_dir()) if base.is_dir() else []


def load(name: str) -> Record | None:
    """The lab's record, also where its keeper has died; None where there is none."""
    try:
        return Record(**json.loads((directory(name) / "lab.json").read_text()))
    except (FileNotFoundError, json.JSONDecodeError, TypeError):
        return None


def load_alive(name: str) -> Record:
    record = load(name)
    if record is None or not record.alive:
        extra = "" if name == DEFAULT_NAME else f" --name {name}"
        raise LabError(f"lab '{name}' is not up", remedy=f"Run 'pasarela lab up{extra}'.")
    return record


def save(record: Record) -> None:
    (directory(record.name) / "lab.json").write_text(json.dumps(asdict(record)) + "\n")


def forget(name: str) -> None:
    shutil.rmtree(directory(name), ignore_errors=True)


@contextmanager
def locked() -> Iterator[None]:
    """Hold the lock of all of this user's labs; the folder goes when the last lab has gone."""
    base = base_directory()
    descriptor = _lock(base)
    try:
        yield
    finally:
        if not any(base.iterdir()):
            base.rmdir()
        os.close(descriptor)


def _lock(base: Path) -> int:
    """Lock the folder, which another command may remove at any moment until then."""
    while True:
        base.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            descriptor = os.open(base, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            continue
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if _is_still(base, descriptor):
            return descriptor
        os.close(descriptor)


def _is_still(base: Path, descriptor: int) -> bool:
    opened = os.fstat(descriptor)
    if opened.st_uid != os.getuid():
        os.close(descriptor)
        raise LabError(f"{base} belongs to another user", remedy="Set XDG_RUNTIME_DIR.")
    try:
        return os.path.samestat(opened, base.stat())
    except FileNotFoundError:
        return False


def start_time(pid: int) -> int | None:
    """When the process started, in clock ticks since boot; None if it is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else int(fields[19])
