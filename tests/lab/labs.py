"""Labs for the tests: each in a runtime folder of its own, through the command as users type it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

_START = "import sys; from pasarela.lab.cli import main; sys.exit(main(sys.argv[1:]))"


def one_user_only() -> bool:
    """Whether these tests run in a user namespace with nobody but their own user."""
    return Path("/proc/self/uid_map").read_text().split()[2] == "1"


@dataclass(frozen=True)
class Labs:
    """``pasarela lab`` with its state below ``runtime``; ``prefix`` runs it as somebody else."""

    runtime: Path
    prefix: Sequence[str] = field(default=())

    def run(
        self, *arguments: str, text: str = "", timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            input=text, capture_output=True, text=True, timeout=timeout, env=self.environment,
            check=False,
        )  # fmt: skip

    def command(self, *arguments: str) -> list[str]:
        return [*self.prefix, sys.executable, "-c", _START, *arguments]

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "XDG_RUNTIME_DIR": str(self.runtime),
            "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache")),
            "HOME": str(self.runtime),
        }

    def ok(self, *arguments: str, timeout: float = 60) -> str:
        done = self.run(*arguments, timeout=timeout)
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return done.stdout

    def shell(self, node: str, command: str) -> subprocess.CompletedProcess[str]:
        return self.run("shell", node, "--", "sh", "-c", command)


def processes() -> dict[int, str]:
    """What runs, by pid; the dead that nobody has reaped yet do not."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            command = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            state = (path / "stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if state not in "ZX":
            found[int(path.name)] = command
    return found


def lab_processes(runtime: Path) -> dict[int, str]:
    """The processes that a lab below ``runtime`` has, known by their environment."""
    wanted = f"XDG_RUNTIME_DIR={runtime}".encode()
    found = {}
    for pid, command in processes().items():
        try:
            variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        if wanted in variables:
            found[pid] = command
    return found
