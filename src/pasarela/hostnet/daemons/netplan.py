"""netplan's generator: what networkd and NetworkManager are to read once the YAML has changed."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from shutil import which
from tempfile import TemporaryDirectory

from pasarela.errors import HostnetRefused
from pasarela.hostnet import tree
from pasarela.hostnet.manager import FileEdit, Texts, edits_between
from pasarela.hostnet.netplan.manager import Netplan

GENERATED = ("run/systemd/network/*netplan-*", "run/NetworkManager/system-connections/netplan-*")
_SECONDS = 30.0
# The generator itself (Debian 12 and later, before that): the command in front of it is written in
# Python, and takes ten times as long.
_GENERATORS = ("/usr/libexec/netplan/generate", "/usr/lib/netplan/generate")


def generated_edits(root: Path, edits: Sequence[FileEdit]) -> tuple[FileEdit, ...] | None:
    """What the generator would change below /run after these edits; None where it is not here.

    Raises:
        HostnetRefused: netplan does not take the files as they would be.
    """
    command = _command()
    if command is None:
        return None
    files = {**tree.read(root, Netplan.patterns), **{one.path: one.after for one in edits}}
    with TemporaryDirectory() as folder:
        made = _generate(command, files, Path(folder))
    now = tree.read(root, GENERATED)
    return tuple(_with_mode(one) for one in edits_between(now, made) if "netplan-" in one.path.name)


def generate(root: Path) -> bool:
    """Have netplan generate below the host's own /run; whether it could be told."""
    command = _command()
    if command is None:
        return False
    return _run([*command, "--root-dir", str(root)]).returncode == 0


def _command() -> list[str] | None:
    """Both the generator and the command take a root folder."""
    found = next((one for one in _GENERATORS if Path(one).exists()), None)
    if found is not None:
        return [found]
    program = which("netplan")
    return [program, "generate"] if program else None


def _generate(
    command: Sequence[str], files: Mapping[PurePosixPath, str | None], root: Path
) -> Texts:
    for path, text in files.items():
        if text is not None:
            place = tree.place(root, path)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.touch(mode=0o600)
            place.write_text(text)
    (root / "run").mkdir(exist_ok=True)
    done = _run([*command, "--root-dir", str(root)])
    if done.returncode:
        said = (done.stderr or done.stdout).replace(str(root), "").strip()
        raise HostnetRefused(
            f"netplan does not take its files as they would be: {said}",
            remedy="correct what it names, then try again; pasarela host-check says more",
        )
    return tree.read(root, GENERATED)


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess(command, 1, "", str(error))


def _with_mode(edit: FileEdit) -> FileEdit:
    """networkd reads as another user; NetworkManager wants nobody else to read."""
    secret = "NetworkManager" in str(edit.path)
    return FileEdit(edit.path, edit.before, edit.after, 0o600 if secret else 0o644)
